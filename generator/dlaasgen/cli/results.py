"""dlaasgen results: what is in the store, queried."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ResultsOutput(StrEnum):
    """The forms of results."""

    table = "table"
    csv = "csv"
    json = "json"
    jsonl = "jsonl"
    parquet = "parquet"
    openmetrics = "openmetrics"


def results(
    store: Store,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="EXPR", help="Only results for which this CEL expression is true."),
    ] = None,
    group_by: Annotated[
        str | None, typer.Option("--group-by", metavar="NAME,...", help="A row for each combination of these values.")
    ] = None,
    sort: Annotated[
        str | None, typer.Option("--sort", metavar="NAME,...", help="Sort by these; -NAME puts the largest first.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAME,...", help="The columns of table, csv and parquet.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE", help="Where to write parquet; no other form needs it.")
    ] = None,
    output_: Annotated[
        ResultsOutput, typer.Option("--output", "-o", help="Form of the results.")
    ] = ResultsOutput.table,
) -> None:
    """Print the results in a store."""
    from dlaasgen import queries, tabular
    from dlaasgen.errors import UsageError
    from dlaasgen.findings import Finding, counted
    from dlaasgen.pipeline import results as pipeline

    if (output_ is ResultsOutput.parquet) is not (file is not None):
        raise UsageError([Finding("C131", "--output parquet and --file FILE go together")])
    rows = pipeline.query(store, where, _names(sort))
    documents: Iterable[Mapping[str, Any]] = (row.read().document for row in rows)
    data: list[dict[str, Any]] = []
    shown = [] if group_by is not None else queries.checked(_names(columns), rows)
    if group_by is not None:
        by = queries.checked(_names(group_by), rows)
        documents = data = queries.group(rows, by)
        shown = list(data[0]) if data else [*by, "jobs"]
    elif output_ in {ResultsOutput.table, ResultsOutput.csv, ResultsOutput.parquet}:
        few = output_ is ResultsOutput.table
        shown = shown or (list(queries.TABLE) if few else queries.every_column(rows))
        data = queries.flat(rows, shown)
    if output_ is ResultsOutput.json:
        sys.stdout.writelines(tabular.json_list(documents))
    elif output_ is ResultsOutput.jsonl:
        sys.stdout.writelines(tabular.json_lines(documents))
    elif output_ is ResultsOutput.csv:
        sys.stdout.write(tabular.csv(data, shown))
    elif output_ is ResultsOutput.openmetrics:
        sys.stdout.write(tabular.openmetrics(rows))
    elif file is not None:
        pipeline.write_parquet(file, data, shown)
    else:
        print(tabular.table(data, shown))
        output.say(counted(len(rows), "result"))


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]
