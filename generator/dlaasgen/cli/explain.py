"""dlaasgen explain: what a finding's code means."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(code: Annotated[str, typer.Argument(metavar="CODE", help="A finding's code, such as P201.")]) -> None:
    """Explain a finding: what it means, why it matters and how to mend it."""
    from dlaasgen.pipeline.check import explain as explain_code

    print(explain_code(code))
