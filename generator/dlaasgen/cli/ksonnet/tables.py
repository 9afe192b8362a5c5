"""Tables, as ks printed its lists, or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

Form = Annotated[Output, typer.Option("--output", "-o", help="Form of what is printed: text, or json for programs.")]
Environment = Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="Name of an environment of the application.")]


def each(given: Sequence[str] | None) -> list[str]:
    """What an option that can be repeated was given, and with commas between, as ks took it."""
    return [one for several in given or () for one in several.split(",") if one]


def table(form: Output, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their heads: for people in columns, for programs an object a row."""
    if form is Output.json:
        output.data([dict(zip(head, row, strict=True)) for row in rows])
        return
    whole = [[h.upper() for h in head], ["=" * len(h) for h in head], *rows]
    widths = [max(len(row[n]) for row in whole) for n in range(len(head))]
    for row in whole:
        output.always(" ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
