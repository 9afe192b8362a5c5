"""The Typer application: global options and the list of commands. Nothing heavy is imported before a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen import __version__
from dlaasgen.cli import output
from dlaasgen.cli.apply import apply
from dlaasgen.cli.argocd import argocd
from dlaasgen.cli.cells import cells
from dlaasgen.cli.check import check
from dlaasgen.cli.collect import collect
from dlaasgen.cli.command import command
from dlaasgen.cli.convert import convert
from dlaasgen.cli.delete import delete
from dlaasgen.cli.explain import explain
from dlaasgen.cli.images import images
from dlaasgen.cli.init import init
from dlaasgen.cli.ks import ks
from dlaasgen.cli.prototypes import prototypes
from dlaasgen.cli.render import render
from dlaasgen.cli.reparse import reparse
from dlaasgen.cli.report import report
from dlaasgen.cli.results import results
from dlaasgen.cli.schema import schema
from dlaasgen.cli.status import status
from dlaasgen.cli.store import store
from dlaasgen.cli.wait import wait

app = typer.Typer(
    name="dlaasgen",
    help="From a matrix of benchmark parameters to validated, reviewable Kubernetes manifests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 drift, 2 usage, 3 matrix, 4 prototype, 5 check, 6 tree, 7 store, 8 cluster, "
    "9 image, 10 job, 11 time is up, 130 interrupted.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dlaasgen {__version__}")
        raise typer.Exit


@app.callback()
def options(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors and asked-for data only.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every file and every note.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """From a matrix of benchmark parameters to validated, reviewable Kubernetes manifests."""
    output.level = output.QUIET if quiet else output.VERBOSE if verbose else output.NORMAL


app.command()(render)
app.command()(check)
app.command()(cells)
app.command()(collect)
app.command()(results)
app.command()(report)
app.command()(reparse)
app.command()(store)
app.command()(apply)
app.command()(delete)
app.command()(status)
app.command()(wait)
app.command()(convert)
app.command()(command)
app.command()(explain)
app.command()(schema)
app.command()(init)
app.add_typer(argocd)
app.add_typer(prototypes)
app.add_typer(images)
app.add_typer(ks)
