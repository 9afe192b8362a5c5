"""The store, on both databases: the same tests."""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
import zstandard

from dlaasgen.adapters.spool import Spool
from dlaasgen.adapters.store import care
from dlaasgen.adapters.store import evidence as evidence_store
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import Database, opened, shown
from dlaasgen.adapters.store.tables import logs, metadata, results, sources
from dlaasgen.errors import StoreError, UsageError
from dlaasgen.evidence import Evidence
from dlaasgen.joining import Arrival, Job, Known, Packed
from dlaasgen.origins import Origin, from_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dlaasgen.adapters.store.results import Done


def packed(data: bytes, size: int = 4) -> Packed:
    pieces = [zstandard.compress(data[i : i + size]) for i in range(0, len(data), size)]
    return Packed(f"sha256:{sha256(data).hexdigest()}", len(data), data.count(b"\n"), lambda: pieces)


def arrival(data: bytes, path: str = "a-worker-0.log", job: Job | None = None, key: str | None = None) -> Arrival:
    origin = from_path(path)
    return Arrival(replace(origin, key=key or origin.key), packed(data), job or Job(origin.job))


CELL = Job("a", "1", "nightly", "c1", {"model": "m"}, {"replicas": 2}, "sha256:0")


@pytest.fixture
def database(store_name: str) -> Iterator[Database]:
    with opened(store_name, make=True) as found:
        yield found


def held(database: Database) -> list[bytes]:
    with database.read() as connection:
        digests = list(connection.execute(sa.select(logs.c.digest).order_by(logs.c.digest)).scalars())
        return sorted(b"".join(log_store.read(connection, digest)) for digest in digests)


def done(database: Database, **document: Any) -> list[Done]:
    return [
        result_store.done(t.job, t.inputs, "1", {"status": "succeeded", "metrics": {}, **document}, [[1, 2.0]])
        for t in result_store.todo(database, "1")
    ]


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        there = sa.inspect(connection)
        for table in metadata.tables.values():
            columns = {c["name"]: c for c in there.get_columns(table.name)}
            assert set(columns) == {c.name for c in table.columns}, table.name
            assert {n for n, c in columns.items() if not c["nullable"]} == {
                c.name for c in table.columns if not c.nullable
            }
            assert there.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
            assert {i["name"] for i in there.get_indexes(table.name)} == {i.name for i in table.indexes}


def test_a_log_is_stored_once_however_often_it_comes(database: Database) -> None:
    assert log_store.store(database, [arrival(b"hello\nworld\n"), arrival(b"", "b.log")]) == 2
    assert log_store.store(database, [arrival(b"hello\nworld\n")]) == 0
    assert held(database) == [b"", b"hello\nworld\n"]


def test_a_log_of_two_places_is_kept_once_with_both(database: Database) -> None:
    assert log_store.store(database, [arrival(b"x\n"), arrival(b"x\n", "b-worker-0.log")]) == 2
    assert held(database) == [b"x\n"]
    assert [row["path"] for row in result_store.listed(database)] == ["a-worker-0.log", "b-worker-0.log"]


def test_a_log_that_has_grown_takes_the_place_of_its_beginning(database: Database) -> None:
    log_store.store(database, [arrival(b"one\n")])
    assert log_store.store(database, [arrival(b"one\ntwo\n")]) == 1
    assert log_store.store(database, [arrival(b"one\n")]) == 0
    assert held(database) == [b"one\ntwo\n"]


def test_a_log_that_comes_by_the_spool_and_has_grown_takes_the_place_of_its_beginning(database: Database) -> None:
    origin = from_path("a-worker-0.log")
    for data in (b"one\n", b"one\ntwo\n"):
        spool = Spool()
        spool.add(None, data)
        assert log_store.store(database, [Arrival(origin, log, Job("a")) for _, log in spool.packed()]) == 1
        spool.close()
    assert held(database) == [b"one\ntwo\n"]


