"""What the launcher's tests share: run it as a pod would, with time limits of fractions of a second."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LAUNCHER = ROOT / "images" / "launcher.py"
STANDIN = ROOT / "images" / "standin" / "scripts" / "tf_cnn_benchmarks" / "tf_cnn_benchmarks.py"
PREFIX = b"dlaasgen-launcher: "
QUICK = {
    "DLAASGEN_POLL": "0.05",
    "DLAASGEN_PS_LINGER": "0.4",
    "DLAASGEN_PEER_TIMEOUT": "20",
    "DLAASGEN_PEER_LOST": "20",
    "DLAASGEN_GRACE": "0.3",
}
_VARIABLES = (
    "TF_CONFIG",
    "DLAASGEN_",
    "PET_",
    "OMPI_",
    "PMI",
    "PS_HOSTS",
    "WORKER_HOSTS",
    "JOB_NAME",
    "TASK_INDEX",
    "OMP_",
)


def clean() -> dict[str, str]:
    """The environment without what tells the launcher of a cluster."""
    return {k: v for k, v in os.environ.items() if not k.startswith(_VARIABLES)}


class Launch:
    """One run of the launcher. Its standard output and error are `out` and `err` once it has ended."""

    def __init__(
        self, *command: str | Path, env: Mapping[str, str] | None = None, python: str = sys.executable
    ) -> None:
        self.process = subprocess.Popen(
            [python, str(LAUNCHER), *map(str, command)],
            env={**clean(), **QUICK, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.out = self.err = b""

    def ended(self, within: float = 30) -> int:
        """The exit code."""
        self.out, self.err = self.process.communicate(timeout=within)
        return self.process.returncode

    @property
    def records(self) -> list[dict[str, Any]]:
        """What the launcher itself said."""
        lines = self.out.split(b"\n")
        return [json.loads(line[len(PREFIX) :]) for line in lines if line.startswith(PREFIX)]

    @property
    def end(self) -> dict[str, Any]:
        """The last record."""
        last = self.records[-1]
        assert last["event"] == "end"
        return last

    @property
    def output(self) -> bytes:
        """What the command wrote to standard output."""
        return b"".join(line for line in self.out.splitlines(keepends=True) if not line.startswith(PREFIX))

    def child(self) -> int:
        """The command's process id, once it runs."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while not (found := children.read_text().split()):
            assert self.process.poll() is None
        return int(found[0])

    def kill(self) -> None:
        """Kills the command and the launcher, as a node that dies does."""
        child = self.child()
        self.process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


def free_ports(number: int) -> list[int]:
    """Ports of the loopback interface, one after the other, that nobody uses now.

    They lie below those that the kernel gives to outgoing connections, which could take one before a test does.
    """
    while True:
        found = range(first := random.randrange(20000, 32000), first + number)  # noqa: S311 - nothing to guess
        try:
            with contextlib.ExitStack() as stack:
                for port in found:
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
                return list(found)
        except OSError:
            continue


def cluster(ps: int, workers: int) -> dict[str, list[str]]:
    """Addresses on loopback for parameter servers and workers."""
    places = [f"127.0.0.1:{port}" for port in free_ports(ps + workers)]
    return {"ps": places[:ps], "worker": places[ps:]}


def tf_config(roles: Mapping[str, Any], role: str, index: int) -> dict[str, str]:
    """TF_CONFIG as the training operator sets it."""
    task = {"type": role, "index": index}
    return {"TF_CONFIG": json.dumps({"cluster": roles, "task": task, "environment": "cloud"})}


def benchmark(python: str = sys.executable, *flags: str) -> list[str]:
    """The stand-in's command line."""
    return [python, str(STANDIN), "--model=resnet50", "--data_format=NHWC", "--num_batches=20", *flags]


def pythons() -> list[str]:
    """The oldest and the newest Python 3.6 or later on this machine: on PATH, pyenv's, and the running one."""
    candidates = [shutil.which(f"python3.{minor}") for minor in range(6, 20)]
    candidates += [str(p) for p in Path("~/.pyenv/versions").expanduser().glob("3.*/bin/python")]
    versions: dict[tuple[int, int], str] = {sys.version_info[:2]: sys.executable}
    for candidate in filter(None, candidates):
        code = "import sys; print(*sys.version_info[:2])"
        done = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            major, minor = map(int, done.stdout.split())
            if (major, minor) >= (3, 6):
                versions.setdefault((major, minor), candidate)
    return list(dict.fromkeys([versions[min(versions)], versions[max(versions)]]))


def each(launches: dict[str, Launch]) -> Iterator[tuple[str, int]]:
    """The exit code of each."""
    for name, launch in launches.items():
        yield name, launch.ended()


def wait_for(launch: Launch, text: bytes) -> bytes:
    """Reads the launch's output until it holds the text."""
    stream = launch.process.stdout
    assert stream is not None
    seen = b""
    while text not in seen:
        data = os.read(stream.fileno(), 1 << 16)
        assert data, seen
        seen += data
    return seen
