"""How fast logs are read, beside `grep -cE 'images/sec'` on the same file, and in how much memory.

    log_reading.py [--size MB] [--rounds N] [--dir DIR]

Each file is one kind of log, made from the samples of the tests. Processor time is compared, so that other programs on
the machine disturb less; docs/performance.md says what is aimed at.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dlaasgen.logs.reading import Reader, read_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "tests" / "data" / "logs"
CHUNK = 1 << 20


def steps() -> Iterator[bytes]:
    """A worker's log that does not end: its head, then a step line every ten steps."""
    head = (SAMPLES / "dist_alexnet_worker0.log").read_bytes()
    yield from head[: head.index(b"1\timages/sec")].splitlines()
    dice = random.Random(1)  # noqa: S311 - numbers that look like a benchmark's
    for number in itertools.count(1):
        rate, jitter, loss = dice.gauss(200, 3), dice.random() * 4, 3 + dice.random()
        yield b"%d\timages/sec: %.1f +/- 0.3 (jitter = %.1f)\t%.3f" % (10 * number, rate, jitter, loss)


def samples() -> Iterator[bytes]:
    """All samples, one after the other, again and again."""
    lines = [line for file in sorted(SAMPLES.glob("*.log")) for line in file.read_bytes().splitlines()]
    return itertools.cycle(lines)


def warnings() -> Iterator[bytes]:
    """What other programs write, no two lines alike."""
    for number in itertools.count():
        yield (
            b"W1124 07:44:49.%06d 140173346687872 deprecation.py:50] From benchmark_cnn.py:%d: Supervisor.__init__ is "
            % (
                number % 1_000_000,
                number,
            )
            + b"deprecated and will be removed in a future version."
        )


def launcher(line: bytes) -> bytes:
    """The form of the launcher of 2018."""
    return b"INFO|2026-11-24T07:44:48|/opt/launcher.py|42| " + repr(line.strip()).encode()


def stamped(rest: bytes) -> Callable[[bytes], bytes]:
    """A time before each line, one second after the other."""
    clock = itertools.count()

    def put(line: bytes) -> bytes:
        number = next(clock)
        return b"2026-11-24T%02d:%02d:%02d.%09dZ %b%b" % (
            number // 3600 % 24,
            number // 60 % 60,
            number % 60,
            number,
            rest,
            line,
        )

    return put


def pods(line: bytes, count: Iterator[int] = itertools.count()) -> bytes:  # noqa: B008 - one count for all lines
    """Lines of four pods in turn."""
    return b"[pod/nightly-x-1a2b3c-worker-%d/tensorflow] %b" % (next(count) % 4, line)


KINDS: dict[str, tuple[Callable[[], Iterator[bytes]], tuple[Callable[[bytes], bytes], ...]]] = {
    "steps": (steps, ()),
    "steps, timestamps": (steps, (stamped(b""),)),
    "steps, launcher": (steps, (launcher,)),
    "steps, CRI and launcher": (steps, (launcher, stamped(b"stdout F "))),
    "steps, one pod's prefix": (steps, (lambda line: b"[pod/nightly-x-1a2b3c-worker-0/tensorflow] " + line,)),
    "steps of four pods in turn": (steps, (pods,)),
    "samples again and again": (samples, ()),
    "samples, CRI": (samples, (stamped(b"stdout F "),)),
    "warnings": (warnings, ()),
}


def write(path: Path, kind: str, size: int) -> None:
    """A log of a kind, of about so many bytes."""
    source, prefixes = KINDS[kind]
    written = 0
    with path.open("wb") as file:
        for line in source():
            for prefix in prefixes:
                line = prefix(line)  # noqa: PLW2901 - one around the other
            written += file.write(line + b"\n")
            if written >= size:
                break


def children() -> float:
    """Processor seconds of programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def own() -> float:
    """Processor seconds of this one."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def grep(path: Path) -> float:
    """What grep takes."""
    before = children()
    # With its output thrown away grep would stop at the first match.
    subprocess.run(["grep", "-cE", "images/sec", str(path)], stdout=subprocess.PIPE, check=False)
    return children() - before


def read(path: Path) -> float:
    """What the reader takes."""
    before = own()
    reader = Reader()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            reader.feed(chunk)
    reader.close()
    return own() - before


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=200, metavar="MB", help="bytes of each log (default: 200 MB)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="the best of so many (default: 3)")
    parser.add_argument("--dir", type=Path, help="folder for the logs (default: the system's temporary one)")
    given = parser.parse_args()
    read_log(b"x\n")  # what is loaded once
    print(f"{'log':28} {'grep, s':>8} {'read, s':>8} {'ratio':>6} {'MB/s':>6} {'MiB':>5}")
    with tempfile.TemporaryDirectory(dir=given.dir) as folder:
        path = Path(folder) / "log"
        for kind in KINDS:
            write(path, kind, given.size * 1_000_000)
            base = min(grep(path) for _ in range(given.rounds))
            ours = min(read(path) for _ in range(given.rounds))
            size = path.stat().st_size / 1e6
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            ratio = ours / max(base, 0.001)
            print(f"{kind:28} {base:8.3f} {ours:8.3f} {ratio:6.1f} {size / ours:6.0f} {peak:5}", flush=True)


if __name__ == "__main__":
    main()