def test_a_beginning_that_another_place_has_as_well_is_kept(database: Database) -> None:
    log_store.store(database, [arrival(b"one\n"), arrival(b"one\n", "b-worker-0.log")])
    log_store.store(database, [arrival(b"one\ntwo\n")])
    assert held(database) == [b"one\n", b"one\ntwo\n"]


def test_what_is_neither_is_kept_beside(database: Database) -> None:
    for data in (b"one\ntwo\n", b"two\nthree\nfour\n", b"x\n"):
        assert log_store.store(database, [arrival(data)]) == 1
    assert held(database) == [b"one\ntwo\n", b"two\nthree\nfour\n", b"x\n"]


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def broken() -> Iterator[bytes]:
        yield zlib.compress(b"half")
        raise OSError("gone")

    bad = Arrival(from_path("b-worker-0.log"), Packed("sha256:1", 8, 1, broken), Job("b"))
    with pytest.raises(OSError, match="gone"):
        log_store.store(database, [arrival(b"x\n"), bad])
    assert held(database) == []
    assert result_store.listed(database) == []


def test_a_job_is_to_be_read_until_its_result_is_made_of_what_there_is(database: Database) -> None:
    log_store.store(database, [arrival(b"x\n", job=CELL)])
    (todo,) = result_store.todo(database, "1")
    assert todo.job == CELL
    assert [(log.role, log.number, log.size) for log in todo.logs] == [("worker", 0, 2)]
    assert result_store.save(database, "1", done(database)) == 1
    assert result_store.todo(database, "1") == []
    assert len(result_store.todo(database, "2")) == 1
    assert len(result_store.todo(database, "1", everything=True)) == 1
    log_store.store(database, [arrival(b"y\n", "a-worker-1.log", CELL)])
    assert len(result_store.todo(database, "1")) == 1


def test_a_result_of_logs_that_have_changed_meanwhile_is_not_stored(database: Database) -> None:
    log_store.store(database, [arrival(b"x\n", job=CELL)])
    late = done(database)
    log_store.store(database, [arrival(b"y\n", "a-worker-1.log", CELL)])
    assert result_store.save(database, "1", late) == 0
    assert result_store.save(database, "1", done(database, status="failed")) == 1
    ((document, axes, params, *columns),) = result_store.rows(database)
    assert '"failed"' in str(document)
    assert (axes, params) == ('{"model":"m"}', '{"replicas":2}')
    assert dict(zip(result_store.COLUMNS, columns, strict=True)) == {
        "job": "a", "run": "1", "status": "failed", "images_per_second": None,
    }  # fmt: skip
    assert result_store.series(database, "1") == {"a": [[1, 2.0]]}


def test_logs_that_fit_no_cell_are_listed_and_join_one_that_is_known_later(database: Database) -> None:
    log_store.store(database, [arrival(b"x\n"), arrival(b"y\n", "b-worker-0.log")])
    result_store.save(database, "1", done(database))
    assert len(result_store.listed(database, unmatched=True)) == 2
    assert log_store.rejoin(database, Known()) == 0
    assert log_store.rejoin(database, Known({"a": CELL})) == 1
    assert [row["job"] for row in result_store.listed(database, unmatched=True)] == ["b"]
    assert [(t.job.job, t.job.cell) for t in result_store.todo(database, "1")] == [("a", "c1")]
    # Without a tree it stays what it is known to be.
    log_store.store(database, [arrival(b"x\n")])
    assert [row["job"] for row in result_store.listed(database, unmatched=True)] == ["b"]


def test_a_pods_log_joins_by_its_pod(database: Database) -> None:
    origin = Origin("pod:n/a-worker-0///0", "a", pod="a-worker-0")
    log_store.store(database, [Arrival(origin, packed(b"x\n"), Job("a"))])
    assert log_store.rejoin(database, Known({"a": CELL})) == 1
    assert result_store.listed(database)[0]["cell"] == "c1"


def test_a_log_moves_to_its_job_when_it_comes_again_with_a_tree(database: Database) -> None:
    log_store.store(database, [arrival(b"x\n")])
    assert log_store.store(database, [arrival(b"x\n", job=CELL)]) == 0
    assert [(row["job"], row["run"], row["cell"]) for row in result_store.listed(database)] == [("a", "1", "c1")]


