"""dlaasgen schema: the JSON Schema of matrix files."""

from __future__ import annotations

import sys


def schema() -> None:
    """Print the JSON Schema of matrix files, for editors and other tools."""
    from importlib import resources

    sys.stdout.write((resources.files("dlaasgen.schemas") / "matrix.schema.json").read_text(encoding="utf-8"))
