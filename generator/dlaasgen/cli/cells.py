"""dlaasgen cells: what a matrix expands to."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Matrices, Select
from dlaasgen.findings import counted
from dlaasgen.formats import safe


class CellsOutput(StrEnum):
    """The forms of an expansion."""

    table = "table"
    json = "json"
    github = "github"


def cells(
    matrices: Matrices,
    select: Select = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="CELL", help="Say which rules made this cell, or took it away.")
    ] = None,
    output_: Annotated[
        CellsOutput,
        typer.Option("--output", "-o", help="table, json, or github: a value for GitHub Actions' strategy.matrix."),
    ] = CellsOutput.table,
) -> None:
    """Print the cells that a matrix expands to. Needs no prototype."""
    from dlaasgen.cells import github_matrix
    from dlaasgen.pipeline import expand as pipeline

    if explain is not None:
        for line in pipeline.explain(matrices, explain):
            print(safe(line))
        return
    expansions = pipeline.expand(matrices, tuple(select or ()))
    for expansion in expansions:
        output.findings(expansion.findings)
    found = [cell for expansion in expansions for cell in expansion.cells]
    if output_ is CellsOutput.json:
        output.data(
            [
                {"id": c.id, "axes": dict(c.axes), "params": dict(c.params), "repeat": c.repeat, "matrix": e.matrix}
                for e in expansions
                for c in e.cells
            ]
        )
    elif output_ is CellsOutput.github:
        output.data(github_matrix(found))
    else:
        for expansion in expansions:
            _table(expansion.cells)
            output.say(f"{expansion.matrix}: {counted(len(expansion.cells), 'cell')}")


def _table(found: list[Any]) -> None:
    names = list(dict.fromkeys(axis for c in found for axis in c.axes))
    rows = [["cell", *names], *([c.id, *(c.axes.get(n, "") for n in names)] for c in found)]
    widths = [max(len(safe(row[i])) for row in rows) for i in range(len(names) + 1)]
    for row in rows:
        print("  ".join(safe(text).ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
