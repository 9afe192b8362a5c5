"""Fixtures of every test: nothing leaves the process unasked, golden files, the installed command, kubectl."""

from __future__ import annotations

import difflib
import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from postgres import Server, server
from support import ROOT, Golden, Guard, Run, runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

GOLDEN = ROOT / "tests" / "golden"
# Whoever uses one of these has asked to start processes.
OPENERS = frozenset({"dlaasgen", "kubectl", "store_name"})
GUARD = Guard()
sys.addaudithook(GUARD)
# How many examples a property is tried with: few in an ordinary run, many in CI. None is timed: machines are busy.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _UNTIMED, max_examples=30)
settings.register_profile("thorough", _UNTIMED, max_examples=100)
settings.load_profile("thorough" if os.environ.get("CI") else "quick")


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


@pytest.fixture
def root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture
def dlaasgen(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """``dlaasgen(*args, cwd=..., env=..., stdin=...) -> Result``: the installed command, as a user runs it."""
    return runner("dlaasgen", tmp_path_factory.mktemp("home"))


@pytest.fixture
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """``kubectl(*args, cwd=...) -> Result``: the one from the development requirements; it knows of no cluster."""
    return runner("kubectl", tmp_path_factory.mktemp("home"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
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


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of the tests' own, for the whole run."""
    with server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def store_name(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The name of a store that is not there yet, on each database."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    running: Server = request.getfixturevalue("postgres")
    return running.url()
