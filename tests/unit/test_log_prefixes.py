"""Prefixes: each of them around each other leaves what the benchmark said."""

from __future__ import annotations

import itertools

import pytest

from dlaasgen.logs.escapes import docker_line, repr_of_bytes
from dlaasgen.logs.events import Source
from dlaasgen.logs.prefixes import peel, seconds
from dlaasgen.logs.reading import read_log
from logs import PREFIXES, one, prefixed, sample

PLAIN = sample("dist_alexnet_worker0")


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product(PREFIXES, PREFIXES)))
def test_every_prefix_around_every_other(outer: str, inner: str) -> None:
    plain, found = one(PLAIN), one(prefixed(PLAIN, outer, inner))
    assert found.header == plain.header
    assert found.columns == plain.columns
    assert found.steps == plain.steps
    assert found.totals == plain.totals
    assert [stage.name for stage in found.stages] == [stage.name for stage in plain.stages]
    assert found.lines.unread == 0
    assert found.lines.total == plain.lines.total
    assert found.tail[-1] == plain.tail[-1]


@pytest.mark.parametrize("name", PREFIXES)
def test_a_failure_under_every_prefix(name: str) -> None:
    found = one(prefixed(sample("fail_bad_model"), name, "launcher3"))
    assert found.failures == ("ValueError: Invalid model name 'resnet5000' for dataset 'imagenet'",)


@pytest.mark.parametrize(
    ("line", "source", "content"),
    [
        (b"[pod/a-worker-0/tensorflow] x", Source("a-worker-0", "tensorflow"), b"x"),
        (b"a-worker-0 tensorflow x", Source("a-worker-0", "tensorflow"), b"x"),
        (b"dlaas a-worker-0 tensorflow x", Source("a-worker-0", "tensorflow"), b"x"),
        (b"a-b-0-bx9kz main x", Source("a-b-0-bx9kz", "main"), b"x"),
        (b"a-worker-0 tensorflow 2026-11-24T07:44:48Z x", Source("a-worker-0", "tensorflow"), b"x"),
        (b"[1,17]<stdout>:x", Source(rank=17), b"x"),
        (b"[prterun-host-1@1,17]<stderr>: x", Source(rank=17), b"x"),
        (b"[pod/a-launcher/mpi] [1,2]<stdout>:x", Source("a-launcher", "mpi", 2), b"x"),
        (b"[pod/a-worker-0/c] [pod/b-worker-0/c] x", Source("a-worker-0", "c"), b"x"),
        (b"[pod/a-worker-0/c] b-worker-1 c x", Source("a-worker-0", "c"), b"x"),
        (b"pre-built wheel not found", Source(), b"pre-built wheel not found"),
        (b"[pod/A/b] x", Source(), b"[pod/A/b] x"),
        (b"", Source(), b""),
    ],
)
def test_who_wrote_a_line(line: bytes, source: Source, content: bytes) -> None:
    peeled = peel(line, {})
    assert (peeled.source, peeled.content) == (source, content)


def test_the_runtimes_time_goes_before_the_launchers() -> None:
    launcher = b"INFO|2018-11-24T07:44:48|/opt/launcher.py|42| x"
    assert peel(launcher, {}).time == b"2018-11-24T07:44:48"
    assert peel(b"2026-11-24T07:44:49Z " + launcher, {}).time == b"2026-11-24T07:44:49Z"
    assert peel(launcher[:-1] + b"2026-11-24T07:44:49+01:00 x", {}).time == b"2026-11-24T07:44:49+01:00"
    assert peel(b"2026-11-24T07:44:49Z 2026-11-24T07:44:50Z x", {}).time == b"2026-11-24T07:44:49Z"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (b"", None),
        (b"1795506283", 1795506283.0),
        (b"2026-11-24T07:44:48.123456789Z", 1795506288.123456),
        (b"2026-11-24T07:44:48", 1795506288.0),
        (b"2026-11-24T08:44:48+01:00", 1795506288.0),
        (b"2026-13-24T07:44:48Z", None),
        (b"0001-01-01T00:00:00Z", -62135596800.0),
        (b"\xff", None),
    ],
)
def test_times(time: bytes, expected: float | None) -> None:
    assert seconds(time) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"b'a\\tb'", (b"a\tb", False)),
        (b'b"it\'s"', (b"it's", False)),
        (b"b'a\\\\'", (b"a\\", False)),
        (b"b'a\\'", (b"a'", True)),
        (b"b'a\\x41\\n\\r\\q'", (b"aA\n\rq", False)),
        (b"b'cut", (b"cut", True)),
        (b"b'", (b"", True)),
        (b"b''", (b"", False)),
        (b"b", None),
        (b"bytes", None),
        (b"'text'", None),
    ],
)
def test_the_repr_of_bytes(text: bytes, expected: tuple[bytes, bool] | None) -> None:
    assert repr_of_bytes(text) == expected


