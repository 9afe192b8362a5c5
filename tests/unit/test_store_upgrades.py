"""A store that an older version has written is brought to the newest form, with every row as it was."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from dlaasgen.adapters.store import database as stores
from dlaasgen.adapters.store.database import HEAD, Database, opened
from dlaasgen.adapters.store.tables import metadata
from dlaasgen.errors import StoreError

TIME = "2026-01-01T00:00:00+00:00"
DIGESTS = [f"sha256:{n:064}" for n in range(3)]
ROWS: dict[str, list[dict[str, Any]]] = {
    "logs": [{"digest": d, "size": 2**40 + n, "lines": n, "stored": TIME} for n, d in enumerate(DIGESTS)],
    "log_chunks": [{"digest": d, "seq": n, "data": b"\x00\xff" * n} for d in DIGESTS for n in range(3)],
    "sources": [
        {
            "key": f"pod:n/p-{n}/u/c/0", "digest": DIGESTS[n % 2], "job": f"job-{n}", "run": "7", "role": "worker",
            "number": n, "namespace": "n", "pod": f"p-{n}", "uid": "u", "container": "c", "restart": 0, "path": "ä",
            "found": TIME,
        }
        for n in range(4)
    ],
    "jobs": [
        {
            "job": "job-0", "run": "7", "matrix": "m", "cell": "c", "axes": '{"a":"b"}', "params": '{"x":1.0}',
            "manifest_digest": "d",
        },
        {
            "job": "job-1", "run": "7", "matrix": None, "cell": None, "axes": "{}", "params": "{}",
            "manifest_digest": None,
        },
    ],
    "results": [
        {
            "job": "job-0", "run": "7", "inputs": "sha256:0", "parser": "1", "status": "succeeded",
            "images_per_second": 12.5, "document": '{"ü": 1}', "series": "[[1, 2.0]]",
        }
    ],
    "missing": [{"key": "file:x", "reason": "gone", "noticed": TIME}],
}  # fmt: skip


def write(name: str, form: str) -> None:
    """A store as the version of that form has made it, with rows in every table."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("dlaasgen.adapters.store").joinpath("migrations")))
    engine = stores._engine(stores._url(name))
    database = Database(name, engine)
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, form)
        for table, rows in ROWS.items():
            there = sa.Table(table, sa.MetaData(), autoload_with=connection)
            connection.execute(sa.insert(there), rows)
    database.close()


def rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Those columns of every row that the first form has."""
    found = {}
    with database.read() as connection:
        for table, told in ROWS.items():
            columns = [metadata.tables[table].c[name] for name in told[0]]
            query = sa.select(*columns).order_by(*metadata.tables[table].primary_key.columns)
            found[table] = [dict(row) for row in connection.execute(query).mappings()]
    return found


def test_a_store_of_the_first_form_is_brought_to_the_newest_with_every_row(store_name: str) -> None:
    write(store_name, "0001")
    for _ in range(2):  # once to upgrade it, once as it is then
        with opened(store_name) as database:
            assert rows(database) == ROWS
            with database.read() as connection:
                assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == HEAD
                assert set(metadata.tables) <= set(sa.inspect(connection).get_table_names())


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(store_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(store_name, "0001")

    def fail(config: Config, form: str) -> None:
        upgrade(config, form)
        raise OSError("killed")

    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(OSError, match="killed"), opened(store_name):
        pass
    monkeypatch.undo()
    database = Database(store_name, stores._engine(stores._url(store_name)))
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "0001"
    database.close()
    with opened(store_name) as database:
        assert rows(database) == ROWS


def test_a_store_of_a_newer_form_is_refused_and_left_as_it_is(store_name: str) -> None:
    write(store_name, HEAD)
    newer = f"{int(HEAD) + 1:04}"
    database = Database(store_name, stores._engine(stores._url(store_name)))
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :form"), {"form": newer})
    for make in (False, True):
        with pytest.raises(StoreError) as caught, opened(store_name, make=make):
            pass
        assert f"written by a newer dlaasgen; found form {newer}; expected form {HEAD} at most" in str(caught.value)
    assert rows(database) == ROWS
    database.close()
