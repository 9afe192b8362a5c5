"""The store's database: SQLite in one file, or PostgreSQL by its URL; opened, and brought to the newest form.

Writers of SQLite take the lock as they begin (BEGIN IMMEDIATE), so that two collectors take turns and neither fails
half way; PostgreSQL sorts them out by its unique keys. What has been committed is on the disk (docs/adr).
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dlaasgen.errors import StoreError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "0003"
WAIT = 60
# Any numbers, the same for all: who holds the one migrates, who holds the other writes.
_ADVISORY = 7_391_106
_LOCK = 7_391_107
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Database:
    """A store that is open. `read()` and `write()` give connections, each inside one transaction."""

    def __init__(self, name: str, engine: sa.Engine) -> None:
        self.name = name
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the store and changes nothing."""
        with _told(self.name), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A connection whose changes are committed together at the end, or not at all."""
        options = self.engine.execution_options(dlaasgen_write=True)
        with _told(self.name), options.begin() as connection:
            yield connection

    def insert(self, table: sa.Table) -> Any:
        """An INSERT of the database's own dialect, which has ON CONFLICT."""
        from sqlalchemy.dialects import postgresql, sqlite

        return (sqlite if self.sqlite else postgresql).insert(table)

    @contextlib.contextmanager
    def read_apart(self) -> Iterator[sa.Connection]:
        """`read()` with connections of its own: what a forked process needs."""
        own = Database(self.name, _engine(self.engine.url))
        try:
            with own.read() as connection:
                yield connection
        finally:
            own.close()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


@contextlib.contextmanager
def opened(name: str, *, make: bool = False) -> Iterator[Database]:
    """The store that `name` says: a path, or a URL of PostgreSQL. With `make`, it is made when it is not there."""
    url = _url(name)
    folder = os.path.dirname(url.database or "") or "."
    if url.get_backend_name() == "sqlite" and not os.path.isdir(folder):
        raise StoreError([Finding("C120", f"there is no folder {folder} for the store {name}")])
    if url.get_backend_name() == "sqlite" and not make and not os.path.exists(url.database or ""):
        raise StoreError([Finding("C120", f"there is no store {name}", hint="dlaasgen collect makes one")])
    database = Database(shown(url), _engine(url))
    try:
        _migrate(database, make=make)
        yield database
    finally:
        database.close()


def turn(database: Database, connection: sa.Connection) -> None:
    """Wait until no other writer is at work, to the end of the transaction; SQLite sees to it by itself."""
    if not database.sqlite:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def now() -> str:
    """The time, as the store writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def shown(url: sa.URL) -> str:
    """A store's name for people: no password in it."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _url(name: str) -> sa.URL:
    if not _URL.match(name):
        if os.path.isdir(name) or not name:
            raise StoreError([Finding("C120", f"the store {name!r} is a folder", expected="a file, or a URL")])
        return sa.URL.create("sqlite", database=name)
    try:
        url = sa.make_url(name)
    except SQLAlchemyError:
        url = None
    backend = url and url.drivername.split("+")[0]
    if url is None or backend not in {"sqlite", "postgresql", "postgres"}:
        finding = Finding(
            "C120",
            f"a store of {name.split(':', maxsplit=1)[0]} is not known",
            expected="FILE, sqlite:///FILE or postgresql://...",
        )
        raise StoreError([finding])
    return url if backend == "sqlite" else url.set(drivername="postgresql+psycopg")


def _engine(url: sa.URL) -> sa.Engine:
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        return sa.create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")
    except ImportError:
        hint = "pip install 'dlaasgen[postgresql]'"
        raise StoreError([Finding("C121", "PostgreSQL needs the package psycopg", hint=hint)]) from None


def _sqlite(url: sa.URL) -> sa.Engine:
    frozen = "immutable" in url.query or _frozen(url.database or "")
    if frozen and not url.query:
        options = {"mode": "ro", "immutable": "1", "uri": "true"}
        url = url.set(database=f"file:{quote(os.path.abspath(url.database or ''))}", query=options)
    engine = sa.create_engine(url, connect_args={"timeout": WAIT}, poolclass=sa.NullPool)

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin transactions where it sees fit
        if frozen:
            return
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        _log_ahead(connection)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("dlaasgen_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _frozen(path: str) -> bool:
    """Whether a file can only be read: SQLite then has no place for what it keeps beside it, and needs none."""
    folder = os.path.dirname(os.path.abspath(path))
    ahead = os.path.exists(f"{path}-wal") and os.path.getsize(f"{path}-wal") > 0
    return os.path.isfile(path) and not os.access(folder, os.W_OK) and not ahead


def _log_ahead(connection: Any) -> None:
    """Switch to a write-ahead log: readers and the writer do not wait for each other.

    The switch does not wait for a lock as other statements do; whoever else holds it is switching too.
    """
    for _ in range(WAIT * 20):
        if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            return
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except connection.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.05)


def _migrate(database: Database, *, make: bool) -> None:
    with database.read() as connection:
        form = _form(connection)
    if form == HEAD:
        return
    if form is None and not make:
        raise StoreError([Finding("C120", f"{database.name} is no store", hint="dlaasgen collect makes one")])
    if form is not None and form > HEAD:
        message = f"{database.name} was written by a newer dlaasgen"
        raise StoreError([Finding("C122", message, found=f"form {form}", expected=f"form {HEAD} at most")])
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("dlaasgen.adapters.store").joinpath("migrations")))
    with database.write() as connection:
        if not database.sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY)))
        if _form(connection) != HEAD:  # somebody else may have been first
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _form(connection: sa.Connection) -> str | None:
    """The revision that the database is in; None when it is no store."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    form = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if form is None else str(form)


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """The driver's complaints, as a finding."""
    try:
        yield
    except DBAPIError as error:
        words = " ".join(str(error.orig).split())
        if "malformed" in words:
            hint = "restore a backup, or collect again into a new one"
            raise StoreError([Finding("C125", f"the store {name} is damaged: {words}", hint=hint)]) from error
        if "not a database" in words:
            hint = "name another file; dlaasgen collect makes a store where there is none"
            found = "a file of another kind"
            raise StoreError([Finding("C120", f"{name} is no store", found=found, hint=hint)]) from error
        closed = "readonly" in words or "unable to open" in words
        writable = "the file and its folder have to be writable" if closed else None
        raise StoreError([Finding("C123", f"the store {name} fails: {words}", hint=writable)]) from error
