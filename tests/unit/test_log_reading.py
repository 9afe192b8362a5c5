"""The reader: chunks, blocks, long lines, and runs of step lines taken at once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dlaasgen.logs import known, scanning
from dlaasgen.logs import series as series_module
from dlaasgen.logs.events import LogReading, Source
from dlaasgen.logs.formats import tf_cnn
from dlaasgen.logs.formats.registry import events_of
from dlaasgen.logs.patterns import Compiled, Pattern, fault_of
from dlaasgen.logs.reading import Reader, read_log
from dlaasgen.logs.series import SERIES, Series
from dlaasgen.logs.state import MANY, NAMES, TAIL
from logs import STAMP, in_chunks, one, prefixed, sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.prefixes import Peeled

STEPS = 12_000


def steps(count: int = STEPS, *, loss: str = "10.637", start: int = 0) -> bytes:
    lines = (
        f"{10 * n}\timages/sec: {200 + n % 7}.{n % 10} +/- 0.{n % 10} (jitter = {n % 13}.0)\t{loss}\n"
        for n in range(start + 1, start + count + 1)
    )
    return "".join(lines).encode()


def slowly(data: bytes) -> tuple[LogReading, ...]:
    reader = Reader(runs=False)
    reader.feed(data)
    return reader.close()


def test_an_empty_log_is_one_empty_reading() -> None:
    assert read_log(b"") == (LogReading(),)
    assert read_log(b"\n")[0].lines.total == 1


@pytest.mark.parametrize(
    "data",
    [
        steps(),
        prefixed(steps(4000), "cri", "launcher3"),
        prefixed(steps(4000), "prefix"),
        sample("dist_alexnet_worker0") + steps() + b"total images/sec: 15.64\n",
        steps(5000) + b"noise\n" + steps(5000, start=5000) + b"Traceback (most recent call last):\nValueError: x\n",
        steps(5000, loss="nan") + steps(5000, start=5000),
        steps(5000)[:-5] + b"\n" + steps(5000),
        b"1\timages/sec: 1.0\t1.000\ntotal images/sec: 5.00\n" * 2000,
    ],
)
def test_a_run_taken_at_once_says_what_its_lines_say(data: bytes) -> None:
    # repr: nan equals nan there.
    assert repr(read_log(data)) == repr(slowly(data))
    assert repr(in_chunks(data, range(0, len(data), 65_537))) == repr(read_log(data))


def test_most_lines_of_a_run_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0

    def counted(line: Peeled) -> object:
        nonlocal looked
        looked += 1
        return events_of(line)

    monkeypatch.setattr(scanning, "events_of", counted)
    monkeypatch.setattr(series_module, "events_of", counted)
    counts = []
    for times in (1, 10, 100):
        looked = 0
        assert one(steps() * times).steps.count == times * STEPS
        counts.append(looked)
    # Once the series is full, each doubling of the log adds half of it, and each block its first and last line.
    assert counts[2] < 100 * STEPS / 100
    assert counts[1] - counts[0] < 5 * SERIES


def test_a_run_is_told_by_its_form_and_not_by_its_digits() -> None:
    broken = steps(100).replace(b"\t10.637", b"\t10.6")
    assert one(broken).steps.count == 0
    assert one(broken).lines.unread == 100
    # Among others of the same form it is counted, and left out of the series.
    lines = steps(9000).split(b"\n")
    for n in (1, 2, 3, 8000, 8999):
        lines[n] = lines[n].replace(b"\t10.637", b"\t10.6")
    reading = one(b"\n".join(lines))
    assert 8990 < reading.steps.count <= 9000
    assert {20, 30, 40}.isdisjoint(point[0] for point in reading.steps.series)


def test_steps_are_counted_and_their_series_bounded() -> None:
    reading = one(steps() + b"total images/sec: 205.50\n")
    assert reading.steps.count == STEPS
    assert reading.steps.first is not None
    assert reading.steps.last is not None
    ends = [tf_cnn.point_of(step) for step in (reading.steps.first, reading.steps.last)]
    assert ends == [reading.steps.series[0], reading.steps.series[-1]]
    assert reading.steps.last.step == 10 * STEPS
    assert SERIES <= len(reading.steps.series) <= 2 * SERIES + 1
    gaps = [b[0] - a[0] for a, b in zip(reading.steps.series, reading.steps.series[1:], strict=False)]
    assert max(gaps) < 4 * 10 * STEPS / SERIES
    assert reading.lines.total == STEPS + 1
    assert (reading.lines.read, reading.lines.other, reading.lines.unread) == (STEPS + 1, 0, 0)


def test_a_short_log_keeps_every_step() -> None:
    count = 2 * SERIES - 1
    assert [point[0] for point in one(steps(count)).steps.series] == [10 * n for n in range(1, count + 1)]


def test_losses_that_are_no_numbers_are_counted() -> None:
    assert one(steps(9000, loss="nan")).steps.nan == 9000
    reading = one(steps(100) + steps(5, loss="inf", start=100))
    assert (reading.steps.count, reading.steps.nan) == (105, 5)
    assert reading.steps.last is not None
    assert math.isinf(reading.steps.last.loss or 0)


def test_a_line_longer_than_a_block() -> None:
    long = b"x" * 700_000
    log = b"Num batches: 20\n" + long + b"\ntotal images/sec: 15.64\n" + steps(9000)
    reading = one(log)
    assert (reading.totals, reading.header, reading.lines.total) == ((15.64,), {"num batches": "20"}, 9003)
    assert repr(in_chunks(log, range(0, len(log), 100_003))) == repr((reading,))
    assert one(b"total images/sec: 15.64" + long).totals == (15.64,)
    assert one(long + b"\n").lines.total == 1
    assert one(long + b"\ntotal images/sec: 15.64").totals == (15.64,)
    # In a block, but longer than a line is read.
    assert one(b"a\n" + b"x" * 200_000 + b"total images/sec: 15.64\n").totals == ()


def test_a_source_is_told_in_a_line_that_has_no_end() -> None:
    reading, other = read_log(b"[pod/a-worker-0/c] x\n[pod/a-worker-1/c] total images/sec: 15.64")
    assert (reading.source.pod, other.source.pod, other.totals) == ("a-worker-0", "a-worker-1", (15.64,))


def test_further_sources_than_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "MOST_SOURCES", 3)
    readings = read_log(b"".join(b"[pod/a-worker-%d/c] total images/sec: 15.64\n" % n for n in range(9)))
    assert [reading.source.pod for reading in readings] == ["a-worker-0", "a-worker-1", "a-worker-2", ""]
    assert readings[3].lines.total == 6


def test_what_comes_often_is_bounded() -> None:
    log = b"".join(b"total images/sec: %d.00\n" % n for n in range(1000))
    log += b"".join(b'{"name": "m%d", "value": 1, "global_step": 1}\n' % n for n in range(1000))
    reading = one(log)
    assert len(reading.totals) == MANY
    assert (reading.totals[0], reading.totals[-1]) == (0.0, 999.0)
    assert len(reading.metrics) == NAMES


def test_the_tail_and_the_times() -> None:
    lines = [b"2026-11-24T07:%02d:00Z line %d" % (n, n) for n in range(40)]
    reading = one(b"\r\n".join(lines) + b"\r\n")
    assert reading.tail == tuple(f"line {n}" for n in range(40 - TAIL, 40))
    assert (reading.last_at or 0) - (reading.first_at or 0) == 39 * 60
    assert one(b"\xff\x01\n").tail == ("\ufffd\x01",)
    assert len(one(b"y" * 9000 + b"\n").tail[0]) == 500


def test_the_tail_of_lines_of_two_writers() -> None:
    data = b"[pod/a-worker-0/c] one\nnobody\n[pod/a-worker-0/c] two\n"
    assert read_log(data)[0].tail == ("one", "two")


def test_a_series_goes_on_evenly() -> None:
    series = Series()
    step = one(steps(1)).steps.first
    assert step is not None
    for offset in range(0, 100 * SERIES, 3):
        series.add(step._replace(step=offset), offset)
    kept = [step for step, _, _ in series.points(None, -1)]
    assert SERIES <= len(kept) <= 2 * SERIES
    assert kept[0] == 0
    assert kept[-1] > 90 * SERIES


PATTERNS = (
    Pattern("throughput", r"^samples/s: (?P<value>[0-9.,]+)", "samples/s", "higher"),
    Pattern("epoch", r"epoch ([0-9]+|x)"),
    Pattern("broken", "("),
    Pattern("groupless", "a"),
)


def test_a_users_patterns() -> None:
    data = b"INFO|2026-11-24T07:44:48|/opt/launcher.py|42| b'samples/s: 1,234.5'\nepoch 1\nepoch 2\nxsamples/s: 9\n"
    (reading,) = read_log(data, PATTERNS)
    values = {metric.name: (metric.value, metric.unit, metric.direction) for metric in reading.metrics}
    assert values == {"throughput": (1234.5, "samples/s", "higher"), "epoch": (2.0, "", "none")}
    assert reading.formats == ("patterns",)
    assert reading.lines.read == 3
    (metric,) = Compiled(PATTERNS).read(b"epoch x")
    assert math.isnan(metric.value)


def test_what_is_wrong_with_a_pattern() -> None:
    assert fault_of("a(b)") is None
    assert fault_of("a") == "no group"
    assert fault_of("(") == "missing ): ("
    assert "invalid perl operator" in str(fault_of(r"(?<=a)(b)"))


def test_patterns_beside_the_formats() -> None:
    data = sample("dist_alexnet_worker0")
    (reading,) = read_log(data, (Pattern("images", r"total images/sec: ([0-9.]+)", "images/s", "higher"),))
    assert reading.totals == (15.64,)
    assert [metric.value for metric in reading.metrics] == [15.64]
    assert reading.steps == one(data).steps


def test_a_rank_is_a_source() -> None:
    data = b"[1,0]<stdout>:total images/sec: 15.64\n[1,1]<stdout>:total images/sec: 15.65\n"
    assert [reading.source for reading in read_log(data)] == [Source(rank=0), Source(rank=1)]


def lines_of(reading: LogReading) -> Iterator[int]:
    yield from (reading.lines.read, reading.lines.unread, reading.lines.other)


def test_lines_add_up_when_another_source_comes_in_between() -> None:
    data = b"x\nModel:       a\n[pod/a-worker-0/c] total images/sec: 15.64\ntotal images/sec: 1\nx\n"
    readings = read_log(data)
    assert [(reading.source.pod, *lines_of(reading)) for reading in readings] == [
        ("", 1, 1, 2),
        ("a-worker-0", 1, 0, 0),
    ]


def test_bytes_of_zero_and_other_encodings() -> None:
    log = sample("single_resnet50")
    holes = log.replace(b"\n", b"\n\0\0\0\0")
    assert one(holes).header == one(log).header
    assert one(holes).totals == (5.0,)
    windows = log.decode().replace("\n", "\r\n")
    for encoding in ("utf-16", "utf-8-sig"):
        found = one(windows.encode(encoding))
        assert (found.header, found.totals, found.steps) == (one(log).header, one(log).totals, one(log).steps)


def test_the_tail_spans_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlaasgen.logs import reading as reading_module

    lines = [b"line %d" % n for n in range(60)]
    whole = one(b"\n".join(lines)).tail
    for block in (40, 100, 200, 300):
        monkeypatch.setattr(reading_module, "_BLOCK", block)
        assert one(b"\n".join(lines)).tail == whole
        assert one(b"\n".join(lines) + b"\n").tail == whole
    monkeypatch.undo()
    wide = [b"%d " % n + b"w" * 2000 for n in range(40)]
    assert [line[:3] for line in one(b"\n".join(wide) + b"\n").tail] == [f"{n} " for n in range(32, 40)]


def test_lines_that_come_again_say_the_same_again() -> None:
    names = ("dist_alexnet_worker0", "launcher_dist_trivial_worker1", "single_trivial_acc", "fail_bad_model")
    flags = b"FATAL Flags parsing error:\n  flag --batch_size=x: bad\n"
    stamp = b"2026-11-24T07:44:48.1Z stdout "
    parts = stamp + b"P total images/sec: 1\n" + stamp + b"F 5.64\n"
    logs = b"".join(map(sample, names)) + flags + parts + b"Devices:     " + b"x" * 2000 + b"\n"
    data = logs * 80 + b"".join(b"Num batches: %d\n" % n for n in range(9000)) + logs * 40
    reading = one(data)
    assert reading.lines.read == 120 * one(logs).lines.read + 9000
    assert reading.lines.unread == 120 * one(logs).lines.unread
    assert reading.steps.count == 120 * one(logs).steps.count
    assert reading.totals[-1] == 15.64
    assert reading.header["num batches"] == "20"
    assert reading.failures[-1] == "FATAL Flags parsing error: flag --batch_size=x: bad"
    assert repr(in_chunks(data, range(0, len(data), 70_001))) == repr((reading,))


def test_a_run_of_another_source_than_the_lines_around_it() -> None:
    data = steps(1) + prefixed(steps(2000), "prefix") + steps(1)
    nobody, pod = read_log(data)
    assert (nobody.steps.count, pod.steps.count) == (2, 2000)
    assert (nobody.lines.total, pod.lines.total) == (2, 2000)
    assert nobody.lines.size + pod.lines.size == len(data)


def test_one_line_that_holds_many_steps() -> None:
    line = b"1\timages/sec: 1.0\t1.000 " * 1000
    assert one(line + b"\n").steps.count == 1000
    assert one((line + b"\n") * 30).steps.count == 30_000
    assert one(b"1\timages/sec: 1.0 " * 3000 + b"\n").lines.unread == 1


def test_lines_with_times_are_known_by_what_stands_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    head = sample("dist_alexnet_worker0").splitlines()
    log = b"".join(b"2026-11-24T07:%02d:44.%dZ stdout F %b\n" % (n % 60, n, head[n % len(head)]) for n in range(20_000))
    some = b"".join(line if n % 9 else line.split(b" ", 1)[1] for n, line in enumerate(log.splitlines(keepends=True)))
    calls: list[bytes] = []

    def counting(peeled: Peeled) -> tuple[str, Sequence[Event]] | None:
        calls.append(peeled.content)
        return events_of(peeled)

    monkeypatch.setattr(scanning, "events_of", counting)
    monkeypatch.setattr(known, "events_of", counting)
    whole = one(log)
    assert len(calls) < 5000
    (mixed,) = read_log(some)
    assert len(calls) < 10_000
    plain = one(b"".join(head[n % len(head)] + b"\n" for n in range(20_000)))
    assert whole.steps == mixed.steps == replace(plain.steps, series=whole.steps.series)
    assert (whole.header, whole.totals, whole.lines.read) == (plain.header, plain.totals, plain.lines.read)
    assert whole.header == mixed.header
    assert whole.first_at == 1795503644.0
    assert {stage.name: stage.at for stage in whole.stages} == {stage.name: stage.at for stage in mixed.stages}


def test_the_time_of_the_old_launchers_words_is_that_of_their_line() -> None:
    head = prefixed(sample("launcher_single_resnet50"), "launcher2").splitlines()
    log = b"".join(b"2026-11-24T07:%02d:44.%09dZ %b\n" % (n % 60, n, head[n % len(head)]) for n in range(12_000))
    records = [record.at for record in one(log).launcher]
    assert len(set(records)) > len(records) / 2


def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "KNOWN", 50)
    memory = known.Memory()
    for number in range(500):
        assert memory.plain[b"%d" % number] is None
        assert memory.behind[b"%d" % number] is None
        assert len(memory.plain) + len(memory.behind) <= 50
    assert memory.plain[b"x" * 2000] is None
    assert b"x" * 2000 not in memory.plain
    assert memory.plain.news + memory.behind.news == 1001


def test_a_record_of_the_old_launcher_is_as_long_as_it_likes() -> None:
    words = b"INFO|2018-11-24T07:44:48|x|1| Command to run: python x " + b"y" * 2000
    log = b"".join(b"2026-11-24T07:44:%02dZ %b\n" % (n, words) for n in range(7))
    assert [record.at for record in one(log).launcher] == [1795506240.0 + n for n in range(7)]


def test_records_of_the_first_launch_alone_behind_times() -> None:
    record = b'2026-11-24T07:44:48Z dlaasgen-launcher: {"event": "%b", "launch": "%b", "x": NaN}\n'
    log = b"".join(record % pair for pair in ((b"start", b"a"), (b"start", b"b"), (b"end", b"b"), (b"end", b"a")))
    assert [event.name for event in one(log).launcher] == ["start", "end"]


def test_two_prefixes_of_one_pod() -> None:
    both = (b"[pod/a-worker-1/c] ", b"a-worker-1 c ")
    lines = [both[n % 2 if n % 5 else 0] + b"%d\timages/sec: 1.0\t1.000\n" % n for n in range(1, 250)]
    lines.insert(125, b"[pod/a-worker-2/c] x\n")
    first, second = read_log(b"".join(lines) + b"[pod/a-worker-2/c] y\n")
    assert (first.source.pod, first.steps.count, second.lines.total) == ("a-worker-1", 249, 2)
    assert [point[0] for point in first.steps.series] == list(range(1, 250))
    assert first.lines.size == sum(map(len, lines)) - 21


def test_step_lines_with_more_around_them_than_is_read_at_once() -> None:
    # A line as Docker has it ends in more than a quote; a long one is looked at by itself.
    for prefixes in (("docker",), ("none",)):
        for before in (b"", b"x" * 2000 + b" ", b"x" * 70_000 + b" "):
            data = prefixed(b"".join(before + line + b"\n" for line in steps(60).splitlines()), *prefixes)
            assert repr(read_log(data)) == repr(slowly(data))
    wide = [b"x" * 2000 + b" " + line for line in steps(60).splitlines()]
    wide[30] = wide[30].replace(b"\t10.637", b"\t10.6")
    series = one(b"\n".join(wide) + b"\n").steps.series
    assert [point[0] for point in series] == [10 * n for n in range(1, 61) if n != 31]


def test_a_run_behind_a_line_that_goes_on() -> None:
    part = STAMP + b"stdout P total images/sec: 1\n"
    data = sample("dist_alexnet_worker0") + part + steps(3000) + STAMP + b"stdout F 5.64\n"
    assert repr(read_log(data)) == repr(slowly(data))


def test_lines_of_others_among_those_that_are_known() -> None:
    head = sample("single_resnet50").splitlines(keepends=True)
    data = b"".join(b"[pod/a-worker-0/c] " + line for line in head)
    among = b"".join(head) * 3 + data + b"".join(head)
    nobody, pod = read_log(among)
    assert (nobody.totals, pod.totals) == ((5.0,) * 4, (5.0,))
    assert pod.header == nobody.header


def test_a_block_that_only_ends_a_line_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlaasgen.logs import reading as reading_module

    monkeypatch.setattr(reading_module, "_BLOCK", 90)
    stamp = b"2026-11-24T07:44:48.1Z stdout "
    reading = one(b"x\n" * 8 + stamp + b"P total images/sec: 1\n" + stamp + b"F 5.64" + b" " * 30 + b"\n")
    assert (reading.totals, reading.lines.total, reading.lines.read) == ((15.64,), 10, 1)
