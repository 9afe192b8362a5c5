"""Loki's HTTP API, as a server of the test's own answers: paging, limits, refusals, credentials."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from dlaasgen.adapters import loki
from dlaasgen.errors import StoreError, UsageError
from lokis import Loki, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.outside

HOUR = 3600 * 10**9
START = (time.time_ns() // 10**9 - 86400) * 10**9


@pytest.fixture
def server() -> Iterator[Loki]:
    with serving() as served:
        yield served


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


def read(server: Loki, limit: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    monkeypatch.setattr(loki, "LIMIT", limit)
    lost: list[str] = []
    found = loki.Loki(server.url).entries('{pod=~".+"}', START, START + HOUR, lost.append)
    return [entry.line for entry in found], lost


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7, 10, 24, 40])
@pytest.mark.parametrize("same", [1, 2, 3, 5])
def test_nothing_twice_and_nothing_missing_whatever_the_page(
    server: Loki, limit: int, same: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = [{"pod": "a"}, {"pod": "b"}]
    for n in range(20):
        server.push(START + n // same, labels[n % 2], f"line {n:02}")
    # The same words, at the same time, from two pods, and again a moment later.
    for n in range(4):
        server.push(START + 10 + n // 2, labels[n % 2], "again")
    lines, lost = read(server, limit, monkeypatch)
    assert (sorted(lines), lost) == (sorted(line for _, _, line in server.lines), [])
    # The lines of one instant come in the same order every time.
    assert read(server, limit + 1, monkeypatch)[0] == lines


def test_the_last_line_of_a_range_is_had_and_its_end_is_not(server: Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in (START - 1, START, START + HOUR - 1, START + HOUR):
        server.push(at, {"pod": "a"}, str(at - START))
    for limit in (1, 2, 3):
        assert read(server, limit, monkeypatch)[0] == ["0", str(HOUR - 1)]


def test_an_instant_with_more_lines_than_the_server_gives_is_told(
    server: Loki, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(18):
        server.push(START + n // 9, {"pod": "a"}, f"line {n:02}")
    server.most = 4
    lines, lost = read(server, 4, monkeypatch)
    assert lines == [f"line {n:02}" for n in (*range(4), *range(9, 13))]
    assert [f"at {START + n} ns" in words for n, words in enumerate(lost)] == [True, True]


def test_a_smaller_limit_range_or_answer_of_the_server_is_kept_to(
    server: Loki, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(60):
        server.push(START + n * 10**9, {"pod": "a"}, f"line {n:02}")
    server.most, server.longest, server.largest = 23, 600 * 10**9, 90
    lines, lost = read(server, 50, monkeypatch)
    assert (lines, lost) == ([f"line {n:02}" for n in range(60)], [])
    # What is refused once is not asked for again.
    assert len(server.asked) < 60 / 10 + 3600 / 600 * 2 + 6
    assert len(loki.Loki(server.url).series('pod=~".+"', START, START + HOUR)) == 1


def test_what_the_server_cannot_give_in_parts_is_told(server: Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    server.push(START, {"pod": "a"}, "x" * 100)
    server.largest = 50
    with pytest.raises(loki.Unavailable, match="a line that is too large"):
        read(server, 50, monkeypatch)
    server.longest = 10**9
    with pytest.raises(loki.Unavailable, match="less than 60 s at once"):
        read(server, 50, monkeypatch)


def test_an_answer_that_is_too_large_is_asked_for_in_parts(server: Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(40):
        server.push(START + n, {"pod": "a"}, f"{n:02}" + "x" * 100)
    monkeypatch.setattr(loki, "LARGEST", 2000)
    lines, lost = read(server, 32, monkeypatch)
    assert ([int(line[:2]) for line in lines], lost) == (list(range(40)), [])


def test_a_busy_server_is_left_alone_for_as_long_as_it_says(
    server: Loki, quick: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.push(START, {"pod": "a"}, "x")
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    server.refuse = [
        (429, b"too many", {"Retry-After": "7"}),
        (503, b"", {"Retry-After": date}),
        (500, b"", {"Retry-After": "soon"}),
    ]
    assert read(server, 10, monkeypatch) == (["x"], [])
    assert quick == [7.0, 1.0, 2.0]
    server.away = True
    with pytest.raises(StoreError, match="does not answer: 503 no healthy upstream"):
        read(server, 10, monkeypatch)
    assert len(quick) == 3 + 5


def test_a_page_for_people_is_told(server: Loki, quick: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    server.body = b"<!doctype html><title>Log in</title>"
    with pytest.raises(StoreError, match="does not answer: what comes is no JSON, but a login's page perhaps"):
        read(server, 10, monkeypatch)
    # A proxy may say so for a moment.
    assert len(quick) == 5


def test_a_server_that_is_not_there_is_told(quick: list[float]) -> None:
    with pytest.raises(StoreError, match=r"C145.*does not answer: \[Errno \d+\] Connection refused$"):
        loki.Loki("loki+http://127.0.0.1:9").series('a="b"', START, START + 1)
    assert quick


@pytest.mark.parametrize(("status", "body", "said"), [
    (401, b"no org id", "LOKI_ORG_ID"), (403, b"", "LOKI_BEARER_TOKEN"), (302, b"", "302"),
    (404, b"not found", "404 not found; the URL ends before /loki/api/v1"),
    (400, b"parse error at line 1", "parse error"),
])  # fmt: skip
def test_a_refusal_is_told(server: Loki, status: int, body: bytes, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.refuse = [(status, body, {"Location": "http://127.0.0.1:9/elsewhere"})]
    with pytest.raises(StoreError) as caught:
        read(server, 10, monkeypatch)
    assert said in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"data": {"resultType": "streams", "result": [{"stream": 1}]}}'])
def test_an_answer_of_another_form_is_told(server: Loki, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    server.body = body
    with pytest.raises(StoreError, match="another form"):
        read(server, 10, monkeypatch)
    server.body = b'{"data": {"resultType": "matrix", "result": []}}'
    with pytest.raises(UsageError, match="the query gives no lines"):
        read(server, 10, monkeypatch)
    server.body = b'{"data": [1]}'
    with pytest.raises(StoreError, match="another form"):
        loki.Loki(server.url).series('a="b"', START, START + 1)


def test_warnings_are_told(server: Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    server.warnings = ["partial result"]
    assert read(server, 10, monkeypatch) == ([], ["Loki warns: partial result"])


def test_a_token_may_lie_in_a_file(server: Loki, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOKI_BEARER_TOKEN_FILE", str(tmp_path / "token"))
    (tmp_path / "token").write_text("first\n")
    api = loki.Loki(server.url)
    # One that is changed is the one that counts; while there is none, the last one does.
    for token in ("first", "secret", None):
        (tmp_path / "token").unlink()
        if token:
            (tmp_path / "token").write_text(f"{token}\n")
        api.series('a="b"', START, START + 1)
    (tmp_path / "token").write_text("third\n")
    read(server, 10, monkeypatch)
    monkeypatch.delenv("LOKI_BEARER_TOKEN_FILE")
    monkeypatch.setenv("LOKI_BEARER_TOKEN", "other")
    read(server, 10, monkeypatch)
    assert [told["Authorization"] for told in server.headers] == [
        f"Bearer {token}" for token in ("first", "secret", "secret", "third", "other")
    ]
