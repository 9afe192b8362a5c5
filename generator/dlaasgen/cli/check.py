"""dlaasgen check: findings of matrices, trees and manifest files."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Context, Namespace

if TYPE_CHECKING:
    from dlaasgen.pipeline.check import Report


class CheckOutput(StrEnum):
    """The forms of findings."""

    table = "table"
    json = "json"
    sarif = "sarif"
    github = "github"


def check(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Matrix files, rendered trees, or manifests.")],
    kubernetes: Annotated[
        str | None,
        typer.Option("--kubernetes", metavar="VERSION", help="Kubernetes version to check against, such as 1.34."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    server: Annotated[
        bool, typer.Option("--server", help="Ask the API server as well: a dry run of every manifest. Needs a cluster.")
    ] = False,
    context: Context = None,
    namespace: Namespace = None,
    output_: Annotated[
        CheckOutput,
        typer.Option("--output", "-o", help="table, json, sarif, or github: annotations of a pull request."),
    ] = CheckOutput.table,
) -> None:
    """Check matrices, rendered trees or any manifest files: schemas and policies."""
    from dlaasgen import formats
    from dlaasgen.errors import CheckError
    from dlaasgen.findings import together
    from dlaasgen.pipeline import check as pipeline

    report = pipeline.check_paths(paths, kubernetes)
    if server:
        report = _asked(report, paths, context, namespace)
    # What many cells share is told to people once, and code scanning takes no more than some thousand results.
    told = together(report.findings)
    match output_:
        case CheckOutput.json:
            print(formats.to_json(report.findings))
        case CheckOutput.sarif:
            print(formats.to_sarif(told, pipeline.codes()))
        case CheckOutput.github:
            if told:
                print(formats.to_github(told))
        case _:
            _table(report)
    failed = report.exit_code
    if strict and not failed and any(f.severity == "warning" for f in report.findings):
        failed = CheckError.exit_code
    raise typer.Exit(failed)


def _asked(report: Report, paths: list[str], context: str | None, namespace: str | None) -> Report:
    """A report with what the API server says."""
    from dataclasses import replace

    from dlaasgen.errors import ClusterError
    from dlaasgen.pipeline import cluster

    found = []
    for path in paths:
        with output.progress(f"Asking about {path}") as progress:
            tree, wrong = cluster.look(path, context, namespace)
            # What cannot be read at all has been told already.
            found += [one for one in wrong if one.code.startswith("S")]
            found += cluster.ask(tree, progress)
    code = report.exit_code or (ClusterError.exit_code if found else 0)
    return replace(report, findings=(*report.findings, *found), exit_code=code)


def _table(report: Report) -> None:
    from dlaasgen import formats
    from dlaasgen.findings import counted, together

    for finding in together(report.findings):
        if output.wanted(finding):
            output.finding(finding)
    many = ((report.matrices, "matrix file"), (report.manifests, "manifest"))
    told = " and ".join(counted(n, what) for n, what in many if n)
    output.say(f"checked {told or 'nothing'}: {formats.summary(report.findings)}")
