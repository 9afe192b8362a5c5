"""dlaasgen reparse: the stored logs, read again."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Store


def reparse(
    store: Store,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", min=1, help="Processes; one a core when left out.")
    ] = None,
) -> None:
    """Read all stored logs again, as this version's parser understands them."""
    from dlaasgen.findings import counted
    from dlaasgen.pipeline import collect as pipeline

    with output.progress("reading") as progress:
        count = pipeline.reparse(store, jobs, progress)
    output.say(counted(count, "result"))
