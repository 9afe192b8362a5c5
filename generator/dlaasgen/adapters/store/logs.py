"""Raw logs and where they came from: stored once, however often and by however many they are brought.

A place's log may grow between two collections. What begins with all that was stored before takes its place; what is
only the beginning of it is left out; what is neither (the runtime threw its oldest lines away) is kept beside it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import zstandard

from dlaasgen import launch_records, origins
from dlaasgen.adapters.store.database import now, turn
from dlaasgen.adapters.store.jobs import keep_job, keep_jobs
from dlaasgen.adapters.store.tables import chunks, evidence, jobs, logs, missing, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dlaasgen.adapters.store.database import Database
    from dlaasgen.joining import Arrival, Job, Known

# So many values fit into one statement of either database; so many pieces into memory.
_AT_ONCE = 500
_PIECES = 64
# Logs up to this size are read together.
_SMALL = 1 << 20
_READ = sa.select(chunks.c.data).where(chunks.c.digest == sa.bindparam("digest"), chunks.c.seq == sa.bindparam("seq"))
_COLUMNS = ("namespace", "pod", "uid", "container", "restart", "path")


def store(database: Database, arrivals: Sequence[Arrival]) -> int:
    """Store logs and where they came from, in one transaction; the number of places that are new or have grown."""
    if not arrivals:
        return 0
    with database.write() as connection:
        turn(database, connection)
        keep_jobs(database, connection, {(a.job.job, a.job.run): a.job for a in arrivals}.values())
        times = Counter(a.origin.key for a in arrivals)
        known = _held(connection, list(times))
        new = {a.origin.key: a for a in arrivals if a.origin.key not in known}
        _insert(database, connection, list(new.values()))
        rest = [a for a in arrivals if new.get(a.origin.key) is not a]
        same = {a.origin.key for a in rest if times[a.origin.key] == 1 and _same(a, known[a.origin.key])}
        _found(connection, list(same))
        others = [a for a in rest if a.origin.key not in same]
        return len(new) + sum(_source(database, connection, a, _held(connection, [a.origin.key])) for a in others)


def any_there(database: Database) -> bool:
    """Whether any log is stored."""
    with database.read() as connection:
        return connection.execute(sa.select(logs.c.digest).limit(1)).first() is not None


def there(connection: sa.Connection, digests: Sequence[str]) -> set[str]:
    """Those of these logs that are stored."""
    found: set[str] = set()
    for start in range(0, len(digests), _AT_ONCE):
        part = sa.select(logs.c.digest).where(logs.c.digest.in_(digests[start : start + _AT_ONCE]))
        found.update(connection.execute(part).scalars())
    return found


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
            claim = launch_records.claimed(next(read(connection, row.digest), b""))
            own = launch_records.job_of(claim, known)
            origin: origins.Origin | None = None
            if claim is not None and own is not None:
                origin = launch_records.placed(origins.Origin("", "", row.role, row.number), claim, own)
            else:
                path = origins.from_path(row.path, known.jobs, known.cells)
                job = origins.from_pod(row.pod, known.jobs).job if row.pod else path.job
                own = known.jobs.get(row.job) or known.jobs.get(job)
            if own is not None:
                keep_job(database, connection, own)
                move(connection, row.key, own)
                if origin is not None:
                    task = {"role": origin.role, "number": origin.number}
                    connection.execute(sa.update(sources).where(sources.c.key == row.key).values(task))
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
    """A log's bytes, a piece at a time. Raises ValueError for a piece that cannot be unpacked."""
    seq = 0
    while (data := connection.execute(_READ, {"digest": digest, "seq": seq}).scalar()) is not None:
        yield _unpacked(data)
        seq += 1


def longest(connection: sa.Connection, key: str) -> str | None:
    """The digest of the longest log of a place; None when there is none."""
    held = _held(connection, [key]).get(key, [])
    return max(held, key=lambda row: (row.size, row.digest)).digest if held else None


def ends(connection: sa.Connection, digest: str) -> tuple[bytes, bytes]:
    """The first and the last piece of a log."""
    last = connection.execute(sa.select(sa.func.max(chunks.c.seq)).where(chunks.c.digest == digest)).scalar()
    told = [connection.execute(_READ, {"digest": digest, "seq": seq}).scalar() for seq in (0, last or 0)]
    first, final = (_unpacked(data) if data is not None else b"" for data in told)
    return first, final


class Ahead:
    """Logs read with one statement for many: those of these (digest -> bytes) that are small. Of others, as `read`."""

    def __init__(self, connection: sa.Connection, sizes: Mapping[str, int]) -> None:
        self._connection = connection
        self._held: dict[str, list[bytes]] = {}
        small = [digest for digest, size in sizes.items() if size <= _SMALL]
        query = sa.select(chunks.c.digest, chunks.c.data).order_by(chunks.c.digest, chunks.c.seq)
        for start in range(0, len(small), _AT_ONCE):
            found = connection.execute(query.where(chunks.c.digest.in_(small[start : start + _AT_ONCE])))
            for digest, data in found:
                self._held.setdefault(digest, []).append(data)

    def read(self, digest: str) -> Iterator[bytes]:
        """A log's bytes, a piece at a time."""
        held = self._held.get(digest)
        return read(self._connection, digest) if held is None else map(_unpacked, held)