def test_what_could_not_be_had_is_kept_until_it_comes(database: Database) -> None:
    log_store.note_missing(database, [("file:a-worker-0.log", "cut off"), ("file:b", "gone")])
    log_store.note_missing(database, [("file:a-worker-0.log", "cut off twice")])
    assert [(row["key"], row["reason"]) for row in result_store.not_had(database)] == [
        ("file:a-worker-0.log", "cut off twice"),
        ("file:b", "gone"),
    ]
    log_store.store(database, [arrival(b"x\n")])
    assert [row["key"] for row in result_store.not_had(database)] == ["file:b"]


def test_a_log_is_found_by_the_beginning_of_its_digest(database: Database) -> None:
    log_store.store(database, [arrival(b"x\n")])
    digest = packed(b"x\n").digest
    with database.read() as connection:
        assert log_store.full_digest(connection, digest[7:15]) == digest
        assert log_store.full_digest(connection, digest) == digest
        assert log_store.full_digest(connection, "%") is None


def test_the_doctor_finds_damage(database: Database) -> None:
    log_store.store(database, [arrival(b"hello\n"), arrival(b"y\n", "b-worker-0.log"), arrival(b"z\n", "c.log")])
    result_store.save(database, "1", done(database))
    assert care.doctor(database) == []
    with database.write() as connection:
        connection.execute(
            sa.text("UPDATE log_chunks SET data = :data WHERE digest = :digest"),
            {"data": zlib.compress(b"hullo\n"), "digest": packed(b"hello\n").digest},
        )
        connection.execute(
            sa.text("UPDATE log_chunks SET data = :data WHERE digest = :digest"),
            {"data": b"no zlib", "digest": packed(b"y\n").digest},
        )
        connection.execute(sa.delete(sources).where(sources.c.job == "c"))
    found = care.doctor(database)
    assert sorted(f.severity for f in found) == ["error", "error", "warning"]
    assert {f.found for f in found if f.found} == {packed(b"hello\n").digest, packed(b"y\n").digest}


def test_logs_as_earlier_versions_packed_them(database: Database) -> None:
    log_store.store(database, [arrival(b"one\n"), arrival(b"two\n", "b-worker-0.log")])
    with database.write() as connection:
        old = {"data": zlib.compress(b"one\n"), "digest": packed(b"one\n").digest}
        connection.execute(sa.text("UPDATE log_chunks SET data = :data WHERE digest = :digest"), old)
    assert held(database) == [b"one\n", b"two\n"]
    assert care.doctor(database) == []
    with database.read() as connection:
        sizes = {packed(b"one\n").digest: 4, packed(b"two\n").digest: 1 << 30}
        ahead = log_store.Ahead(connection, sizes)
        assert [b"".join(ahead.read(digest)) for digest in sizes] == [b"one\n", b"two\n"]


def test_pruning_takes_a_run_and_the_logs_that_are_left_alone(database: Database) -> None:
    log_store.store(database, [arrival(b"x\n", job=CELL), arrival(b"y\n", "b-worker-0.log")])
    result_store.save(database, "1", done(database))
    assert care.prune(database, "1", dry=True) == (1, 1)
    assert held(database) == [b"x\n", b"y\n"]
    assert care.prune(database, "1", dry=False) == (1, 1)
    assert held(database) == [b"y\n"]
    assert care.prune(database, None, dry=False) == (0, 0)
    assert len(result_store.todo(database, "2")) == 1


def test_a_backup_is_a_store(database: Database, tmp_path: Path) -> None:
    log_store.store(database, [arrival(b"x\n")])
    target = tmp_path / "copy.db"
    if not database.sqlite:
        with pytest.raises(UsageError, match="pg_dump"):
            care.backup(database, str(target))
        return
    care.backup(database, str(target))
    with opened(str(target)) as copy:
        assert held(copy) == [b"x\n"]
    with pytest.raises(StoreError, match="is there already"):
        care.backup(database, str(target))
    with pytest.raises(StoreError, match="cannot be written"):
        care.backup(database, str(tmp_path / "no" / "copy.db"))


