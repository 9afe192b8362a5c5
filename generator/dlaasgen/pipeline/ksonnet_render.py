"""What `render --format ksonnet` adds to a tree: the files of a ksonnet application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import ksonnet_files
from dlaasgen.ksonnet import rendered
from dlaasgen.pipeline.ksonnet import builtin_library

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlaasgen.cells import Cell
    from dlaasgen.pipeline.evaluation import Job
    from dlaasgen.tree import Entry


def component_maker(
    job: Job,
) -> Callable[[Cell, Mapping[str, Any], Sequence[Mapping[str, Any]], object], tuple[str, str]]:
    """A function from a cell to the (path, text) of its component."""
    sources = job.library.sources(job.matrix.prototype)
    ambiguous = len(dict(sources)) < len(sources)

    def make(
        cell: Cell, _: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], converted: object
    ) -> tuple[str, str]:
        literal = objects if converted is not None or ambiguous else None
        return rendered.file_of(cell.id), rendered.component(job.matrix.name, cell.id, job.matrix.prototype, literal)

    return make


def application_files(job: Job, entries: Sequence[Entry]) -> dict[str, str]:
    """The application's other files, relative to the tree: path -> text."""
    import orjson

    folder = builtin_library()
    libraries = {name: ksonnet_files.read(folder, name) for name in ("k.libsonnet", "dlaasgen.libsonnet")}
    return rendered.files(
        job.matrix,
        job.prototype,
        job.request.run,
        entries,
        dict(job.library.sources(job.matrix.prototype)),
        libraries,
        lambda value: orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode(),
    )
