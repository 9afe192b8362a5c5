"""Jobs and their results: which have to be read anew, and the rows that queries see."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from dlaasgen.adapters.store.database import turn
from dlaasgen.adapters.store.tables import evidence, jobs, logs, missing, patterns, results, sources
from dlaasgen.joining import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dlaasgen.adapters.store.database import Database

_AT_ONCE = 500
# What the table of results has beside the documents that hold it, too.
COLUMNS = ("job", "run", "status", "images_per_second")


@dataclass(frozen=True, slots=True)
class Stored:
    """A log of a job: which, whose, and how large."""

    key: str
    digest: str
    role: str
    number: int
    pod: str
    container: str
    restart: int
    size: int


@dataclass(frozen=True, slots=True)
class Todo:
    """A job whose logs have to be read. `inputs` is what its result will have been made of.

    patterns  its matrix' own patterns for metrics, as JSON
    evidence  what Kubernetes says of it and its pods, as JSON
    """

    job: Job
    inputs: str
    logs: tuple[Stored, ...]
    patterns: str = "[]"
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """A job's result, as JSON, with the series of its workers apart. `rate` is in images a second."""

    job: str
    run: str
    inputs: str
    parser: str
    status: str
    rate: float | None
    document: str
    series: str


def done(job: Job, inputs: str, parser: str, document: Mapping[str, Any], series: Any) -> Done:
    """A result as the store has it."""
    rate = document.get("metrics", {}).get("images_per_second", {}).get("value")
    texts = (orjson.dumps(dict(document)).decode(), orjson.dumps(series).decode())
    return Done(job.job, job.run, inputs, parser, document["status"], rate, *texts)


def todo(database: Database, parser: str, *, everything: bool = False) -> list[Todo]:
    """Jobs whose result is missing or was made of other logs, another cell or another parser than there are now."""
    with database.read() as connection:
        held = {
            (r.job, r.run): r.inputs
            for r in connection.execute(sa.select(results.c.job, results.c.run, results.c.inputs))
        }
        own = _patterns(connection)
        found = [_todo(*group, parser, own) for group in _groups(connection)]
    return [t for t in found if everything or held.get((t.job.job, t.job.run)) != t.inputs]


def keep_patterns(database: Database, found: Mapping[str, str]) -> None:
    """Keep the matrices' own patterns (matrix -> JSON): their jobs are read with them from now on."""
    if not found:
        return
    with database.write() as connection:
        turn(database, connection)
        insert = database.insert(patterns)
        update = {"document": insert.excluded.document}
        rows = [{"matrix": matrix, "document": document} for matrix, document in found.items()]
        connection.execute(insert.on_conflict_do_update(index_elements=["matrix"], set_=update), rows)


def _patterns(connection: sa.Connection) -> dict[str, str]:
    return {row.matrix: row.document for row in connection.execute(sa.select(patterns))}


def save(database: Database, parser: str, ready: Sequence[Done]) -> int:
    """Store results, in one transaction; the number stored. One whose logs have changed meanwhile is left out."""
    with database.write() as connection:
        turn(database, connection)
        own = _patterns(connection)
        current: dict[tuple[str, str], str] = {}
        for start in range(0, len(ready), _AT_ONCE):
            names = [one.job for one in ready[start : start + _AT_ONCE]]
            found = [_todo(*group, parser, own) for group in _groups(connection, names)]
            current |= {(t.job.job, t.job.run): t.inputs for t in found}
        told = [
            {
                "job": one.job,
                "run": one.run,
                "inputs": one.inputs,
                "parser": one.parser,
                "status": one.status,
                "images_per_second": one.rate,
                "document": one.document,
                "series": one.series,
            }
            for one in ready
            if current.get((one.job, one.run)) == one.inputs
        ]
        if told:
            insert = database.insert(results)
            update = {c.name: insert.excluded[c.name] for c in results.c if not c.primary_key}
            connection.execute(insert.on_conflict_do_update(index_elements=["job", "run"], set_=update), told)
    return len(told)


def rows(database: Database) -> Iterator[Sequence[Any]]:
    """(result, axes, params, *COLUMNS) of each job, in any order; the first three as JSON."""
    with database.read() as connection:
        query = sa.select(results.c.document, jobs.c.axes, jobs.c.params, *(results.c[name] for name in COLUMNS)).join(
            jobs, sa.and_(jobs.c.job == results.c.job, jobs.c.run == results.c.run)
        )
        yield from connection.execution_options(yield_per=_AT_ONCE).execute(query)


