"""What tests share beside fixtures: results of commands, how to run them, the guard: `from support import Result`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent

FORBIDDEN = frozenset({
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn",
    "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname",
})  # fmt: skip
# Variables that change what a command prints.
_DROPPED = ("CI", "CLICOLOR", "COLOR", "DLAASGEN", "FORCE_COLOR", "GITHUB", "NO_COLOR", "PY_COLORS", "_TYPER")


@dataclass
class Guard:
    """Sees every process started and socket used, by Python's audit events; objects to them while it is closed."""

    closed: bool = False
    seen: list[str] = field(default_factory=list)

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if self.closed and event in FORBIDDEN:
            told = f"{event}{args!r:.200}"
            self.seen.append(told)
            message = f"a test without the marker `outside` did {told}"
            raise AssertionError(message)


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The standard output, read as JSON."""
        return json.loads(self.out)

    def ok(self) -> Result:
        """Itself, when the exit code is 0; else the test fails and shows what the command said."""
        return self.exits(0)

    def exits(self, code: int) -> Result:
        """Itself, when the exit code is `code`; else the test fails and shows what the command said."""
        if self.code != code:
            pytest.fail(f"{' '.join(self.args)}: exit code {self.code}, not {code}\n{self.out}{self.err}")
        return self


class Run(Protocol):
    """Runs one command; see the fixtures `dlaasgen` and `kubectl`."""

    def __call__(
        self, *args: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> Result: ...


class Golden(Protocol):
    """Compares a text or a tree (path -> bytes) with tests/golden/<name>; see the fixture `golden`."""

    def __call__(self, name: str, actual: str | bytes | Mapping[str, bytes]) -> None: ...


def command(name: str) -> str:
    """Where a command is: beside the running Python, else on PATH; the test fails when it is nowhere."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed: run `make setup`")
    return found


def environment(**changes: str) -> dict[str, str]:
    """An environment like a user's, less what would change the output."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_DROPPED)}
    return {**kept, "COLUMNS": "120", "TERM": "dumb", **changes}


def runner(name: str, home: Path) -> Run:
    """A function that runs the installed command `name` with `home` as its home folder."""

    def run(*args: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Result:
        line = [command(name), *map(str, args)]
        done = subprocess.run(
            line,
            cwd=cwd,
            env=environment(HOME=str(home), **(env or {})),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Result((name, *line[1:]), done.returncode, done.stdout, done.stderr)

    return run