def _unpacked(data: bytes) -> bytes:
    try:
        if data[:4] == zstandard.FRAME_HEADER:
            return zstandard.ZstdDecompressor().decompress(data)
        return zlib.decompress(data)  # as earlier versions packed
    except (zlib.error, zstandard.ZstdError) as error:
        raise ValueError(f"a piece of a log cannot be unpacked: {error}") from None


def _held(connection: sa.Connection, keys: Sequence[str]) -> dict[str, list[Any]]:
    """What is stored of these places: (key, digest, job, run, size) by key."""
    found: dict[str, list[Any]] = {}
    query = sa.select(sources.c.key, sources.c.digest, sources.c.job, sources.c.run, logs.c.size).join(
        logs, logs.c.digest == sources.c.digest
    )
    for start in range(0, len(keys), _AT_ONCE):
        for row in connection.execute(query.where(sources.c.key.in_(keys[start : start + _AT_ONCE]))):
            found.setdefault(row.key, []).append(row)
    return found


def _same(arrival: Arrival, held: Sequence[Any]) -> bool:
    """Whether a place has this very log, and the job that it is said to have."""
    return _holds(arrival, held) and not _moved(arrival, held)


def _holds(arrival: Arrival, held: Sequence[Any]) -> bool:
    return any(row.digest == arrival.log.digest for row in held)


def _moved(arrival: Arrival, held: Sequence[Any]) -> bool:
    return any((row.job, row.run) != (arrival.job.job, arrival.job.run) for row in held)


def _found(connection: sa.Connection, keys: Sequence[str]) -> None:
    """These places' logs are not missing any more."""
    for start in range(0, len(keys), _AT_ONCE):
        connection.execute(sa.delete(missing).where(missing.c.key.in_(keys[start : start + _AT_ONCE])))


def _source(database: Database, connection: sa.Connection, arrival: Arrival, known: dict[str, list[Any]]) -> bool:
    """Store a log of a place of which there is one already; whether it changes anything."""
    origin, log = arrival.origin, arrival.log
    held = known.get(origin.key, [])
    if _holds(arrival, held):
        if _moved(arrival, held) and arrival.job.cell is not None:
            move(connection, origin.key, arrival.job)
        _found(connection, [origin.key])
        return False
    if any(row.size > log.size and _begin(read(connection, row.digest), log.size) == log.digest for row in held):
        return False
    _insert(database, connection, [arrival])
    for row in held:
        unpacked = (_unpacked(piece) for piece in log.pieces())
        if row.size < log.size and _begin(unpacked, row.size) == row.digest:
            connection.execute(sa.delete(sources).where(sources.c.key == origin.key, sources.c.digest == row.digest))
            _forget(connection, row.digest)
    return True


def move(connection: sa.Connection, key: str, job: Job) -> None:
    """Give a place's logs to the job whose they are now known to be."""
    from dlaasgen.adapters.store.tables import results

    olds = connection.execute(sa.select(sources.c.job, sources.c.run).where(sources.c.key == key)).all()
    connection.execute(sa.update(sources).where(sources.c.key == key).values(job=job.job, run=job.run))
    for old in olds:
        left = [
            sa.select(table.c.key).where(table.c.job == old.job, table.c.run == old.run).limit(1)
            for table in (sources, evidence)
        ]
        if all(connection.execute(query).first() is None for query in left):
            for table in (results, jobs):
                connection.execute(sa.delete(table).where(table.c.job == old.job, table.c.run == old.run))


def _insert(database: Database, connection: sa.Connection, arrivals: Sequence[Arrival]) -> None:
    """Store the logs that are not there yet, and all the places."""
    if not arrivals:
        return
    wanted = {a.log.digest: a.log for a in arrivals}
    held = there(connection, list(wanted))
    time = now()
    fresh = [log for digest, log in wanted.items() if digest not in held]
    if fresh:
        rows = [{"digest": log.digest, "size": log.size, "lines": log.lines, "stored": time} for log in fresh]
        connection.execute(sa.insert(logs), rows)
    waiting: list[dict[str, Any]] = []
    for log in fresh:
        for seq, data in enumerate(log.pieces()):
            waiting.append({"digest": log.digest, "seq": seq, "data": data})
            if len(waiting) >= _PIECES:
                connection.execute(sa.insert(chunks), waiting)
                waiting = []
    if waiting:
        connection.execute(sa.insert(chunks), waiting)
    places = [
        {
            "key": a.origin.key,
            "digest": a.log.digest,
            "job": a.job.job,
            "run": a.job.run,
            "role": a.origin.role,
            "number": a.origin.number,
            "found": time,
            **{name: getattr(a.origin, name) for name in _COLUMNS},
        }
        for a in arrivals
    ]
    connection.execute(database.insert(sources).on_conflict_do_nothing(), places)
    _found(connection, [a.origin.key for a in arrivals])


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
