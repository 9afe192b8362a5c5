"""Raw logs and where they came from: stored once, however often and by however many they are brought.

A place's log may grow between two collections. What begins with all that was stored before takes its place; what is
only the beginning of it is left out; what is neither (the runtime threw its oldest lines away) is kept beside it.
"""

from __future__ import annotations

import hashlib
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from dlaasgen import origins
from dlaasgen.adapters.store.tables import chunks, jobs, logs, missing, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dlaasgen.adapters.store.database import Database
    from dlaasgen.joining import Arrival, Job, Known, Packed

_LOCK = 7_391_107
_COLUMNS = ("namespace", "pod", "uid", "container", "restart", "path")


def store(database: Database, arrivals: Sequence[Arrival]) -> int:
    """Store logs and where they came from, in one transaction; the number of places that are new or have grown."""
    changed = 0
    with database.write() as connection:
        turn(database, connection)
        for arrival in arrivals:
            _job(database, connection, arrival.job)
            changed += _source(database, connection, arrival)
    return changed


def turn(database: Database, connection: sa.Connection) -> None:
    """Wait until no other writer is at work, to the end of the transaction; SQLite sees to it by itself."""
    if not database.sqlite:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def rejoin(database: Database, known: Known) -> int:
    """Give logs that fitted no cell to the jobs of trees that are known now; the number of logs."""
    if not known.jobs:
        return 0
    moved = 0
    with database.write() as connection:
        turn(database, connection)
        query = (
            sa.select(sources)
            .join(jobs, sa.and_(jobs.c.job == sources.c.job, jobs.c.run == sources.c.run))
            .where(jobs.c.cell.is_(None))
        )
        for row in connection.execute(query).all():
            if row.pod:
                job = origins.from_pod(row.pod, known.jobs).job
            else:
                job = origins.from_path(row.path, known.jobs, known.cells).job
            if (own := known.jobs.get(row.job) or known.jobs.get(job)) is not None:
                _job(database, connection, own)
                move(connection, row.key, own)
                moved += 1
    return moved


def note_missing(database: Database, found: Iterable[tuple[str, str]]) -> None:
    """Keep what could not be had: (place, reason)."""
    with database.write() as connection:
        turn(database, connection)
        for key, reason in found:
            row = {"key": key, "reason": reason, "noticed": now()}
            insert = database.insert(missing).values(row)
            update = {"reason": insert.excluded.reason}
            connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=update))


def read(connection: sa.Connection, digest: str) -> Iterator[bytes]:
    """A log's bytes, a piece at a time."""
    query = sa.select(chunks.c.data).where(chunks.c.digest == digest)
    seq = 0
    while (data := connection.execute(query.where(chunks.c.seq == seq)).scalar()) is not None:
        yield zlib.decompress(data)
        seq += 1


def now() -> str:
    """The time, as the store writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _job(database: Database, connection: sa.Connection, job: Job) -> None:
    row = {
        "job": job.job,
        "run": job.run,
        "matrix": job.matrix,
        "cell": job.cell,
        "axes": orjson.dumps(dict(job.axes)).decode(),
        "params": orjson.dumps(dict(job.params)).decode(),
        "manifest_digest": job.manifest_digest,
    }
    insert = database.insert(jobs).values(row)
    if job.cell is None:  # whoever knew more has said it
        connection.execute(insert.on_conflict_do_nothing())
        return
    told = {name: value for name, value in row.items() if name not in {"job", "run"}}
    connection.execute(insert.on_conflict_do_update(index_elements=["job", "run"], set_=told))


def _source(database: Database, connection: sa.Connection, arrival: Arrival) -> bool:
    origin, log = arrival.origin, arrival.log
    held = connection.execute(
        sa.select(sources.c.digest, sources.c.job, sources.c.run, logs.c.size)
        .join(logs, logs.c.digest == sources.c.digest)
        .where(sources.c.key == origin.key)
    ).all()
    connection.execute(sa.delete(missing).where(missing.c.key == origin.key))
    if any(row.digest == log.digest for row in held):
        moved = any(
            row.digest == log.digest and (row.job, row.run) != (arrival.job.job, arrival.job.run) for row in held
        )
        if moved and arrival.job.cell is not None:
            move(connection, origin.key, arrival.job)
        return False
    if any(row.size > log.size and _begin(read(connection, row.digest), log.size) == log.digest for row in held):
        return False
    _log(database, connection, log)
    grown = [row.digest for row in held if row.size < log.size]
    for digest, size in [(row.digest, row.size) for row in held if row.digest in grown]:
        if _begin((zlib.decompress(piece) for piece in log.pieces()), size) == digest:
            connection.execute(sa.delete(sources).where(sources.c.key == origin.key, sources.c.digest == digest))
            _forget(connection, digest)
    row = {
        "key": origin.key,
        "digest": log.digest,
        "job": arrival.job.job,
        "run": arrival.job.run,
        "role": origin.role,
        "number": origin.number,
        "found": now(),
        **{name: getattr(origin, name) for name in _COLUMNS},
    }
    connection.execute(database.insert(sources).values(row).on_conflict_do_nothing())
    return True


def move(connection: sa.Connection, key: str, job: Job) -> None:
    """Give a place's logs to the job whose they are now known to be."""
    from dlaasgen.adapters.store.tables import results

    olds = connection.execute(sa.select(sources.c.job, sources.c.run).where(sources.c.key == key)).all()
    connection.execute(sa.update(sources).where(sources.c.key == key).values(job=job.job, run=job.run))
    for old in olds:
        left = sa.select(sources.c.key).where(sources.c.job == old.job, sources.c.run == old.run).limit(1)
        if connection.execute(left).first() is None:
            for table in (results, jobs):
                connection.execute(sa.delete(table).where(table.c.job == old.job, table.c.run == old.run))


def _log(database: Database, connection: sa.Connection, log: Packed) -> None:
    row = {"digest": log.digest, "size": log.size, "lines": log.lines, "stored": now()}
    insert = database.insert(logs).values(row).on_conflict_do_nothing().returning(logs.c.digest)
    if connection.execute(insert).first() is None:
        return
    for seq, data in enumerate(log.pieces()):
        connection.execute(sa.insert(chunks).values(digest=log.digest, seq=seq, data=data))


def _forget(connection: sa.Connection, digest: str) -> None:
    """Remove a log that no place has any more: another one begins with all of it."""
    if connection.execute(sa.select(sources.c.key).where(sources.c.digest == digest).limit(1)).first() is None:
        connection.execute(sa.delete(chunks).where(chunks.c.digest == digest))
        connection.execute(sa.delete(logs).where(logs.c.digest == digest))


def _begin(data: Iterable[bytes], size: int) -> str:
    """The digest of the first `size` bytes."""
    digest = hashlib.sha256()
    for piece in data:
        digest.update(piece[:size])
        size -= len(piece)
        if size <= 0:
            break
    return f"sha256:{digest.hexdigest()}"


def full_digest(connection: sa.Connection, start: str) -> str | None:
    """The digest that begins with `start`, with or without `sha256:`; None when there is none, or more than one."""
    head = f"sha256:{start.removeprefix('sha256:')}"
    found = connection.execute(sa.select(logs.c.digest).where(logs.c.digest.startswith(head, autoescape=True)).limit(2))
    digests = list(found.scalars())
    return digests[0] if len(digests) == 1 else None
