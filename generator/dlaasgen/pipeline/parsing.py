"""Results from stored logs: read those of every job that has something new to say, in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import orjson

from dlaasgen import evidence
from dlaasgen.adapters import workers
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.adapters.store import results as result_store
from dlaasgen.logs.patterns import Pattern
from dlaasgen.logs.reading import PARSER_VERSION, Reader
from dlaasgen.results import JobFacts, PodLog
from dlaasgen.results_evidence import explained
from dlaasgen.results_json import to_json
from dlaasgen.results_status import result_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from dlaasgen.adapters.store.database import Database
    from dlaasgen.adapters.store.results import Done, Stored, Todo
    from dlaasgen.evidence import Evidence
    from dlaasgen.logs.events import LogReading
    from dlaasgen.pipeline.ingest import Progress

Read = Callable[[str], Iterable[bytes]]
PARSER = str(PARSER_VERSION)
# Logs of so many bytes, unpacked, are had from the store together, and their results stored: little enough for all
# processes to have work up to the end.
BATCH = 32 << 20
MANY = 200
# Where the benchmark runs, in TFJobs and in what dlaasgen renders.
CONTAINER = "tensorflow"


def parse(database: Database, jobs: int, progress: Progress, *, everything: bool = False) -> int:
    """Read the logs of all jobs with something new (or of all), and store their results; the number of results."""
    count = 0
    while todo := result_store.todo(database, PARSER, everything=everything):
        saved = _round(database, todo, jobs, progress)
        count += saved
        # What another collector has changed meanwhile is read again.
        everything = False
        if not saved:
            break
    return count


def _round(database: Database, todo: Sequence[Todo], jobs: int, progress: Progress) -> int:
    batches = list(workers.batches(todo, lambda one: sum(log.size for log in one.logs), BATCH, MANY))
    total, done, saved = len(todo), 0, 0

    def work(start: int, _stop: int) -> list[Done]:
        with database.read_apart() as connection:
            return _read_jobs(connection, batches[start])

    for start, _, results in workers.spans(work, len(batches), 1, jobs, keep=True):
        saved += result_store.save(database, PARSER, results)
        done += len(batches[start])
        if progress:
            progress(done, total)
    return saved


def _read_jobs(connection: Connection, todo: Sequence[Todo]) -> list[Done]:
    ahead = log_store.Ahead(connection, {log.digest: log.size for one in todo for log in one.logs})
    return [read_job(ahead.read, one) for one in todo]


def read_job(read: Read, todo: Todo) -> Done:
    """The result of one job, from all of its logs; `read` gives the bytes of one by its digest."""
    job = todo.job
    patterns = tuple(Pattern(**told) for told in orjson.loads(todo.patterns))
    replicas = job.params.get("replicas")
    facts = JobFacts(
        job=job.job,
        matrix=job.matrix or "",
        cell=job.cell or "",
        run=job.run,
        parameters=job.params,
        manifest_digest=job.manifest_digest or "",
        workers=replicas if isinstance(replicas, int) else None,
    )
    said = [evidence.from_json(orjson.loads(text)) for text in todo.evidence]
    by_pod = {one.key: one for one in said}
    pods: dict[tuple[str, int, int], list[Stored]] = {}
    for log in todo.logs:
        pods.setdefault((log.role, log.number, log.restart), []).append(log)
    chosen = [_pod(read, pods[key], patterns, by_pod) for key in sorted(pods)]
    document = to_json(result_of(facts, chosen, said))
    document["logs"] = sorted({log.digest for log in todo.logs})
    series = [worker.pop("series", []) for worker in document["workers"]]
    return result_store.done(job, todo.inputs, PARSER, document, series)


def _pod(read: Read, stored: Sequence[Stored], patterns: Sequence[Pattern], said: Mapping[str, Evidence]) -> PodLog:
    """One log for a pod's attempt: of several (side cars, the same log in two forms) that which tells most."""
    best: tuple[Any, LogReading, Stored] | None = None
    for log in stored:
        for reading in _read(read(log.digest), patterns):
            rank = (bool(reading.header), log.container == CONTAINER, reading.lines.read, log.size, log.key)
            if best is None or rank > best[0]:
                best = (rank, reading, log)
    if best is None:
        raise RuntimeError(f"no reading of {[log.digest for log in stored]}")
    _, reading, log = best
    found = PodLog(reading, role=log.role, index=log.number, digest=log.digest, attempt=log.restart)
    # A log's key is its pod's, and the container and restart: see Origin.
    return explained(found, said.get(log.key.rsplit("/", 2)[0]), log.container)


def _read(pieces: Iterable[bytes], patterns: Sequence[Pattern]) -> tuple[LogReading, ...]:
    reader = Reader(patterns)
    for data in pieces:
        reader.feed(data)
    return reader.close()
