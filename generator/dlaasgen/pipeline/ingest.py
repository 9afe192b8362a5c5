"""Logs into the store: from files and streams to arrivals, in several processes, a batch a transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from dlaasgen import demux, launch_records, origins
from dlaasgen.adapters import workers
from dlaasgen.adapters.log_files import unpacking
from dlaasgen.adapters.spool import Spool
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.errors import StoreError
from dlaasgen.findings import Finding
from dlaasgen.joining import Arrival, Job, Known, Packed
from dlaasgen.launch_records import Claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dlaasgen.adapters.log_files.unpacking import Log
    from dlaasgen.adapters.store.database import Database
    from dlaasgen.origins import Origin

# Larger logs are read by the parent itself, so that no child has to hold one whole.
LARGE = 16 << 20
BATCH = 16 << 20
PART = 1 << 20
MANY = 200
# So much of a stream tells whether its lines name their pods.
_HEAD = 1 << 16

Progress = Callable[[int, int], None] | None
# What takes bytes: under None when they are of one writer, else under the pod that they name.
Taker = Callable[[demux.Whose | None, bytes], None]
# What a child hands back of a log: whose it is (None: the file's), digest, size, lines, claim, and its pieces, packed;
# None when the store has them.
Part = tuple[demux.Whose | None, str, int, int, Claim | None, list[bytes] | None]


@dataclass
class Ingested:
    """What came of it: logs seen, places new or grown, bytes, and what could not be read: (name, why).

    said          pods and jobs of which Kubernetes says something new
    contradicted  (name, the job that it is named by, the job of its launcher's record)
    """

    seen: int = 0
    changed: int = 0
    size: int = 0
    said: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    contradicted: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Naming:
    """How logs are joined to jobs. `named` reads file names in a way of the user's own, None where it does not fit."""

    known: Known
    run: str = ""
    named: Callable[[str], Origin | None] | None = None

    def file(self, name: str) -> Origin:
        """The origin of a file."""
        own = self.named(name) if self.named else None
        return own or origins.from_path(name, self.known.jobs, self.known.cells)

    def pod(self, whose: demux.Whose, path: str) -> Origin:
        """The origin of lines that say their pod."""
        namespace, pod, container = whose
        return origins.from_pod(pod, self.known.jobs, namespace=namespace, container=container, path=path)

    def job(self, origin: Origin) -> Job:
        """The job that a log belongs to: of a tree, or one of which only the name is known."""
        return self.known.jobs.get(origin.job) or Job(origin.job, origin.run or self.run)


def ingest(
    database: Database, found: Sequence[Log], naming: Naming, top: str, jobs: int, progress: Progress
) -> Ingested:
    """Store every log. What has been stored is counted only after its transaction is over."""
    total = sum(log.size for log in found)
    out, done = Ingested(), 0
    small = [log for log in found if log.size <= LARGE and not any(_packed(f.name) for f in log.files)]
    small += [log for log in found if log.size <= LARGE >> 4 and any(_packed(f.name) for f in log.files)]
    taken = {log.name for log in small}
    batches = list(workers.batches(small, _size, BATCH, MANY))

    stored = log_store.any_there(database)

    def work(start: int, _stop: int) -> list[tuple[list[Part], list[tuple[str, str]]]]:
        if not stored:
            return [read for log in batches[start] for read in _read([log], lambda _: set())]
        with database.read_apart() as connection:
            there = partial(log_store.there, connection)
            parts = workers.batches(batches[start], _size, PART, MANY)
            return [read for part in parts for read in _read(part, there)]

    for start, _, results in workers.spans(work, len(batches), 1, jobs, keep=True):
        arrivals: list[Arrival] = []
        for log, (parts, trouble) in zip(batches[start], results, strict=True):
            out.failed += trouble
            arrivals += _arrivals(naming, top, log.name, [_kept(log, part) for part in parts], out)
        _store(database, arrivals, out)
        done += sum(log.size for log in batches[start])
        if progress:
            progress(done, total)
    for log in (log for log in found if log.name not in taken):
        spool = Spool()
        try:
            fill(spool.add, unpacking.read(log, out.failed))
            _store(database, _arrivals(naming, top, log.name, list(spool.packed()), out), out)
        finally:
            spool.close()
        done += log.size
        if progress:
            progress(done, total)
    return out


def ingest_stream(database: Database, data: Iterable[bytes], naming: Naming, name: str | None) -> Ingested:
    """Store what comes from one stream: of one pod called `name`, or of the pods that its lines name."""
    out = Ingested()
    spool = Spool()
    try:
        fill(spool.add, data)
        packed = list(spool.packed())
        if name is None and packed and packed[0][0] is None:
            name = f"stdin-{packed[0][1].digest.removeprefix('sha256:')[:12]}"
        _store(database, _arrivals(naming, "", name or "stdin", packed, out), out)
    finally:
        spool.close()
    return out


def fill(take: Taker, data: Iterable[bytes]) -> None:
    """Hand a stream on: as of one writer, or each line under the pod that it names."""
    stream = iter(data)
    head = b""
    for piece in stream:
        head += piece
        if len(head) >= _HEAD or head.count(b"\n") > demux.SAMPLE:
            break
    lines = head[:_HEAD].split(b"\n", 2 * demux.SAMPLE)
    form = demux.form(lines[:-1] if len(lines) > 1 else lines)
    if form is None:
        take(None, head)
        for piece in stream:
            take(None, piece)
        return
    rest = _split(take, form, head, None)
    for piece in stream:
        rest = _split(take, form, rest[0] + piece, rest[1])
    if rest[0]:
        take(demux.whose(form, rest[0]) or rest[1], rest[0])


def _split(take: Taker, form: str, data: bytes, last: demux.Whose | None) -> tuple[bytes, demux.Whose | None]:
    """Hand on whole lines; (what is left, whose the last line was). A line without end goes on in pieces."""
    *whole, rest = data.split(b"\n")
    for line in whole:
        last = demux.whose(form, line) or last
        take(last, line + b"\n")
    if len(rest) > unpacking.PIECE:
        last = demux.whose(form, rest) or last
        take(last, rest)
        rest = b""
    return rest, last


def _read(
    batch: Sequence[Log], held: Callable[[Sequence[str]], set[str]]
) -> list[tuple[list[Part], list[tuple[str, str]]]]:
    """Logs, read in a child: of each its parts as they are to be stored, and what could not be read."""
    out: list[tuple[list[Part], list[tuple[str, str]]]] = [([], []) for _ in batch]
    spool = Spool(LARGE)
    try:
        for number, log in enumerate(batch):

            def take(whose: demux.Whose | None, data: bytes, number: int = number) -> None:
                spool.add((number, whose), data)

            fill(take, unpacking.read(log, out[number][1]))
        packed = list(spool.packed())
        known = held([one.digest for _, one in packed])
        for (number, whose), one in packed:
            pieces = None if one.digest in known else list(one.pieces())
            out[number][0].append((whose, one.digest, one.size, one.lines, one.claim, pieces))
    finally:
        spool.close()
    return out


def _kept(log: Log, part: Part) -> tuple[demux.Whose | None, Packed]:
    whose, digest, size, lines, claim, data = part
    pieces = partial(_again, log, whose, digest) if data is None else lambda: data
    return whose, Packed(digest, size, lines, pieces, claim)


def _again(log: Log, whose: demux.Whose | None, digest: str) -> Iterator[bytes]:
    """The pieces of a log that the store had when it was read, and has not any more."""
    spool = Spool()
    try:
        fill(spool.add, unpacking.read(log, []))
        for key, packed in spool.packed():
            if (key, packed.digest) == (whose, digest):
                yield from packed.pieces()
                return
    finally:
        spool.close()
    message = f"{log.name} has changed while it was collected"
    raise StoreError([Finding("C113", message, hint="collect again: nothing of it is lost")])


def _arrivals(
    naming: Naming, top: str, name: str, packed: Iterable[tuple[demux.Whose | None, Packed]], out: Ingested
) -> Iterator[Arrival]:
    for whose, log in packed:
        origin = naming.file(top + name) if whose is None else naming.pod(whose, top + name)
        job = naming.job(origin)
        own = launch_records.job_of(log.claim, naming.known)
        if log.claim is not None and own is not None:
            if job.cell is not None and job.job != own.job:
                out.contradicted.append((top + name, job.job, own.job))
            origin, job = launch_records.placed(origin, log.claim, own), own
        yield Arrival(origin, log, job)


def _store(database: Database, arrivals: Iterable[Arrival], out: Ingested) -> None:
    coming = list(arrivals)
    out.changed += log_store.store(database, coming)
    out.seen += len(coming)
    out.size += sum(a.log.size for a in coming)


def _size(log: Log) -> int:
    return log.size


def _packed(name: str) -> bool:
    return origins.unpacked(name) != name
