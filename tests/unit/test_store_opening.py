"""Stores that are none, or that can only be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from dlaasgen.adapters.store import care
from dlaasgen.adapters.store import jobs as job_store
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import opened, shown
from dlaasgen.adapters.store.tables import results
from dlaasgen.errors import StoreError
from dlaasgen.joining import Job

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store of one job, in a folder with a name that a URL would have to escape."""
    folder = tmp_path / "a folder%20?#"
    folder.mkdir()
    with opened(str(folder / "s.db"), make=True) as database:
        with database.write() as connection:
            job_store.keep_job(database, connection, Job("a", "1"))
        row = {"job": "a", "run": "1", "inputs": "", "parser": "", "status": "", "document": "{}", "series": "[]"}
        with database.write() as connection:
            connection.execute(sa.insert(results).values(row))
    return str(folder / "s.db")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Folders cannot be written to any more, as far as asking tells: a test may run as root."""

    def close() -> None:
        monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)

    return close


def test_a_store_in_a_folder_that_cannot_be_written_to_is_read(store: str, closed: Callable[[], None]) -> None:
    closed()
    with opened(store) as database:
        assert result_store.series(database, "1") == {"a": []}
        with database.read_apart() as connection:
            assert connection.execute(sa.select(results.c.job)).scalars().all() == ["a"]
            # What SQLite keeps beside a store that it may write to is not made.
            assert os.listdir(os.path.dirname(store)) == ["s.db"]  # noqa: PTH120, PTH208
        with pytest.raises(StoreError, match=r"C123.*readonly.*have to be writable"):
            care.prune(database, None, dry=False)
        copy = str(Path(store).parent.parent / "copy.db")
        care.backup(database, copy)
    with opened(copy) as database:
        assert result_store.series(database, "1") == {"a": []}


def test_a_store_that_somebody_writes_to_is_not_taken_for_a_fixed_one(store: str, closed: Callable[[], None]) -> None:
    with opened(store) as database, database.engine.connect() as kept:
        kept.execute(sa.select(results.c.job)).all()
        with database.write() as connection:
            connection.execute(sa.update(results).values(series="[[1]]"))
        assert os.path.getsize(f"{store}-wal") > 0  # noqa: PTH202
        closed()
        with opened(store) as other:
            assert result_store.series(other, "1") == {"a": [[1]]}


def test_a_result_that_nothing_tells_of_is_told_by_the_doctor(store: str) -> None:
    with opened(store) as database:
        (found,) = care.doctor(database)
    assert (found.severity, found.message) == ("warning", "the result of a has no logs")


def test_a_file_of_another_kind_is_no_store_and_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are notes, and no database at all\n" * 20)
    for make in (False, True):
        with (
            pytest.raises(StoreError, match=r"C120.*notes\.txt is no store.*name another file"),
            opened(str(file), make=make),
        ):
            pass
    assert file.read_text().startswith("these are notes")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    for make in (False, True):
        with (
            pytest.raises(StoreError, match=r"C120.*there is no folder .*/nowhere for the store"),
            opened(str(tmp_path / "nowhere/s.db"), make=make),
        ):
            pass


def test_a_database_is_named_as_its_user_names_it() -> None:
    assert shown(sa.make_url("postgresql+psycopg://me:secret@host/db")) == "postgresql://me:***@host/db"
