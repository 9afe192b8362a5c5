"""Logs of a folder on their way into a store: what it has is neither packed nor written again."""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
import zstandard

from dlaasgen.adapters import spool as spools
from dlaasgen.adapters.log_files.finding import Places
from dlaasgen.adapters.spool import Spool
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.adapters.store.database import Database, opened
from dlaasgen.adapters.store.tables import chunks, logs, sources
from dlaasgen.errors import StoreError
from dlaasgen.joining import Known
from dlaasgen.pipeline import ingest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PREFIXED = b"".join(b"[pod/%s-worker-%d/tensorflow] line %d\n" % (b"ab"[i % 2 :][:1], i % 3, i) for i in range(60))
CONTENT = {"a-worker-0.log": b"one\ntwo\n", "b-worker-0.log": b"three\n", "c.log": b"", "d.log": PREFIXED}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(str(tmp_path / "s.db"), make=True) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "logs"
    made.mkdir()
    for name, data in CONTENT.items():
        (made / name).write_bytes(data)
    return made


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is packed."""
    found: list[bytes] = []

    real = zstandard.ZstdCompressor

    class Spied:
        def __init__(self, level: int) -> None:
            self._real = real(level=level)

        def compress(self, data: bytes) -> bytes:
            found.append(data)
            return self._real.compress(data)

    monkeypatch.setattr(zstandard, "ZstdCompressor", Spied)
    return found


def collect(database: Database, folder: Path) -> ingest.Ingested:
    return ingest.ingest(database, Places().find(str(folder)).logs, ingest.Naming(Known()), "", 1, None)


def held(database: Database) -> dict[str, list[tuple[str, bytes]]]:
    """Key -> (path, bytes) of all that is stored."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    with database.read() as connection:
        for row in connection.execute(sa.select(sources).order_by(sources.c.key, sources.c.digest)).all():
            data = b"".join(log_store.read(connection, row.digest))
            assert f"sha256:{sha256(data).hexdigest()}" == row.digest
            found.setdefault(row.key, []).append((row.path, data))
    return found


def emptied(database: Database) -> None:
    with database.write() as connection:
        for table in (sources, chunks, logs):
            connection.execute(sa.delete(table))


def test_what_the_store_has_is_not_packed_again(database: Database, folder: Path, packed: list[bytes]) -> None:
    first = collect(database, folder)
    assert (first.seen, first.changed) == (9, 9)
    before = held(database)
    assert sorted(packed) == sorted(data for places in before.values() for _, data in places if data)
    packed.clear()
    (folder / "e-worker-0.log").write_bytes(b"new\n")
    (folder / "f-worker-0.log").write_bytes(CONTENT["a-worker-0.log"])
    second = collect(database, folder)
    assert (second.seen, second.changed) == (11, 2)
    assert packed == [b"new\n"]
    more = held(database)
    assert {key: more[key] for key in before} == before
    assert [data for key in more if key not in before for _, data in more[key]] == [b"new\n", b"one\ntwo\n"]


def between(monkeypatch: pytest.MonkeyPatch, done: Callable[[], None]) -> None:
    """Have something done after logs have been read, and before they are stored."""
    real = ingest._read

    def read(*told: Any) -> Any:
        found = real(*told)
        done()
        return found

    monkeypatch.setattr(ingest, "_read", read)


def test_what_the_store_loses_meanwhile_is_read_once_more(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(database, folder)
    before = held(database)
    between(monkeypatch, lambda: emptied(database))
    assert collect(database, folder).changed == 9
    assert held(database) == before


def test_what_the_store_loses_and_what_changes_meanwhile_is_told(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(database, folder)

    def lost() -> None:
        emptied(database)
        (folder / "a-worker-0.log").write_bytes(b"one\ntwo\nthree\n")

    between(monkeypatch, lost)
    with pytest.raises(StoreError, match=r"a-worker-0\.log has changed while it was collected"):
        collect(database, folder)
    assert held(database) == {}
    monkeypatch.undo()
    assert collect(database, folder).changed == 9


def test_small_logs_wait_to_be_packed_and_large_ones_do_not(
    monkeypatch: pytest.MonkeyPatch, packed: list[bytes]
) -> None:
    monkeypatch.setattr(spools, "PIECE", 4)
    monkeypatch.setattr(spools, "WAITING", 40)
    spool = Spool(8)
    for key, data in (("a", b"abc"), ("b", b"abcde"), ("b", b"fgh"), ("b", b"ij"), ("a", b"de")):
        spool.add(key, data)
    assert packed == [b"abcde", b"fghij"]
    found = dict(spool.packed())
    assert packed == [b"abcde", b"fghij"]
    unpacked = zstandard.ZstdDecompressor()
    for key, data in (("a", b"abcde"), ("b", b"abcdefghij"), ("a", b"abcde")):
        log = found[key]
        assert b"".join(map(unpacked.decompress, log.pieces())) == data
        assert (log.size, log.lines, log.digest) == (len(data), 1, f"sha256:{sha256(data).hexdigest()}")
    assert packed == [b"abcde", b"fghij", b"abcde"]
    spool.close()


def test_what_waits_is_bounded_for_all_logs_together(monkeypatch: pytest.MonkeyPatch, packed: list[bytes]) -> None:
    monkeypatch.setattr(spools, "WAITING", 40)
    spool = Spool()
    for number in range(9):
        spool.add(number, b"%d234567\n" % number)
    assert len(packed) == 6
    assert [log.lines for _, log in spool.packed()] == [1] * 9
    assert len(packed) == 6
    spool.close()


def test_what_earlier_versions_packed_is_known_too(database: Database, folder: Path, packed: list[bytes]) -> None:
    collect(database, folder)
    with database.write() as connection:
        for row in connection.execute(sa.select(chunks)).all():
            data = zlib.compress(zstandard.decompress(row.data))
            connection.execute(sa.update(chunks).where(chunks.c.digest == row.digest).values(data=data))
    packed.clear()
    assert collect(database, folder).changed == 0
    assert packed == []