def test_the_doctor_finds_places_without_a_log_and_a_file_that_is_cut(tmp_path: Path) -> None:
    name = str(tmp_path / "s.db")
    with opened(name, make=True) as database:
        large = packed(b"".join(sha256(b"%d" % n).digest() for n in range(9000)), 1 << 16)
        first = Arrival(from_path("a-worker-0.log"), large, Job("a"))
        log_store.store(database, [first, arrival(b"y\n", "b-worker-0.log")])
        raw = sqlite3.connect(name)
        raw.execute("DELETE FROM log_chunks WHERE digest = ?", [packed(b"y\n").digest])
        raw.execute("DELETE FROM logs WHERE digest = ?", [packed(b"y\n").digest])
        raw.commit()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()
        (lost,) = care.doctor(database)
        assert "the log of file:b-worker-0.log is not there" in str(lost)
    size = (tmp_path / "s.db").stat().st_size
    with (tmp_path / "s.db").open("rb+") as file:
        file.truncate(size // 2 // 4096 * 4096)
    with pytest.raises(StoreError, match=r"C125.*is damaged.*malformed.*restore a backup"), opened(name):
        pass


def test_the_doctor_tells_what_it_finds_before_it_can_read_no_further(tmp_path: Path) -> None:
    name = str(tmp_path / "s.db")
    with opened(name, make=True) as database:
        large = packed(b"".join(sha256(b"%d" % n).digest() for n in range(9000)), 1 << 16)
        log_store.store(database, [Arrival(from_path("a-worker-0.log"), large, Job("a"))])
    size = (tmp_path / "s.db").stat().st_size
    with (tmp_path / "s.db").open("rb+") as file:
        # Pages in the middle, which hold the log; those of the schema stay.
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 8192)
    with opened(name) as database:
        found = care.doctor(database)
    assert {(one.code, one.severity) for one in found} == {("C125", "error")}


def test_pruning_a_run_leaves_the_logs_that_another_one_has(database: Database) -> None:
    other = replace(CELL, job="b", run="2")
    shared = [arrival(b"x\n", job=CELL), arrival(b"x\n", "b-worker-0.log", other)]
    log_store.store(database, shared)
    result_store.save(database, "1", done(database))
    assert care.prune(database, "1", dry=False) == (1, 0)
    assert held(database) == [b"x\n"]
    assert care.doctor(database) == []
    with pytest.raises(UsageError, match="no such run; found 1; expected one of '2'"):
        care.prune(database, "1", dry=False)
    assert care.prune(database, "2", dry=False) == (1, 1)
    assert held(database) == []


def test_a_backup_after_one_that_was_killed_and_while_others_write(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    for end in ("", "-journal"):
        (tmp_path / f"copy.db.part{end}").write_bytes(b"half of something" * 999)
    with opened(str(tmp_path / "s.db"), make=True) as database:
        log_store.store(database, [arrival(b"x\n")])
        with database.write() as connection:
            connection.execute(sa.update(sources).values(path="written meanwhile"))
            care.backup(database, str(target))
    with opened(str(target)) as copy:
        assert [row["path"] for row in result_store.listed(copy)] == ["a-worker-0.log"]
        assert care.doctor(copy) == []
    assert not list(tmp_path.glob("copy.db.part*"))


def test_a_newer_form_is_left_alone(database: Database, store_name: str) -> None:
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="written by a newer dlaasgen; found form 9999"), opened(store_name, make=True):
        pass


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("This is no database, and long enough to be seen as none." * 9)
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (a)").connection.close()
    for name, words in {
        "missing.db": "there is no store",
        "text.db": "is no store; found a file of another kind",
        "other.db": "is no store",
        "": "is a folder",
    }.items():
        with pytest.raises(StoreError, match=words), opened(str(tmp_path / name)):
            pass
    with pytest.raises(StoreError, match="a store of mysql is not known"), opened("mysql://u:secret@h/d", make=True):
        pass


