"""Run commands and measure them: time beside one another, and memory of all their processes together."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SAMPLE = 0.01
_KIB = 1024


class Failure(Exception):  # noqa: N818 - a result, not a fault of the program
    """A measured command did not do what it should: its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is timed. `before` is run before each time and is not part of it. `expect` are good exit statuses."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    before: Callable[[], None] = field(default=lambda: None)
    after: Callable[[str], None] = field(default=lambda _: None)
    expect: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Timing:
    """One run: seconds on the wall, and seconds of processor time of all its processes."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Peaks, in MiB, over all processes of a command at one time. PSS counts a shared page once, RSS once a process."""

    pss: float
    rss: float
    processes: int


def timed(command: Command) -> Timing:
    """Run a command once. Raises Failure when it ends with another status than it should."""
    command.before()
    os.sync()  # what others have written is not written back during the measurement
    usage = os.times()
    start = time.perf_counter()
    done = subprocess.run(command.argv, env=command.env, cwd=command.cwd, capture_output=True, check=False)
    wall = time.perf_counter() - start
    after = os.times()
    _accept(command, done.returncode, done.stdout, done.stderr)
    cpu = after.children_user - usage.children_user + after.children_system - usage.children_system
    return Timing(wall, cpu)


def alternate(commands: Mapping[str, Command], rounds: int) -> dict[str, list[Timing]]:
    """Each command `rounds` times, in turn, so that what else the machine does meets all alike.

    One round more, the first, is not counted.
    """
    times: dict[str, list[Timing]] = {name: [] for name in commands}
    for number in range(-1, rounds):
        names = list(commands)
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            timing = timed(commands[name])
            if number >= 0:
                times[name].append(timing)
    return times


def memory(command: Command, interval: float = _SAMPLE) -> Memory:
    """Run a command once, in a session of its own, and sample the memory of that session's processes."""
    command.before()
    process = subprocess.Popen(
        command.argv,
        env=command.env,
        cwd=command.cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    pss = rss = most = 0
    while process.poll() is None:
        members = [p for p in _processes() if _session(p) == process.pid]
        readings = [_rollup(p) for p in members]
        pss = max(pss, sum(r[0] for r in readings))
        rss = max(rss, sum(r[1] for r in readings))
        most = max(most, len(members))
        time.sleep(interval)
    _, errors = process.communicate()
    _accept(command, process.returncode, b"", errors)
    return Memory(pss / _KIB, rss / _KIB, most)


def file_cost(folder: Path, files: int = 500) -> float:
    """Microseconds that a new small file costs in a folder. Tells a file system in order from one that is busy."""
    os.sync()
    start = time.perf_counter()
    for number in range(files):
        (folder / str(number)).write_bytes(b"x" * 6000)
    return (time.perf_counter() - start) / files * 1e6


def _accept(command: Command, status: int, output: bytes, errors: bytes) -> None:
    if status not in command.expect:
        lines = (errors or output).decode(errors="replace").strip().splitlines()
        raise Failure(
            f"{Path(command.argv[0]).name} ended with status {status}: {lines[-1] if lines else 'no message'}"
        )
    if output:
        command.after(output.decode(errors="replace"))


def _processes() -> list[str]:
    return [entry.name for entry in os.scandir("/proc") if entry.name.isdecimal()]


def _session(process: str) -> int | None:
    """The session of a process; None when it has ended."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc", process, "stat").read_text().rpartition(")")[2].split()[3])
    return None


def _rollup(process: str) -> tuple[int, int]:
    """(PSS, RSS) of a process in KiB; zeros when it has ended."""
    with contextlib.suppress(OSError):
        return parse_rollup(Path("/proc", process, "smaps_rollup").read_text())
    return 0, 0


def parse_rollup(text: str) -> tuple[int, int]:
    """(PSS, RSS) in KiB, from what /proc/<pid>/smaps_rollup says."""
    fields = {line.split(":")[0]: line.split()[1] for line in text.splitlines() if line.endswith(" kB")}
    return int(fields.get("Pss", 0)), int(fields.get("Rss", 0))