def texts(database: Database, sample: int | None) -> tuple[list[str], list[str]]:
    """(axes and parameters of all jobs, each text once; some results): what tells which names there are."""
    with database.read() as connection:
        pairs = connection.execute(sa.select(jobs.c.axes, jobs.c.params).distinct())
        names = list(dict.fromkeys(text for pair in pairs for text in pair))
        return names, list(connection.execute(sa.select(results.c.document).limit(sample)).scalars())


def series(database: Database, run: str, job: str | None = None) -> dict[str, Any]:
    """Job -> the series of its workers, of one run, or of one job of it."""
    with database.read() as connection:
        query = sa.select(results.c.job, results.c.series).where(results.c.run == run)
        found = connection.execute(query if job is None else query.where(results.c.job == job))
        return {row.job: orjson.loads(row.series) for row in found}


def listed(database: Database, *, unmatched: bool = False, of: tuple[str, str] | None = None) -> list[dict[str, Any]]:
    """Every stored log with its place; with `unmatched`, those that fit no cell; those `of` one (job, run)."""
    with database.read() as connection:
        query = (
            sa.select(sources, logs.c.size, logs.c.lines, jobs.c.matrix, jobs.c.cell)
            .join(logs, logs.c.digest == sources.c.digest)
            .join(jobs, sa.and_(jobs.c.job == sources.c.job, jobs.c.run == sources.c.run))
            .order_by(sources.c.key, sources.c.digest)
        )
        if unmatched:
            query = query.where(jobs.c.cell.is_(None))
        if of is not None:
            query = query.where(jobs.c.job == of[0], jobs.c.run == of[1])
        return [dict(row) for row in connection.execute(query).mappings()]


def not_had(database: Database) -> list[dict[str, str]]:
    """What could not be had."""
    with database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(missing).order_by(missing.c.key)).mappings()]


def _groups(
    connection: sa.Connection, names: Sequence[str] | None = None
) -> Iterator[tuple[Any, tuple[Stored, ...], tuple[str, ...]]]:
    """(job, its logs, what Kubernetes says of it) of all jobs, or of these."""
    said = _said(connection, names)
    for row, group in _with_logs(connection, names):
        yield row, group, said.pop((row.job, row.run), ())
    rest = list(said)
    for start in range(0, len(rest), _AT_ONCE):
        part = rest[start : start + _AT_ONCE]
        query = sa.select(jobs).where(jobs.c.job.in_([job for job, _ in part]))
        for row in connection.execute(query):
            if (row.job, row.run) in said:
                yield row, (), said.pop((row.job, row.run))


def _said(connection: sa.Connection, names: Sequence[str] | None) -> dict[tuple[str, str], tuple[str, ...]]:
    query = sa.select(evidence.c.job, evidence.c.run, evidence.c.document).order_by(evidence.c.key)
    if names is not None:
        query = query.where(evidence.c.job.in_(names))
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in connection.execute(query):
        key = (row.job, row.run)
        found[key] = (*found.get(key, ()), row.document)
    return found


def _with_logs(connection: sa.Connection, names: Sequence[str] | None) -> Iterator[tuple[Any, tuple[Stored, ...]]]:
    query = (
        sa.select(
            jobs,
            *(sources.c[name] for name in ("key", "digest", "role", "number", "pod", "container", "restart")),
            logs.c.size,
        )
        .join(sources, sa.and_(jobs.c.job == sources.c.job, jobs.c.run == sources.c.run))
        .join(logs, logs.c.digest == sources.c.digest)
        .order_by(jobs.c.job, jobs.c.run, sources.c.key, sources.c.digest)
    )
    if names is not None:
        query = query.where(jobs.c.job.in_(names))
    first: Any = None
    group: list[Stored] = []
    for row in connection.execute(query):
        if first is not None and (row.job, row.run) != (first.job, first.run):
            yield first, tuple(group)
            group = []
        first = row
        group.append(Stored(row.key, row.digest, row.role, row.number, row.pod, row.container, row.restart, row.size))
    if first is not None:
        yield first, tuple(group)


def _todo(row: Any, stored: tuple[Stored, ...], said_of: tuple[str, ...], parser: str, own: Mapping[str, str]) -> Todo:
    job = Job(
        row.job,
        row.run,
        row.matrix,
        row.cell,
        orjson.loads(row.axes),
        orjson.loads(row.params),
        row.manifest_digest,
    )
    said = own.get(job.matrix or "", "[]")
    told = [
        parser,
        said,
        job.matrix,
        job.cell,
        row.params,
        job.manifest_digest,
        *sorted((s.key, s.digest) for s in stored),
        *sorted(said_of),
    ]
    return Todo(job, f"sha256:{hashlib.sha256(orjson.dumps(told)).hexdigest()}", stored, said, said_of)
