"""dlaasgen apply: a tree into a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Context, Namespace, TreePath
from dlaasgen.cli.outcomes import Dry, tell
from dlaasgen.cli.output import Output


def apply(
    path: TreePath,
    context: Context = None,
    namespace: Namespace = None,
    dry_run: Dry = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until all jobs have ended, as dlaasgen wait does.")
    ] = False,
    output_: Annotated[Output, typer.Option("--output", "-o", help="Form of what is printed.")] = Output.text,
) -> None:
    """Apply a tree to a cluster: server-side, as the manager dlaasgen, and only what differs there."""
    from dlaasgen.cli.wait import wait_for
    from dlaasgen.pipeline import cluster

    if wait and dry_run:
        msg = "--wait and --dry-run exclude each other"
        raise typer.BadParameter(msg)
    tree = cluster.read(path, context, namespace)
    with output.progress(f"Applying {path}") as progress:
        outcomes = cluster.apply(tree, dry_run=dry_run is not None, advance=progress)
    tell(outcomes, output_, dry=dry_run is not None)
    if wait:
        wait_for(tree, None)