def test_what_looks_like_dockers_json_and_is_not() -> None:
    assert docker_line(b'{"log":"x') is None
    assert docker_line(b'{"log":1}') is None
    assert docker_line(b"[1]") is None
    assert docker_line(b'{"log":' + b"[" * 100_000) is None
    assert docker_line(b'{"log":"x","stream":"stderr"}') == (b"x", b"stderr", b"", True)
    assert one(b'{"log":"Model:       \n').lines.read == 0


def test_a_line_that_cri_has_split_is_joined() -> None:
    line = b"INFO|2026-11-24T07:44:48|/opt/launcher.py|42| b'total images/sec: 15.64'"
    stamp = b"2026-11-24T07:44:48.1Z stdout "
    for cut in range(len(line)):
        data = (
            stamp + b"P " + line[:cut] + b"\n" + stamp[:-7] + b"stderr F noise\n" + stamp + b"F " + line[cut:] + b"\n"
        )
        assert one(data).totals == (15.64,), cut


def test_a_line_in_three_parts_of_dockers() -> None:
    data = b"".join(
        b'{"log":"%b","stream":"stdout","time":"2026-11-24T07:44:48Z"}\n' % part
        for part in (b"total ", b"images/sec: ", b"15.64\\n")
    )
    assert one(data).totals == (15.64,)


def test_a_line_that_never_ends_is_given_up() -> None:
    stamp = b"2026-11-24T07:44:48.1Z "
    noise = (stamp + b"stderr F x\n") * 300
    data = stamp + b"stdout P total images/sec: 1\n" + noise + stamp + b"stdout F 5.64\n"
    assert one(data).totals == ()
    assert one(stamp + b"stdout P total images/sec: 15.64\n").totals == ()


def test_no_more_lines_are_begun_than_can_be_kept() -> None:
    data = b"".join(b"[pod/a-worker-%d/c] 2026-11-24T07:44:48Z stdout P total images/sec: 1\n" % n for n in range(100))
    data += b"[pod/a-worker-3/c] 2026-11-24T07:44:48Z stdout F 5.64\n"
    assert [reading.totals for reading in read_log(data) if reading.totals] == [(15.64,)]


def test_no_more_streams_have_a_line_begun_than_can_be_kept() -> None:
    begun = b"".join(b'{"log":"total images/sec: 1","stream":"s%d","time":""}\n' % n for n in range(100))
    for stream, totals in ((b"s3", (15.64,)), (b"s99", ())):
        assert one(begun + b'{"log":"5.64\\n","stream":"%b","time":""}\n' % stream).totals == totals


def test_prefixes_without_end_are_left() -> None:
    line = b"INFO:a:" * 100 + b"total images/sec: 15.64"
    assert peel(line, {}).content.startswith(b"INFO:a:")


def test_an_unknown_container_of_lines_is_one_source() -> None:
    first = prefixed(PLAIN, "prefix")
    (reading,) = read_log(first)
    assert reading.source == Source("nightly-x-1a2b3c-worker-1", "tensorflow")
    assert reading.lines.total == PLAIN.count(b"\n")
    assert reading.lines.size == len(first)


def test_lines_of_several_pods_are_kept_apart() -> None:
    logs = [sample("dist_alexnet_worker0"), sample("dist_alexnet_worker1"), sample("dist_alexnet_ps0")]
    names = (b"a-worker-0", b"a-worker-1", b"a-ps-0")
    for form in (b"[pod/%b/tensorflow] ", b"%b tensorflow "):
        lines = [[form % name + line for line in log.splitlines()] for name, log in zip(names, logs, strict=True)]
        mixed = [line for group in itertools.zip_longest(*lines) for line in group if line is not None]
        readings = read_log(b"\n".join(mixed) + b"\n")
        assert [reading.source.pod for reading in readings] == ["a-worker-0", "a-worker-1", "a-ps-0"]
        for reading, log in zip(readings, logs, strict=True):
            plain = one(log)
            assert (reading.header, reading.totals, reading.steps) == (plain.header, plain.totals, plain.steps)
            assert reading.lines.total == plain.lines.total
            assert reading.tail == plain.tail


def test_a_line_of_another_pods_among_those_of_one() -> None:
    data = b"noise\n" * 5 + b"[pod/a-worker-0/c] total images/sec: 15.64\n" + b"noise\n" * 5
    (reading,) = read_log(data)
    assert (reading.source.pod, reading.totals, reading.lines.total) == ("a-worker-0", (15.64,), 1)


def test_prefixes_of_sources_around_each_other_without_end() -> None:
    line = b"[1,0]<stdout>:" * 4000 + b"[pod/a-worker-0/c] " * 1000 + b"total images/sec: 15.64\n"
    assert sum(reading.lines.total for reading in read_log(line * 20)) == 20
    inside = b"[pod/a-launcher/mpi] [1,2]<stdout>:a-worker-3 c total images/sec: 15.64\n"
    reading, other = read_log(inside + inside.replace(b"1,2", b"1,3"))
    assert (reading.source, reading.totals) == (Source("a-launcher", "mpi", 2), (15.64,))
    assert (other.source, other.lines.size) == (Source("a-launcher", "mpi", 3), len(inside) - 21)
