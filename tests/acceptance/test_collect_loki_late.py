"""Lines that come to Loki hours after they were written, by a shipper that was down: the next collection has them."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen import joining
from dlaasgen.adapters import loki
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import Database, opened
from dlaasgen.pipeline import collect as pipeline
from dlaasgen.pipeline import from_loki
from dlaasgen.pipeline.collect import Asked
from dlaasgen.pipeline.notebook import Store
from lokis import Loki, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.outside

HOUR = from_loki.LATE // 2
START = (time.time_ns() // 10**9 - 86400) * 10**9
POD = {"namespace": "dlaas", "pod": "nightly-c1-x-worker-0", "container": "tensorflow"}
# A shipper makes a stream of its own of it, which may begin days late.
ROTATED = {**POD, "filename": "/var/log/other/rotated"}
QUERY = '{namespace="dlaas"}'


@pytest.fixture
def server() -> Iterator[Loki]:
    with serving() as served:
        for n in range(10):
            served.push(START + n * HOUR, POD, f"line {n}" + "\nand more" * (n % 3))
        yield served


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(str(tmp_path / "s.db"), make=True) as made:
        yield made


def asked(end: int = 20 * HOUR, query: str = QUERY) -> from_loki.Range:
    return from_loki.Range(query, START - HOUR, START + end)


def collect(server: Loki, database: Database, wanted: from_loki.Range | None = None) -> int:
    done = from_loki.collect(database, loki.Loki(server.url), wanted or asked(), joining.known([], ""))
    assert done.failed == []
    return done.changed


def fullest(database: Database) -> list[str]:
    """The lines of the log that counts, without their times."""
    with database.read() as connection:
        (key,) = {place["key"] for place in result_store.listed(database)}
        raw = b"".join(log_store.read(connection, log_store.longest(connection, key) or "")).decode()
    return [line.split("Z ", 1)[1] for line in raw.splitlines()]


def expected(server: Loki) -> list[str]:
    return [part for _, _, line in sorted(server.lines, key=lambda one: one[0]) for part in line.split("\n")]


def reads(server: Loki) -> list[float]:
    """From when lines were asked for since the last time, in hours."""
    found = [(int(q["start"]) - START) / HOUR for path, q in server.asked if path.endswith("query_range")]
    server.asked.clear()
    return [round(one, 6) for one in found]


@pytest.mark.parametrize("labels", [POD, ROTATED])
@pytest.mark.parametrize("at", [0.5, 3.1, 6.9])
def test_a_line_that_is_older_than_the_overlap_is_had(
    server: Loki, database: Database, labels: dict[str, str], at: float
) -> None:
    assert collect(server, database) == 1
    assert expected(server) == fullest(database)
    server.push(START + int(at * HOUR), labels, "late")
    assert collect(server, database) == 1
    assert fullest(database) == expected(server)
    # And once it is had, that is that.
    reads(server)
    assert collect(server, database) == 0
    assert reads(server) == [-1, 7]


def test_a_result_is_made_of_the_fuller_of_two_logs(server: Loki, tmp_path: Path, root: Path) -> None:
    name = "examples/logs/nightly/alexnet-bs128-w3-eigen-worker-0.log"
    lines = (root / name).read_text(encoding="utf-8").splitlines()
    late = next(n for n, line in enumerate(lines) if line.startswith("10\t"))
    store = str(tmp_path / "own.db")

    def result() -> tuple[int, list[int], Any]:
        wanted = Asked([server.url], store, jobs=1, query=QUERY)
        pipeline.collect(wanted, io.BytesIO(), None, lambda _: None)
        (found,) = Store(store).results()
        steps = [row["step"] for row in Store(store).series(found)]
        return len(found["workers"]), steps, found["metrics"]["images_per_second"]["value"]

    server.lines = [(START + n * HOUR // 4, POD, line) for n, line in enumerate(lines) if n != late]
    assert result() == (1, [1, 20], 15.64)
    server.push(START + late * HOUR // 4, ROTATED, lines[late])
    assert result() == (1, [1, 10, 20], 15.64)


def test_a_long_log_is_not_read_again_when_nothing_came_late(server: Loki, database: Database) -> None:
    collect(server, database)
    reads(server)
    for n in range(10, 12):
        server.push(START + n * HOUR, POD, f"line {n}")
    assert collect(server, database) == 1
    assert reads(server) == [-1, 7]
    assert fullest(database) == expected(server)


def test_what_loki_has_thrown_away_hides_no_late_line(server: Loki, database: Database) -> None:
    collect(server, database)
    whole = expected(server)
    del server.lines[:4]
    reads(server)
    assert collect(server, database) == 0
    # One page was asked for, to know what the oldest line is that is left.
    assert reads(server) == [-1, 0, 7]
    server.push(START + 5 * HOUR + 1, ROTATED, "late")
    assert collect(server, database) == 1
    at = whole.index("line 6")
    assert fullest(database) == [*whole[:at], "late", *whole[at:]]
    del server.lines[:]
    assert collect(server, database) == 0


@pytest.mark.parametrize("body", [None, b"{}", b'{"data": {"result": [{"value": [1]}]}}'])
def test_a_server_that_does_not_count_is_asked_for_the_lines(
    server: Loki, database: Database, body: bytes | None
) -> None:
    collect(server, database)
    server.counts = False
    answer = server.answer
    if body is not None:
        server.answer = lambda path: (200, body, {}) if "/query?" in path else answer(path)  # type: ignore[method-assign]
    server.push(START + HOUR + 1, ROTATED, "late")
    reads(server)
    assert collect(server, database) == 1
    assert reads(server) == [-1, 0]
    assert fullest(database) == expected(server)


def test_following_looks_for_late_lines_every_hour(server: Loki, database: Database) -> None:
    wanted = asked(10 * HOUR)
    assert collect(server, database, wanted) == 1
    server.push(START + HOUR + 1, ROTATED, "late")
    wanted.end = START + 10 * HOUR + HOUR // 2
    assert collect(server, database, wanted) == 0
    wanted.end = START + 11 * HOUR + 1
    assert collect(server, database, wanted) == 1
    assert fullest(database) == expected(server)


def test_following_streams_of_many_pods_looks_for_late_lines_every_hour(server: Loki, database: Database) -> None:
    server.metadata = {"pod"}
    wanted = asked(10 * HOUR)
    assert collect(server, database, wanted) == 1
    server.push(START + HOUR + 1, POD, "late")
    wanted.end = START + 11 * HOUR + 1
    assert collect(server, database, wanted) == 1
    assert fullest(database) == expected(server)


@pytest.mark.parametrize(("query", "newline"), [(QUERY, ""), (QUERY + ' | json | line_format "{{.log}}"', "\n")])
def test_lines_come_to_their_bytes_and_one_for_each(server: Loki, database: Database, query: str, newline: str) -> None:
    server.lines = [(at, labels, line + newline) for at, labels, line in server.lines]
    api = loki.Loki(server.url)
    # The first instant belongs to a window, its end does not.
    for first, end in ((0, 10), (0, 9), (1, 9), (3, 4), (-2, -1)):
        texts = [line for at, _, line in server.lines if first * HOUR <= at - START < end * HOUR]
        told = api.weight(query, START + first * HOUR, START + end * HOUR)
        assert told == sum(len(line.removesuffix("\n").encode()) + 1 for line in texts)
    # What was unpacked with its newline is not taken for another line.
    collect(server, database, asked(query=query))
    reads(server)
    assert collect(server, database, asked(query=query)) == 0
    assert reads(server) == [-1, 7]
