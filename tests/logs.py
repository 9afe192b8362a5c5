"""Logs for the tests: the real samples, and prefixes to put before their lines."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from dlaasgen.logs.reading import Reader, read_log
from dlaasgen.results import JobFacts, PodLog
from dlaasgen.results_status import result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dlaasgen.logs.events import LogReading
    from dlaasgen.results import Result

SAMPLES = Path(__file__).resolve().parent / "data" / "logs"

STAMP = b"2026-11-24T07:44:48.123456789Z "


def old_launcher(line: bytes) -> bytes:
    """The form of the launcher of 2018 under Python 3: without leading blanks, as the repr of bytes."""
    return b"INFO|2026-11-24T07:44:48|/opt/launcher.py|42| " + repr(line.strip()).encode()


def docker(line: bytes) -> bytes:
    """Docker's json-file driver."""
    text = line.decode("latin-1").replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'{{"log":"{text}\\n","stream":"stdout","time":"2026-11-24T07:44:48.1Z"}}'.encode()


def before(prefix: bytes) -> Callable[[bytes], bytes]:
    return lambda line: prefix + line


PREFIXES: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "timestamps": before(STAMP),
    "prefix": before(b"[pod/nightly-x-1a2b3c-worker-1/tensorflow] "),
    "cri": before(STAMP + b"stdout F "),
    "stern": before(b"nightly-x-1a2b3c-worker-1 tensorflow "),
    "glog": before(b"I0000 00:00:1795506283.575381   29536 port.cc:153] "),
    "absl": before(b"W1124 07:44:49.472179 140173346687872 deprecation.py:50] "),
    "tensorflow": before(b"2018-11-24 07:44:48.123456: I tensorflow/core/platform/cpu_feature_guard.cc:140] "),
    "logging": before(b"INFO:tensorflow:"),
    "launcher3": old_launcher,
    "launcher2": before(b"INFO|2018-11-24T07:44:48|/opt/launcher.py|27| "),
    "mpirun": before(b"[1,0]<stdout>:"),
    "horovodrun": before(b"Tue Nov 24 07:44:48 2026[0]<stderr>:"),
    "docker": docker,
    "colour": before(b"\x1b[32mnightly-x-1a2b3c-worker-1\x1b[0m \x1b[36mtensorflow\x1b[0m "),
}


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.log").read_bytes()


def prefixed(data: bytes, *names: str) -> bytes:
    """A log each of whose lines has these prefixes, the outermost first."""
    lines = data.split(b"\n")[:-1]
    for name in reversed(names):
        lines = [PREFIXES[name](line) for line in lines]
    return b"".join(line + b"\n" for line in lines)


def in_chunks(data: bytes, cuts: Iterable[int]) -> tuple[LogReading, ...]:
    reader = Reader()
    places = [0, *sorted(cuts), len(data)]
    for start, end in itertools.pairwise(places):
        reader.feed(data[start:end])
    return reader.close()


def one(data: bytes) -> LogReading:
    (reading,) = read_log(data)
    return reading


def result(*logs: bytes | PodLog, **facts: object) -> Result:
    pods: list[PodLog] = []
    for log in logs:
        pods += [log] if isinstance(log, PodLog) else [PodLog(reading) for reading in read_log(log)]
    return result_of(JobFacts("job", **facts), pods)  # type: ignore[arg-type]
