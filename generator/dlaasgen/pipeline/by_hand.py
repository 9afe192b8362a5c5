"""One cell on one machine: render it, and print or run what its pods would run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import matrix_files, processes, project
from dlaasgen.adapters.jsonnet import Library
from dlaasgen.errors import ImageError, UsageError
from dlaasgen.findings import Finding, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.by_hand import Task


def tasks(paths: Sequence[str], cell: str, port: int, *, alone: bool) -> list[Task]:
    """What the pods of a cell would run. Raises UsageError, MatrixError, PrototypeError, ImageError."""
    from dlaasgen.by_hand import tasks as tasks_of
    from dlaasgen.cells import expand
    from dlaasgen.joining import BY_HAND

    if cell.endswith(matrix_files.SUFFIXES) and os.path.isfile(cell):
        hint = "the cell comes before the matrix: dlaasgen command CELL MATRIX"
        raise UsageError([Finding("R120", f"{cell} is a file and no cell", hint=hint)])
    known: list[str] = []
    for file in matrix_files.find(paths):
        matrix = matrix_files.read(file)
        cells = expand(matrix)
        known += [c.id for c in cells]
        chosen = [c for c in cells if c.id == cell]
        if chosen:
            manifest = _manifest(file, matrix, chosen[0])
            name = str(manifest.get("metadata", {}).get("name", ""))
            own = {"MATRIX": matrix.name, "CELL": cell, "RUN": BY_HAND, "REPEAT": str(chosen[0].repeat), "JOB": name}
            return tasks_of(manifest, {f"DLAASGEN_{k}": v for k, v in own.items()}, port, alone=alone)
    hint = did_you_mean(cell, known) or "`dlaasgen cells` lists them"
    raise UsageError([Finding("R120", f"there is no cell {shown(cell)}", hint=hint)])


def _manifest(file: str, matrix: Any, cell: Any) -> dict[str, Any]:
    from dlaasgen.joining import BY_HAND
    from dlaasgen.pipeline.evaluation import Job, Request, plan_of
    from dlaasgen.rendering import render

    root = project.root(file)
    library = Library([os.path.join(root, "prototypes"), project.shipped_prototypes()])
    prototype = library.prototype(matrix.prototype)
    job = Job(Request(file, run=BY_HAND), matrix, library, prototype, project.relative(file, root), {})
    (rendered,) = render(plan_of(job), [cell])
    # The name in the data is still the stand-in, which the text has lost.
    data = dict(rendered.manifests[0].data)
    return {**data, "metadata": {**data.get("metadata", {}), "name": rendered.job}}


def lines(found: Sequence[Task], runner: str, benchmarks: str | None) -> list[tuple[Task, list[str], bool]]:
    """(task, its command line, whether its variables are still to be set) of each task."""
    from dlaasgen.by_hand import container, local

    if runner != "local":
        return [(task, container(task, runner), False) for task in found]
    launcher = project.launcher()
    python = "python3"
    return [(task, local(task, launcher, python, benchmarks), True) for task in found]


def run(commands: Sequence[tuple[Task, list[str], bool]], logs: str | None) -> int:
    """Runs the tasks to their end; the exit code of the last, which is worker 0's. Raises UsageError, ImageError.

    One task writes to our own output. Of several, each writes a log in `logs`, and the last one's is printed.
    """
    missing = sorted({line[0] for _, line, _ in commands if not processes.found(line[0])})
    if missing:
        raise UsageError([Finding("I121", f"{name} is not on PATH") for name in missing])
    several = len(commands) > 1 or logs is not None
    folder = logs or "."
    files = [os.path.join(folder, f"{task.name}.log") if several else None for task, _, _ in commands]
    try:
        if logs is not None:
            processes.make_folder(logs)
        codes = processes.run(
            [
                (line, task.environment if own else {}, file)
                for (task, line, own), file in zip(commands, files, strict=True)
            ]
        )
        if files[-1] is not None:
            sys.stdout.flush()
            processes.copy_out(files[-1], sys.stdout.fileno())
    except OSError as error:
        raise ImageError([Finding("I121", f"it cannot be run: {error.strerror}", found=error.filename)]) from None
    return codes[-1] if codes[-1] >= 0 else 128 - codes[-1]
