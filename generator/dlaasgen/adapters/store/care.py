"""Care for the store: is it whole, copy it, throw away what is not needed any more."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dlaasgen.adapters.store.database import WAIT, turn
from dlaasgen.adapters.store.logs import read
from dlaasgen.adapters.store.tables import chunks, evidence, jobs, logs, missing, results, sources
from dlaasgen.errors import StoreError, UsageError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from dlaasgen.adapters.store.database import Database


def doctor(database: Database) -> list[Finding]:
    """What is wrong with the store: each log's bytes are read and compared with its digest."""
    found: list[Finding] = []
    try:
        _look(database, found)
    except StoreError as error:
        # A file that is cut or overwritten cannot be read to its end; what was found before is told all the same.
        found += error.findings
    return found


def _look(database: Database, found: list[Finding]) -> None:
    with database.read() as connection:
        if database.sqlite:
            said = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            if said != "ok":
                found.append(Finding("C125", f"the database file is damaged: {str(said).splitlines()[0]}"))
        for row in connection.execute(sa.select(logs)).all():
            digest, size = hashlib.sha256(), 0
            try:
                for data in read(connection, row.digest):
                    digest.update(data)
                    size += len(data)
            except ValueError:
                size = -1
            if f"sha256:{digest.hexdigest()}" != row.digest or size != row.size:
                found.append(Finding("C125", "a log is not what was stored", found=row.digest))
        held = sa.select(results.c.job).where(
            *(
                ~sa.exists().where(table.c.job == results.c.job, table.c.run == results.c.run)
                for table in (sources, evidence)
            )
        )
        found += [
            Finding("C125", f"the result of {job} has no logs", severity="warning")
            for job in connection.execute(held).scalars()
        ]
        lost = sa.select(sources.c.key, sources.c.digest).where(~sa.exists().where(logs.c.digest == sources.c.digest))
        found += [
            Finding("C125", f"the log of {row.key} is not there", found=row.digest)
            for row in connection.execute(lost).all()
        ]


def backup(database: Database, target: str) -> None:
    """Copy the store into a new SQLite file, as of one moment, while others may write."""
    if not database.sqlite:
        hint = "pg_dump copies a PostgreSQL database"
        raise UsageError([Finding("C131", "only a store in a file can be copied", hint=hint)])
    if os.path.exists(target):
        raise StoreError([Finding("C124", f"{target} is there already", hint="name a file that is not")])
    staged = f"{target}.part"
    try:
        # What a copy that was killed has left.
        _remove(staged)
        (where,), how = database.engine.dialect.create_connect_args(database.engine.url)
        options: Any = {**how, "timeout": WAIT}
        with (
            closing(sqlite3.connect(where, **options)) as source,
            closing(sqlite3.connect(staged)) as copy,
        ):
            # One moment: without it, the copy begins again whenever somebody writes.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(copy, pages=4096)
            copy.execute("PRAGMA journal_mode=DELETE")
        with open(staged, "rb+") as file:
            os.fsync(file.fileno())
        os.rename(staged, target)
        folder = os.open(os.path.dirname(os.path.abspath(target)), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, sqlite3.Error) as error:
        raise StoreError([Finding("C124", f"{target} cannot be written: {error}")]) from None
    finally:
        with contextlib.suppress(OSError):
            _remove(staged)


def _remove(staged: str) -> None:
    for end in ("", "-journal", "-wal", "-shm"):
        if os.path.exists(staged + end):
            os.unlink(staged + end)


def prune(database: Database, run: str | None, *, dry: bool) -> tuple[int, int]:
    """Remove a run's results with its logs, and logs that no place has any more; the numbers of (jobs, logs)."""
    with database.write() as connection:
        turn(database, connection)
        gone = 0
        if run is not None:
            gone = (
                connection.execute(sa.select(sa.func.count()).select_from(jobs).where(jobs.c.run == run)).scalar() or 0
            )
            if not gone:
                runs = sorted(connection.execute(sa.select(jobs.c.run).distinct()).scalars())
                near = f"one of {', '.join(map(repr, runs[:10]))}" if runs else None
                raise UsageError([Finding("C132", "the store has no such run", found=run, expected=near)])
            for table in (results, sources, evidence, jobs):
                connection.execute(sa.delete(table).where(table.c.run == run))
        loose = sa.select(logs.c.digest).where(~sa.exists().where(sources.c.digest == logs.c.digest))
        digests = list(connection.execute(loose).scalars())
        for digest in digests:
            connection.execute(sa.delete(chunks).where(chunks.c.digest == digest))
            connection.execute(sa.delete(logs).where(logs.c.digest == digest))
        if run is None:
            connection.execute(sa.delete(missing).where(missing.c.key.in_(sa.select(sources.c.key))))
        if dry:
            connection.rollback()
    if not dry and database.sqlite:
        try:
            with closing(sqlite3.connect(database.engine.url.database or "", timeout=WAIT)) as own:
                own.execute("VACUUM")
        except sqlite3.Error as error:
            words = f"what was removed is gone, and the file is as large as before: {error}"
            raise StoreError([Finding("C123", f"{database.name}: {words}", hint="prune again")]) from None
    return gone, len(digests)
