"""dlaasgen report: one run, as Markdown and as an HTML page."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Store


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help='The run; "" for jobs of which none is known.')],
    store: Store,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="The folder to write into.")] = "report",
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="EXPR", help="Only results for which this CEL expression is true."),
    ] = None,
) -> None:
    """Write report.md and report.html: results by cell, throughput, scaling, and what failed."""
    from dlaasgen.pipeline import report as pipeline

    for path in pipeline.report(store, run, out, where):
        output.say(f"written: {path}")
