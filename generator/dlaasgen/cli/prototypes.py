"""dlaasgen prototypes: which prototypes there are, and what they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.cli.lazy import LazyTyper

if TYPE_CHECKING:
    import typer

HELP = "The prototypes of the project around the working folder, and those that dlaasgen ships."


def _load() -> typer.Typer:
    from dlaasgen.cli.library.commands import group

    return group


prototypes = LazyTyper(_load, name="prototypes", help=HELP)
