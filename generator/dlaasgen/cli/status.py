"""dlaasgen status: where the jobs of a tree are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Context, Namespace, TreePath
from dlaasgen.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.progress import Progress


def status(
    path: TreePath,
    context: Context = None,
    namespace: Namespace = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Again and again, until all jobs have ended.")] = False,
    output_: Annotated[Output, typer.Option("--output", "-o", help="Form of what is printed.")] = Output.text,
) -> None:
    """Show where each cell is: absent, pending, admitted, running, succeeded, failed or stuck, and why."""
    from dlaasgen.pipeline import cluster

    tree = cluster.read(path, context, namespace)
    last: Sequence[Progress] | None = None
    for found, _ in cluster.follow(tree, None) if watch else [(cluster.status(tree), True)]:
        if found != last:
            _print(found, output_)
        last = found


def _print(found: Sequence[Progress], form: Output) -> None:
    from dlaasgen.pipeline import cluster

    if form is Output.json:
        names = ("cell", "job", "state", "reason", "message")
        output.data([{name: getattr(p, name) for name in names} for p in found])
        return
    wide = max((len(p.cell) for p in found), default=0)
    for p in found:
        why = ": ".join(w for w in (p.reason, p.message) if w)
        output.always(f"{p.cell:{wide}}  {p.state:9}  {why}".rstrip())
    output.say(", ".join(f"{number} {state}" for state, number in cluster.counted(found).items()) or "no cells")
