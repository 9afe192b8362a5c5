"""dlaasgen command: one cell by hand, on one machine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dlaasgen.cli import output


class Runner(StrEnum):
    """What runs a cell's commands."""

    docker = "docker"
    podman = "podman"
    local = "local"


def command(
    cell: Annotated[str, typer.Argument(metavar="CELL", help="The cell's id, as `dlaasgen cells` prints it.")],
    matrices: Annotated[
        list[str] | None,
        typer.Argument(metavar="MATRIX...", help="Matrix files, or folders of them; matrix/ if none is given."),
    ] = None,
    runner: Annotated[
        Runner, typer.Option("--runner", help="In containers of the cell's image, or on this machine itself.")
    ] = Runner.docker,
    exec_: Annotated[bool, typer.Option("--exec", help="Run it, instead of printing it.")] = False,
    alone: Annotated[
        bool, typer.Option("--alone", help="One worker without a cluster, whatever the cell says.")
    ] = False,
    logs: Annotated[
        str | None,
        typer.Option(
            "--logs", metavar="DIR", help="With --exec: the folder of the tasks' logs, named as `collect` knows."
        ),
    ] = None,
    benchmarks: Annotated[
        str | None,
        typer.Option("--benchmarks", metavar="DIR", help="With --runner local: the checkout of tensorflow/benchmarks."),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65000, help="The first port on loopback that the tasks listen on.")
    ] = 22222,
    output_: Annotated[output.Output, typer.Option("--output", "-o", help="text or json.")] = output.Output.text,
) -> None:
    """Print, or run, the commands of one cell on one machine: a single node, or parameter servers and workers."""
    from dlaasgen.by_hand import script
    from dlaasgen.pipeline import by_hand as pipeline

    found = pipeline.lines(pipeline.tasks(matrices or ["matrix"], cell, port, alone=alone), runner.value, benchmarks)
    if exec_:
        raise typer.Exit(pipeline.run(found, logs))
    if output_ is output.Output.json:
        output.data(
            [
                {"name": task.name, "image": task.image, "command": line, "environment": dict(task.environment)}
                for task, line, _ in found
            ]
        )
        return
    print(script(found))