def test_a_server_that_does_not_answer_is_told_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://u:secret@/d?host={tmp_path}"
    with pytest.raises(StoreError, match=r"C123.*No such file") as caught, opened(url):
        pass
    assert "secret" not in str(caught.value)
    assert "secret" not in shown(sa.make_url(url))


def test_a_result_is_a_row_with_its_rate(database: Database) -> None:
    log_store.store(database, [arrival(b"x\n")])
    result_store.save(database, "1", done(database, metrics={"images_per_second": {"value": 2.5}}))
    with database.read() as connection:
        assert connection.execute(sa.select(results.c.images_per_second)).scalar() == 2.5


POD = Evidence("pod:n/a-worker-0/u", "Pod", "a-worker-0", "pending", "ErrImagePull", "refused", "worker", 0)


def test_what_kubernetes_says_makes_a_result_of_a_job_without_logs(database: Database) -> None:
    assert evidence_store.keep(database, []) == 0
    assert evidence_store.keep(database, [(POD, CELL)]) == 1
    assert evidence_store.keep(database, [(POD, CELL)]) == 0
    (todo,) = result_store.todo(database, "1")
    assert (todo.job, todo.logs) == (CELL, ())
    assert result_store.save(database, "1", done(database)) == 1
    assert result_store.todo(database, "1") == []
    assert care.doctor(database) == []
    assert evidence_store.unfinished(database) == [POD]
    assert evidence_store.owners(database, [POD.key]) == {POD.key: ("a", "1")}
    assert evidence_store.keep(database, [(replace(POD, gone=True), CELL)]) == 1
    assert evidence_store.unfinished(database) == []
    assert [t.inputs == todo.inputs for t in result_store.todo(database, "1")] == [False]
    assert care.prune(database, "1", dry=False) == (1, 0)
    assert result_store.todo(database, "1") == []


def test_what_kubernetes_says_comes_with_the_logs(database: Database) -> None:
    log_store.store(database, [arrival(b"x\n", job=CELL), arrival(b"y\n", "b-worker-0.log")])
    (before, _) = result_store.todo(database, "1")
    evidence_store.keep(database, [(POD, CELL)])
    (after, other) = result_store.todo(database, "1")
    assert (len(after.logs), len(after.evidence), other.evidence) == (1, 1, ())
    assert after.inputs != before.inputs
    # A log that moves to another job leaves the first there: something is still said of it.
    log_store.rejoin(database, Known({"b": Job("b", "1", "m", "c")}))
    with database.write() as connection:
        log_store.move(connection, "file:a-worker-0.log", Job("b", "1"))
    assert {t.job.job for t in result_store.todo(database, "1")} == {"a", "b"}


def test_what_a_tree_knows_of_a_job_outlives_what_labels_say_of_it(database: Database) -> None:
    log_store.store(database, [arrival(b"x\n", job=CELL)])
    less = replace(CELL, params={}, manifest_digest=None)
    assert log_store.store(database, [arrival(b"x\n", job=less)]) == 0
    assert [t.job for t in result_store.todo(database, "1")] == [CELL]
    more = replace(CELL, params={"replicas": 3}, manifest_digest="sha256:1")
    log_store.store(database, [arrival(b"x\n", job=more)])
    assert [t.job for t in result_store.todo(database, "1")] == [more]


def test_one_place_twice_in_a_batch_is_as_one_after_the_other(database: Database) -> None:
    log_store.store(database, [arrival(b"one\n", job=CELL), arrival(b"x\n", "b-worker-0.log")])
    log_store.note_missing(database, [("file:b-worker-0.log", "cut off")])
    again = [arrival(b"one\n", job=CELL), arrival(b"one\ntwo\n", job=CELL), arrival(b"x\n", "b-worker-0.log")]
    assert log_store.store(database, again) == 1
    assert held(database) == [b"one\ntwo\n", b"x\n"]
    assert result_store.not_had(database) == []
    assert log_store.store(database, [arrival(b"one\ntwo\n", job=CELL), arrival(b"one\n", job=CELL)]) == 0
    assert held(database) == [b"one\ntwo\n", b"x\n"]
