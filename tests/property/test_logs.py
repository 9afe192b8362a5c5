"""Laws of the readers: nothing raises, chunks make no difference, lines add up, and results are JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.logs import known
from dlaasgen.logs import reading as reading_module
from dlaasgen.logs.events import LauncherRecord, Stage
from dlaasgen.logs.formats.registry import FORMATS, events_of
from dlaasgen.logs.needles import needles
from dlaasgen.logs.patterns import Pattern
from dlaasgen.logs.prefixes import peel
from dlaasgen.logs.reading import read_log
from dlaasgen.logs.runs import DIGITS, FEWEST, runs
from dlaasgen.results_json import from_json, to_json
from logs import PREFIXES, SAMPLES, in_chunks, prefixed, result, sample

NAMES = sorted(path.stem for path in SAMPLES.glob("*.log"))
LINES = sorted({line for name in NAMES for line in sample(name).splitlines()}, key=lambda line: (len(line), line))
WORDS = [
    b"images/sec: ", b"total images/sec: 1.00", b"examples/sec", b"\t", b" ", b"1", b".", b"nan",
    b"[pod/a-worker-0/c] ",
    b"a-worker-0 c ", b"2026-11-24T07:44:48Z ", b"stdout P ", b"stderr F ", b"[1,0]<stdout>:", b"b'", b"'", b'{"log":"',
    b'","stream":"stdout","time":""}', b":::MLLOG ", b'{"key": "a", "value": 1}', b"dlaasgen-launcher: ", b"{", b"}",
    b"INFO|2026-11-24T07:44:48|x|1| ", b"\\x", b"\\", b"\x1b[0m", b"\r", b"Traceback (most recent call last):", b"\xff",
    b"FATAL Flags parsing error:", b"Accuracy @ 1 = ", b"Model:       ", b" per device", b"Error: ", b"[" * 50,
]  # fmt: skip
fragments = st.one_of(st.sampled_from(WORDS), st.sampled_from(LINES), st.binary(max_size=30))
lines = st.lists(fragments, max_size=6).map(b"".join).map(lambda line: line.replace(b"\n", b""))
logs = st.lists(lines, max_size=30).flatmap(
    lambda all_lines: st.sampled_from([b"\n", b""]).map(lambda end: b"\n".join(all_lines) + end)
)


@given(st.one_of(lines, st.binary(max_size=200)))
def test_no_line_raises(line: bytes) -> None:
    peeled = peel(line, {})
    events_of(peeled)
    for one in FORMATS:
        one.read(peeled)


@given(logs)
def test_the_result_of_any_log_is_json(log: bytes) -> None:
    patterns = (Pattern("x", r"([0-9.]+)"),)
    for readings in (read_log(log), read_log(log, patterns)):
        total = log.count(b"\n") + (not log.endswith(b"\n") and log != b"")
        assert sum(one.lines.total for one in readings) <= total
        assert all(min(one.lines.read, one.lines.unread, one.lines.other) >= 0 for one in readings)
    data = to_json(result(log, parameters={"model": "alexnet", "batch_size": 8, "replicas": 2}))
    assert to_json(from_json(json.loads(json.dumps(data, allow_nan=False)))) == data
    assert data["status"] in {"succeeded", "failed", "incomplete", "no-data"}


@given(logs, st.lists(st.integers(0, 2000), max_size=8), st.integers(16, 300))
def test_where_chunks_are_cut_makes_no_difference(log: bytes, cuts: list[int], block: int) -> None:
    whole = in_chunks(log, [])
    assert repr(in_chunks(log, [min(cut, len(log)) for cut in cuts])) == repr(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading_module, "_BLOCK", block)
        small = in_chunks(log, [])
        assert repr(in_chunks(log, [min(cut, len(log)) for cut in cuts])) == repr(small)


@given(st.sampled_from(NAMES), st.lists(st.sampled_from(sorted(PREFIXES)), max_size=3), st.integers(0, 9000))
def test_a_log_that_is_cut_anywhere_says_no_more_than_the_whole(name: str, prefixes: list[str], cut: int) -> None:
    log = prefixed(sample(name), *prefixes)
    (whole,) = read_log(log)
    for part in read_log(log[: min(cut, len(log))]):
        assert part.header.items() <= whole.header.items()
        assert part.totals == whole.totals[: len(part.totals)]
        assert part.steps.count <= whole.steps.count
        assert repr(part.steps.series) == repr(whole.steps.series[: part.steps.count])


stamps = st.builds(
    "2026-11-24T07:{:02}:{:02}{}{} {}".format,
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(["", ".5", ".123456789"]),
    st.sampled_from(["Z", "+01:00"]),
    st.sampled_from(["", "stdout F ", "stderr F ", "stdout P "]),
).map(str.encode)


@given(lines, stamps, stamps)
def test_the_time_before_a_line_is_told_by_stages_and_launcher_records_alone(
    line: bytes, one: bytes, other: bytes
) -> None:
    first, second = (
        events_of(peel(stamp.split(b" ")[0] + b" stdout F " + line, {})._replace(cut=False)) for stamp in (one, other)
    )
    timed = (Stage, LauncherRecord)
    told = [found and (found[0], [e for e in found[1] if not isinstance(e, timed)]) for found in (first, second)]
    assert repr(told[0]) == repr(told[1])
    names = [found and [(type(e), e.name) for e in found[1] if isinstance(e, timed)] for found in (first, second)]
    assert names[0] == names[1]


@given(
    st.lists(st.tuples(st.sampled_from([b"images/sec %d", b"%d images/sec: 1", b"x", b"x%d"]), st.integers(1, 40))),
    st.integers(0, 10**6),
)
def test_the_lines_of_a_run_differ_in_digits_alone(stretches: list[tuple[bytes, int]], number: int) -> None:
    some = [form.replace(b"%d", b"%d" % (number + n)) + b"\n" for form, count in stretches for n in range(count)]
    data = b"".join(some)
    before = 0
    for start, end, count in runs(data) if data else ():
        run = data[start:end].splitlines(keepends=True)
        assert before <= start
        assert b"\n" in (data[start - 1 : start] or b"\n")
        assert data[end - 1 : end] == b"\n"
        assert count == len(run)
        assert {line.translate(None, DIGITS) for line in run} == {run[0].translate(None, DIGITS)}
        assert count >= FEWEST or count == len(some)
        before = end


@given(lines)
def test_no_needle_has_a_digit(line: bytes) -> None:
    if needles().search(b"\n" + line):
        assert needles().search(b"\n" + line.translate(None, DIGITS))


@given(
    st.lists(st.sampled_from(LINES) | st.sampled_from([b"FATAL Flags parsing error:", b"1\timages/sec"]), max_size=8),
    st.lists(stamps | st.just(b""), min_size=1, max_size=3),
    st.integers(1, 40),
    st.integers(64, 4000),
)
def test_what_lines_said_before_makes_no_difference(
    some: list[bytes], stamped: list[bytes], again: int, block: int
) -> None:
    log = b"".join(stamped[(n + r) % len(stamped)] + line + b"\n" for r in range(again) for n, line in enumerate(some))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading_module, "_BLOCK", block)
        together = read_log(log)
        patch.setattr(known.Told, "alone", lambda told, _: [*range(len(told.told))])
        assert repr(read_log(log)) == repr(together)
