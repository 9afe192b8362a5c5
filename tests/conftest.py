"""What every test shares: nothing leaves the process unasked, golden files, the installed command, kubectl."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"

# Whoever uses one of these has asked to start processes.
OPENERS = frozenset({"dlaasgen", "kubectl"})

FORBIDDEN = frozenset({
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn",
    "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname",
})  # fmt: skip


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


GUARD = Guard()
sys.addaudithook(GUARD)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden instead of comparing with it")


@pytest.fixture(autouse=True)
def _inside(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that starts a process or opens a socket without saying so, even when the error was swallowed."""
    asked = request.node.get_closest_marker("outside") is not None or OPENERS & set(request.fixturenames)
    GUARD.seen.clear()
    GUARD.closed = not asked
    yield
    GUARD.closed = False
    if GUARD.seen:
        pytest.fail("not marked `outside`, but did: " + "; ".join(GUARD.seen))


@pytest.fixture
def guard() -> Guard:
    """What watches over tests, for the test that watches over it."""
    return GUARD


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


def _command(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed: run `make setup`")
    return found


def environment(**changes: str) -> dict[str, str]:
    """An environment like a user's, less what would change the output."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("DLAASGEN", "GITHUB", "COLOR", "FORCE_", "NO_COLOR", "CI"))
    }
    return {**kept, "COLUMNS": "120", "TERM": "dumb", "PYTHONWARNINGS": "error::DeprecationWarning:dlaasgen", **changes}


Run = "Callable[..., Result]"


def _runner(name: str, home: Path) -> Callable[..., Result]:
    def run(*args: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Result:
        line = [_command(name), *map(str, args)]
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


@pytest.fixture
def dlaasgen(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Result]:
    """``dlaasgen(*args, cwd=..., env=..., stdin=...) -> Result``: the installed command, as a user runs it."""
    return _runner("dlaasgen", tmp_path_factory.mktemp("home"))


@pytest.fixture
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Result]:
    """``kubectl(*args, cwd=...) -> Result``: the one from the development requirements; it reaches no cluster."""
    return _runner("kubectl", tmp_path_factory.mktemp("home"))


@pytest.fixture
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str | bytes | Mapping[str, bytes]], None]:
    """``golden(name, actual)``: `actual` (a text, or a tree path -> bytes) is what tests/golden/<name> holds.

    With --update-golden the file or folder is written instead, for a person to review in the diff.
    """
    update = bool(request.config.getoption("--update-golden"))

    def compare(name: str, actual: str | bytes | Mapping[str, bytes]) -> None:
        one = actual.encode() if isinstance(actual, str) else actual
        tree = {"": one} if isinstance(one, bytes) else dict(one)
        base = GOLDEN / name
        if update:
            _write(base, tree)
        held = _read(base)
        assert sorted(held) == sorted(tree), f"files of tests/golden/{name}; `make golden` rewrites them"
        for path in sorted(tree):
            if held[path] != tree[path]:
                pytest.fail(f"{_diff(f'{name}/{path}'.rstrip('/'), held[path], tree[path])}\n`make golden` rewrites it")

    return compare


def _read(base: Path) -> dict[str, bytes]:
    if base.is_file():
        return {"": base.read_bytes()}
    return {p.relative_to(base).as_posix(): p.read_bytes() for p in base.rglob("*") if p.is_file()}


def _write(base: Path, tree: Mapping[str, bytes]) -> None:
    if base.is_dir():
        shutil.rmtree(base)
    base.unlink(missing_ok=True)
    for path, data in tree.items():
        file = base / path if path else base
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _diff(name: str, old: bytes, new: bytes) -> str:
    was, now = (part.decode(errors="backslashreplace").splitlines() for part in (old, new))
    return "\n".join(difflib.unified_diff(was, now, f"golden/{name}", f"actual/{name}", lineterm=""))
