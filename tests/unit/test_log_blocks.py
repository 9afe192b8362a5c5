"""The reader's blocks: what lines alike or known say, times taken off at once, and where a log ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dlaasgen.logs import reading as reading_module
from dlaasgen.logs import scanning
from dlaasgen.logs.formats.registry import events_of
from dlaasgen.logs.reading import read_log
from dlaasgen.logs.runs import runs
from logs import STAMP, one, prefixed, sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.prefixes import Peeled


def test_lines_alike_but_for_digits_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoNeedles:
        def search(self, data: bytes) -> None:
            assert len(data) < 100

    many = b"".join(b"W1124 07:44:49.%06d 140 x.py:%d] retry %d\n" % (n, n, n) for n in range(40_000))
    broken = many.replace(b"retry 30000", b"retry no 30000")
    said = many.replace(b"] retry", b"] 1\timages/sec: 1.0 for")
    assert one(said).lines.unread == 40_000
    assert one(broken).lines == replace(one(many).lines, size=len(broken))
    monkeypatch.setattr(scanning, "needles", NoNeedles)
    assert one(many).lines.total == one(many).lines.other == 40_000


def test_a_log_of_which_most_lines_say_something_is_soon_known(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []

    def counting(peeled: Peeled) -> tuple[str, Sequence[Event]] | None:
        looked.append(peeled.content)
        return events_of(peeled)

    monkeypatch.setattr(scanning, "events_of", counting)
    log = sample("dist_alexnet_worker0") * 40
    assert one(log).lines.read == 40 * one(sample("dist_alexnet_worker0")).lines.read
    assert len(looked) < 100


def test_a_line_of_docker_behind_one_that_says_something() -> None:
    words = ["images/sec", '{\\"name\\": \\"m\\", \\"value\\": 1, \\"global_step\\": 3}', *["x"] * 4]
    lines = [f'{{"log":"{word}\\n","stream":"stdout","time":""}}\n' for word in words]
    reading = one("".join(lines * 200).encode())
    assert (reading.lines.unread, reading.lines.read) == (200, 200)


def test_the_last_lines_of_a_pod_of_which_one_has_another_prefix() -> None:
    both = [b"[pod/a-worker-%d/c] line %d\n" % (n % 2, n) for n in range(100)]
    both.insert(10, STAMP + b"[pod/a-worker-1/c] line 10\n")
    both.insert(60, STAMP + b"[pod/a-worker-1/c] line 60\n")
    for reading, number in zip(read_log(b"".join(both)), (0, 1), strict=True):
        assert reading.tail == tuple(f"line {n}" for n in range(60 + number, 100, 2))


@pytest.mark.parametrize(("block", "place", "prefix"), [(300, 90, b""), (3000, 110, b"[pod/a-worker-%d/c] ")])
def test_the_last_time_may_be_that_of_an_earlier_block(
    monkeypatch: pytest.MonkeyPatch, block: int, place: int, prefix: bytes
) -> None:
    lines = [b"%d" % n for n in range(400)]
    lines[place] = b"2026-11-24T07:44:48Z x"
    monkeypatch.setattr(reading_module, "_BLOCK", block)
    reading = read_log(b"\n".join((prefix % (n % 2) if prefix else b"") + line for n, line in enumerate(lines)))[0]
    assert (reading.first_at, reading.last_at) == (1795506288.0, 1795506288.0)


def test_times_of_two_days_and_forms() -> None:
    head = sample("single_resnet50").splitlines()
    plain = one(b"".join(line + b"\n" for line in head))
    for times in ((b"2026-11-24T23:59:59.9Z", b"2026-11-25T00:00:00Z"), (b"2026-11-24T23:59:59.9+01:00",) * 2):
        log = b"".join(b"%b %b\n" % (times[n * 2 // len(head)], line) for n, line in enumerate(head))
        reading = one(log)
        assert (reading.header, reading.totals, reading.steps) == (plain.header, plain.totals, plain.steps)
        ends = {reading.stages[0].at, reading.stages[-1].at}
        assert len(ends) == len({*times})


def test_a_line_with_a_time_about_as_long_as_is_read() -> None:
    for length in (60_000, 65_480, 65_500, 65_530, 65_600):
        line = b"Model:       ".ljust(length, b"x")
        for stamp in (b"2026-11-24T07:44:48Z ", STAMP):
            known = prefixed(sample("dist_alexnet_worker0"), "timestamps") * 40
            reading = one(known + stamp + line + b"\n")
            assert (reading.lines.unread == 0) == (len(stamp + line) <= 1 << 16)
            assert one(stamp + line + b"\n").lines.unread == reading.lines.unread


@pytest.mark.parametrize("count", [40, 1000, 1001])
@pytest.mark.parametrize("tail", [0, 1, 30])
def test_a_run_up_to_the_last_lines_is_taken_whole(count: int, tail: int) -> None:
    steps = [b"%d\timages/sec: %d.0\t1.000\n" % (n, n) for n in range(1, count + 1)]
    data = b"".join([b"x\n", *steps, *[b"total images/sec: 15.64\n"] * tail])
    assert next(iter(runs(data))) == (2, len(b"".join(steps)) + 2, count)
