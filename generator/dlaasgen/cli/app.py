"""The Typer application: global options and the list of commands. Nothing heavy is imported before a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen import __version__
from dlaasgen.cli import output
from dlaasgen.cli.lazy import commands

# Each is the function or the Typer application of its name in the module of its name, imported when it is called. What
# is said of it here is what the list of commands says: the beginning of its own help.
COMMANDS = {
    "render": "Expand a matrix, evaluate its prototype for every cell, check every manifest, and write the tree.",
    "check": "Check matrices, rendered trees or any manifest files: schemas and policies.",
    "cells": "Print the cells that a matrix expands to. Needs no prototype.",
    "collect": "Store logs and the results of their jobs. Collecting again changes nothing.",
    "results": "Print the results in a store.",
    "report": "Write report.md and report.html: results by cell, throughput, scaling, and what failed.",
    "reparse": "Read all stored logs again, as this version's parser understands them.",
    "store": "Look into the store of results, and care for it.",
    "apply": "Apply a tree to a cluster: server-side, as the manager dlaasgen, and only what differs there.",
    "delete": "Delete a tree's objects from a cluster, and with them their pods and logs.",
    "status": "Show where each cell is: absent, pending, admitted, running, succeeded, failed or stuck, and why.",
    "wait": "Wait until all jobs of a tree have ended.",
    "convert": "Convert manifests to another dialect, and say what it cannot carry.",
    "command": "Print, or run, the commands of one cell on one machine.",
    "explain": "Explain a finding: what it means, why it matters and how to mend it.",
    "schema": "Print the JSON Schema of matrix files, for editors and other tools.",
    "init": "Scaffold a working repository: a matrix, a prototype, a workflow and settings.",
    "collector": "Manifests that run the collector in a cluster.",
    "argocd": "What Argo CD has to know of jobs.",
    "prototypes": "The prototypes of the project around the working folder, and those that dlaasgen ships.",
    "images": "The images that matrices name: list, lock and verify their digests; build this project's own.",
    "ks": "ksonnet's commands, with ks' own arguments, on the application around the working folder.",
}

app = typer.Typer(
    name="dlaasgen",
    cls=commands("dlaasgen.cli", COMMANDS),
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
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print errors and asked-for data only. Here or after a command.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print every file and every note. Here or after a command.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """From a matrix of benchmark parameters to validated, reviewable Kubernetes manifests."""
    output.level = output.QUIET if quiet else output.VERBOSE if verbose else output.NORMAL
