"""Joining: which job a log belongs to, and which cell the job ran, by the indexes of trees. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dlaasgen.launch_records import Claim
    from dlaasgen.origins import Origin
    from dlaasgen.tree import Index

# The run of what was run by hand, which is in no tree. Its logs are of the tree's cells, and of jobs of their own.
BY_HAND = "by-hand"


@dataclass(frozen=True, slots=True)
class Job:
    """A job, and the cell that it ran; `matrix` and `cell` are None when that is not known.

    axes             axis -> id of its value
    params           the cell's parameters, as the matrix gives them
    manifest_digest  of the file that the job was made from
    """

    job: str
    run: str = ""
    matrix: str | None = None
    cell: str | None = None
    axes: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    manifest_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """A raw log: the digest, size and lines of its bytes, and how to have these, packed (zstd) a piece at a time.

    claim  what the launcher's record in it says
    """

    digest: str
    size: int
    lines: int
    pieces: Callable[[], Iterable[bytes]]
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A log from one place, and its job."""

    origin: Origin
    log: Packed
    job: Job


@dataclass(frozen=True, slots=True)
class Known:
    """The jobs of trees by their names. `cells` leads from a cell id to its job, where only one tree has the id.

    claims  cell id -> the names of all jobs with that cell
    """

    jobs: Mapping[str, Job] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    claims: Mapping[str, Sequence[str]] = field(default_factory=dict)


def known(indexes: Iterable[Index], run: str | None = None) -> Known:
    """All jobs of these trees. `run` is set for those whose index names none."""
    jobs: dict[str, Job] = {}
    cells: dict[str, list[str]] = {}
    for index in indexes:
        said = index.options.get("run")
        for entry in index.entries:
            jobs[entry.job] = Job(
                job=entry.job,
                run=said if isinstance(said, str) and said else run or "",
                matrix=index.matrix,
                cell=entry.id,
                axes=dict(entry.axes),
                params={**index.params, **entry.params},
                manifest_digest=next(iter(entry.files.values()), None),
            )
            cells.setdefault(entry.id, []).append(entry.job)
    return Known(jobs, {cell: names[0] for cell, names in cells.items() if len(names) == 1}, cells)
