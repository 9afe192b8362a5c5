"""dlaasgen wait: until the jobs of a tree have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Context, Namespace, TreePath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.pipeline.cluster import Tree
    from dlaasgen.progress import Progress


def wait(
    path: TreePath,
    context: Context = None,
    namespace: Namespace = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=0, help="The longest to wait. Default: for ever."),
    ] = None,
) -> None:
    """Wait until all jobs of a tree have ended. Exit codes: 0 all succeeded, 10 not all of them, 11 time is up."""
    from dlaasgen.pipeline import cluster

    wait_for(cluster.read(path, context, namespace), timeout)


def wait_for(tree: Tree, timeout: float | None) -> None:
    """Waits, and ends the command when not all is well."""
    from dlaasgen.errors import JobError, WaitError
    from dlaasgen.findings import Finding
    from dlaasgen.pipeline import cluster
    from dlaasgen.progress import OVER

    found: Sequence[Progress] = ()
    last: dict[str, int] = {}
    for found, _ in cluster.follow(tree, timeout):
        numbers = cluster.counted(found)
        if numbers != last:
            output.say(", ".join(f"{number} {state}" for state, number in numbers.items()))
        last = numbers
    bad = [p for p in found if p.state != "succeeded"]
    findings = [Finding("S109", f"{p.state}: {p.reason} {p.message}".rstrip(" :"), cell=p.cell) for p in bad]
    if any(p.state not in OVER for p in bad):
        raise WaitError(findings)
    if bad:
        raise JobError(findings)
