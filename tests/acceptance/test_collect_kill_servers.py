"""A collector of servers that is killed at many steps while logs grow: whatever happens, the next one makes the store
that a quiet one would have made."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import lokis
import pods_api
from dying import content, started
from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.outside

NEVER = 10**9
PODS = 3
LINES = (ROOT / "examples/logs/nightly/alexnet-bs128-w3-eigen-worker-0.log").read_text(encoding="utf-8").splitlines()
# Long enough ago for what counts as late.
START = (time.time_ns() // 10**9 - 86400) * 10**9
HOUR = 3600 * 10**9


def name(number: int) -> str:
    return f"nightly-c{number}-x-worker-0"


@pytest.fixture
def loki() -> Iterator[lokis.Loki]:
    with lokis.serving() as served:
        yield served


def push(server: lokis.Loki, start: int, stop: int, late: int = 0) -> None:
    """Lines of every pod, twenty minutes apart, every other one later by so much than it says."""
    for number in range(PODS):
        labels = {"namespace": "dlaas", "pod": name(number), "container": "tensorflow"}
        for n, line in enumerate(LINES[start:stop], start):
            server.push(START + n * HOUR // 3 - (n % 2) * late, labels, f"{number} {line}")


def from_loki(server: lokis.Loki, folder: Path, limit: int, *more: str) -> int:
    asked = ("--from", server.url, "--query", '{namespace="dlaas"}', "--store", "s.db", "-j", "1", *more)
    process = started(limit, folder, "-q", "collect", *asked)
    said, _ = process.communicate(timeout=120)
    assert process.returncode in {0, -signal.SIGKILL}, said
    return process.returncode


def quiet_of(server: lokis.Loki, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    assert from_loki(server, folder, NEVER) == 0
    return content(str(folder / "s.db"))


@pytest.mark.parametrize("limit", [2, 9, 20, 35, 50])
def test_a_collection_from_loki_that_is_killed_is_completed_by_the_next_one(
    loki: lokis.Loki, tmp_path: Path, limit: int
) -> None:
    push(loki, 0, len(LINES), late=HOUR // 2)
    assert from_loki(loki, tmp_path, limit) == -signal.SIGKILL
    assert from_loki(loki, tmp_path, NEVER) == 0
    assert content(str(tmp_path / "s.db")) == quiet_of(loki, tmp_path / "quiet")


def test_a_log_of_lokis_that_grows_from_one_killed_collection_to_the_next(loki: lokis.Loki, tmp_path: Path) -> None:
    died = 0
    for step, limit in enumerate((12, 25, 40, 30, 60, 45)):
        push(loki, step * 5, step * 5 + 5)
        died += from_loki(loki, tmp_path, limit) != 0
    assert died > 3
    assert from_loki(loki, tmp_path, NEVER) == 0
    assert content(str(tmp_path / "s.db")) == quiet_of(loki, tmp_path / "quiet")


def test_following_loki_that_is_killed_again_and_again_while_logs_grow(loki: lokis.Loki, tmp_path: Path) -> None:
    steps = iter(range(0, len(LINES), 5))
    push(loki, 0, next(steps) + 5)
    for limit in (12, 30, 45, 60, 90):
        growing = threading.Timer(2, lambda: push(loki, start := next(steps), start + 5))
        growing.start()
        assert from_loki(loki, tmp_path, limit, "--follow", "--interval", "1") == -signal.SIGKILL
        growing.join()
    push(loki, 0, len(LINES))
    assert from_loki(loki, tmp_path, NEVER) == 0
    assert content(str(tmp_path / "s.db")) == quiet_of(loki, tmp_path / "quiet")


def grown(server: pods_api.Api, stopped: threading.Event) -> None:
    """Go on with every pod's log, a line at a time, to its end; then the pods end."""
    for n, line in enumerate(LINES):
        for number in range(PODS):
            text = f"2026-11-24T07:{n // 60:02}:{n % 60:02}Z {number} {line}\n"
            server.logs[name(number), "tensorflow", False] += text
        if stopped.wait(0.25):
            return
    server.pods = [worker(n) for n in range(PODS)]


def worker(number: int, state: str = "terminated") -> Any:
    told = pods_api.pod(number, state=state)
    told["metadata"]["name"] = name(number)
    return told


@pytest.mark.parametrize("tails", [False, True])
def test_a_collector_that_is_killed_again_and_again_while_logs_grow(tmp_path: Path, *, tails: bool) -> None:
    stopped, held = threading.Event(), set()
    with pods_api.serving(tmp_path) as api:
        api.tails, api.page = tails, 10
        api.pods = [worker(n, state="running") for n in range(PODS)]
        api.logs = {(name(n), "tensorflow", False): "" for n in range(PODS)}
        growing = threading.Thread(target=grown, args=(api, stopped))
        growing.start()
        line = ("-q", "collect", "--from", "k8s://dlaas", "--store", "s.db", "-j", "1")
        config = str(tmp_path / "config")
        try:
            for limit in (8, 20, 33, 47, 60, 80, 100):
                process = started(limit, tmp_path, *line, "--follow", "--interval", "1", KUBECONFIG=config)
                said, _ = process.communicate(timeout=120)
                assert process.returncode == -signal.SIGKILL, said
                if limit > 30:  # there is a store now
                    held.add(str(content(str(tmp_path / "s.db"))["logs"]))
            growing.join(60)
            # Following goes to the end, which a collection that is not killed then finds nothing to add to.
            last = started(NEVER, tmp_path, *line, "--follow", "--interval", "1", KUBECONFIG=config)
            (tmp_path / "quiet").mkdir()
            quietly = started(NEVER, tmp_path / "quiet", *line, KUBECONFIG=config)
            assert quietly.communicate(timeout=120)[0].startswith(b"steps")
            quiet = content(str(tmp_path / "quiet/s.db"))
            for _ in range(100):
                time.sleep(0.2)
                if content(str(tmp_path / "s.db")) == quiet:
                    break
            last.kill()
            last.communicate(timeout=60)
        finally:
            stopped.set()
            growing.join()
    assert content(str(tmp_path / "s.db")) == quiet
    assert len(quiet["sources"]) == PODS
    # The logs have grown from one to the next that was killed.
    assert len(held) > 2
