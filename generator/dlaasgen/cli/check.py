"""dlaasgen check: findings of matrices, trees and manifest files."""

from __future__ import annotations

from typing import Annotated

import typer


def check(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Matrix files, rendered trees, or manifests.")],
) -> None:
    """Check matrices, rendered trees or any manifest files."""
