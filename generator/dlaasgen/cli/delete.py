"""dlaasgen delete: a tree out of a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Context, Namespace, TreePath
from dlaasgen.cli.outcomes import Dry, tell
from dlaasgen.cli.output import Output


def delete(
    path: TreePath,
    context: Context = None,
    namespace: Namespace = None,
    dry_run: Dry = None,
    output_: Annotated[Output, typer.Option("--output", "-o", help="Form of what is printed.")] = Output.text,
) -> None:
    """Delete a tree's objects from a cluster, and with them their pods and logs."""
    from dlaasgen.pipeline import cluster

    tree = cluster.read(path, context, namespace)
    with output.progress(f"Deleting {path}") as progress:
        outcomes = cluster.delete(tree, dry_run=dry_run is not None, advance=progress)
    tell(outcomes, output_, dry=dry_run is not None)
