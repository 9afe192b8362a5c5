"""dlaasgen init: a working repository in an empty folder."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output


def init(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Where to; made when it is missing.")] = ".",
) -> None:
    """Scaffold a working repository: a matrix, a prototype, a workflow and settings. Overwrites nothing."""
    from dlaasgen.pipeline.init import initialize

    written, kept = initialize(folder)
    for path in written:
        output.say(f"wrote {path}")
    for path in kept:
        output.say(f"kept {path}: it was there before")
    place = "" if folder == "." else f"{folder.rstrip('/')}/"
    output.say(f"next: dlaasgen render {place}matrix/nightly.yaml")
