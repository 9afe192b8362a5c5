"""The launcher as a process: signals, output, orphans, and being the first process of a container."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launching import LAUNCHER, QUICK, Launch, cluster, pythons, tf_config, wait_for

pytestmark = pytest.mark.outside
BOTH = pythons()


STUBBORN = "trap '' TERM; sleep 60 & echo $!; wait; wait; sleep 60"


def test_a_signal_reaches_the_whole_group_which_is_killed_after_the_grace_period() -> None:
    with Launch("sh", "-c", STUBBORN) as launch:
        grandchild = int(wait_for(launch, b"}\n").split(b"}\n")[-1] or wait_for(launch, b"\n"))
        launch.process.send_signal(signal.SIGTERM)
        assert launch.ended() == 143
    assert (launch.end["reason"], launch.end["message"]) == ("terminated", "received SIGTERM")
    assert (launch.end["signal"], launch.end["exit_code"]) == ("SIGKILL", 143)
    assert 0.2 < launch.end["duration_seconds"] < 10
    for _ in range(100):  # it is killed at once, and gone when the kernel has come to it
        if not Path(f"/proc/{grandchild}").exists():
            break
        time.sleep(0.05)
    assert not Path(f"/proc/{grandchild}").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_told_to_end_is_not_success_even_if_the_command_says_so(number: signal.Signals, code: int) -> None:
    with Launch("sh", "-c", "trap 'exit 0' TERM INT HUP; echo ready; while :; do sleep 0.05; done") as launch:
        wait_for(launch, b"ready\n")
        launch.process.send_signal(number)
        assert launch.ended() == code
    assert launch.end["child_exit_code"] == 0
    assert launch.end["retryable"] is True


def test_a_signal_ends_the_waiting() -> None:
    env = tf_config(cluster(1, 1), "worker", 0)
    with Launch("true", env=env) as launch:
        wait_for(launch, b'"event": "waiting"')
        launch.process.send_signal(signal.SIGTERM)
        assert launch.ended(5) == 143
    assert launch.end["child_exit_code"] is None


def test_usr1_is_passed_on_and_ends_nothing() -> None:
    with Launch("sh", "-c", "trap 'echo got it; exit 5' USR1; echo ready; while :; do sleep 0.05; done") as launch:
        wait_for(launch, b"ready\n")
        launch.process.send_signal(signal.SIGUSR1)
        assert launch.ended() == 5
    assert b"got it\n" in launch.out


@pytest.mark.parametrize("python", BOTH)
def test_output_comes_out_byte_for_byte(python: str) -> None:
    code = (
        "import os, sys\n"
        "data = bytes(range(256)) * 4096\n"
        "for _ in range(20):\n"
        "    sys.stdout.buffer.write(data)\n"
        "    sys.stderr.buffer.write(data[::-1])\n"
    )
    data = bytes(range(256)) * 4096
    with Launch(sys.executable, "-c", code, python=python) as launch:
        assert launch.ended() == 0
    first, _, rest = launch.out.partition(b"\n")
    assert first.startswith(b"dlaasgen-launcher: ")
    body, _, last = rest.rpartition(b"\ndlaasgen-launcher: ")
    assert hashlib.sha256(body).digest() == hashlib.sha256(data * 20).digest()
    assert hashlib.sha256(launch.err).digest() == hashlib.sha256(data[::-1] * 20).digest()
    assert launch.end["output_bytes"] == 40 * len(data)
    assert last.endswith(b"}\n")


def test_output_comes_out_as_it_is_written() -> None:
    with Launch(sys.executable, "-c", "import time; print('half', 'a line', end=''); time.sleep(60)") as launch:
        wait_for(launch, b"half a line")
        launch.process.send_signal(signal.SIGTERM)
        launch.ended()
    assert launch.out.startswith(b"\ndlaasgen-launcher: ")


def test_one_place_for_both_streams_keeps_their_order(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        code = "for n in 1 2 3 4 5 6 7 8; do echo o$n; echo e$n >&2; done"
        subprocess.run([sys.executable, LAUNCHER, "sh", "-c", code], stdout=log, stderr=log, check=True)
    lines = (tmp_path / "log").read_text().splitlines()[1:-1]
    assert lines == [f"{stream}{n}" for n in range(1, 9) for stream in "oe"]


def test_a_reader_that_goes_away_ends_the_command() -> None:
    with Launch("sh", "-c", "while :; do echo more || exit 3; done") as launch:
        wait_for(launch, b"more\n")
        assert launch.process.stdout is not None
        launch.process.stdout.close()
        assert launch.process.wait(10) in (3, 128 + signal.SIGPIPE)
        assert launch.process.stderr is not None
        launch.process.stderr.close()


ORPHAN = """
import os, sys, time
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        time.sleep(0.2)
        os._exit(0)
    os._exit(0)
os.wait()
time.sleep({after})
"""


def processes_of(parent: int) -> list[str]:
    return Path(f"/proc/{parent}/task/{parent}/children").read_text().split()


def test_an_orphan_is_adopted_and_collected() -> None:
    with Launch(sys.executable, "-c", ORPHAN.format(after=60)) as launch:
        launch.child()
        wait_until(lambda: len(processes_of(launch.process.pid)) == 2)
        wait_until(lambda: len(processes_of(launch.process.pid)) == 1)
        launch.process.send_signal(signal.SIGTERM)
        assert launch.ended() == 143


def wait_until(holds: object) -> None:
    assert callable(holds)
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_an_orphan_that_holds_the_output_does_not_hold_the_launcher() -> None:
    with Launch("sh", "-c", "setsid sleep 4 & echo done; exit 7") as launch:
        assert launch.ended(3.5) == 7
    assert launch.output == b"done\n"


def test_it_is_a_good_process_1() -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and util-linux's unshare for a process namespace of its own")
    code = ORPHAN.format(after=0.5)
    line: list[str | Path] = [
        "unshare",
        "--fork",
        "--pid",
        "--mount-proc",
        sys.executable,
        LAUNCHER,
        sys.executable,
        "-c",
        code,
    ]
    done = subprocess.run(line, env={**os.environ, **QUICK}, capture_output=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    assert b'"reason": "completed"' in done.stdout


@pytest.mark.parametrize(("code", "reason"), [(0, "completed"), (1, "failed"), (2, "failed"), (200, "failed")])
def test_the_commands_own_code_stands(code: int, reason: str) -> None:
    with Launch("sh", "-c", f"exit {code}") as launch:
        assert launch.ended() == code
    end = launch.end
    assert (end["reason"], end["child_exit_code"], end["signal"]) == (reason, code, None)
    assert end["peak_memory_bytes"] > 100_000


def test_a_command_killed_from_elsewhere() -> None:
    with Launch("sh", "-c", "kill -KILL $$") as launch:
        assert launch.ended() == 137
    assert (launch.end["reason"], launch.end["signal"], launch.end["child_exit_code"]) == ("killed", "SIGKILL", None)
