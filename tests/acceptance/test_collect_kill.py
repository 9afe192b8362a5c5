"""A collection that is killed, at every write and at many moments, two at once, a database that restarts: whatever
happens, the next one makes the store that a quiet one would have made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from dying import content, started
from support import ROOT, command, environment

if TYPE_CHECKING:
    from pathlib import Path

    from postgres import Server
    from support import Run

pytestmark = pytest.mark.outside


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of thirty jobs of two workers each."""
    made = tmp_path_factory.mktemp("logs")
    sample = (ROOT / "examples/logs/nightly/alexnet-bs128-w3-eigen-worker-0.log").read_bytes()
    for job in range(30):
        for worker in range(2):
            (made / f"study-{job}-worker-{worker}.log").write_bytes(b"%d %d\n" % (job, worker) + sample)
    return made


def line(folder: Path, store: str, *more: str) -> list[str]:
    return [command("dlaasgen"), "-q", "collect", "--from", str(folder), "--store", store, *more]


def collect(folder: Path, store: str, *more: str) -> None:
    subprocess.run(line(folder, store, *more), env=environment(), check=True, cwd=folder.parent, timeout=300)


@pytest.fixture(scope="module")
def quiet(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    store = str(tmp_path_factory.mktemp("quiet") / "s.db")
    collect(folder, store)
    return content(store)


@pytest.mark.parametrize("limit", [3, 9, 14, 20, 40, 70, 104])
def test_killed_at_a_statement_the_next_one_completes_it(
    folder: Path, quiet: dict[str, Any], tmp_path: Path, limit: int
) -> None:
    store = str(tmp_path / "s.db")
    arguments = ["-q", "collect", "--from", str(folder), "--store", store, "-j", "1"]
    died = started(limit, folder.parent, *arguments)
    died.communicate(timeout=120)
    assert died.returncode == -signal.SIGKILL
    collect(folder, store)
    assert content(store) == quiet


def test_killed_at_a_moment_what_was_stored_is_whole(folder: Path, quiet: dict[str, Any], tmp_path: Path) -> None:
    store = str(tmp_path / "s.db")
    for wait in (0.6, 1.0, 1.5):
        process = subprocess.Popen(line(folder, store), env=environment(), cwd=folder.parent)
        time.sleep(wait)
        process.kill()
        process.wait()
        if os.path.exists(store):  # noqa: PTH110
            said = subprocess.run(
                [command("dlaasgen"), "store", "doctor", "--store", store, "-o", "json"],
                env=environment(), capture_output=True, text=True, cwd=folder.parent, check=False,
            )  # fmt: skip
            # It was killed before there was a store, or all that is in it is whole.
            assert "is no store" in said.stderr or json.loads(said.stdout) == []
    collect(folder, store)
    assert content(store) == quiet


def test_a_copy_that_is_killed_is_not_there_or_whole(
    folder: Path, quiet: dict[str, Any], tmp_path: Path, dlaasgen: Run
) -> None:
    store = str(tmp_path / "s.db")
    collect(folder, store)

    def copied(copy: Path, limit: int = 10**9) -> tuple[int, bytes]:
        process = started(limit, tmp_path, "store", "backup", "--store", store, "--to", str(copy))
        return process.wait(120), process.communicate()[0]

    code, said = copied(tmp_path / "quiet.db")
    assert code == 0
    steps = int(said.split()[-1])
    there = []
    for limit in (1, 3, 6, steps // 3, steps // 2, *range(steps - 3, steps + 1)):
        copy = tmp_path / f"copy{limit}.db"
        assert copied(copy, limit)[0] == -signal.SIGKILL
        there.append(copy.exists())
        # A copy to the same place is not hindered by what the killed one has left.
        assert copy.exists() or copied(copy)[0] == 0
        assert content(str(copy)) == quiet
    # It died before, in the middle of, and after the copying, and when the copy was in its place already.
    assert steps > 50
    assert (there[0], there[-1]) == (False, True)
    assert content(store) == quiet
    assert dlaasgen("store", "doctor", "--store", store, cwd=tmp_path).ok().out == "the store is whole\n"
    assert not list(tmp_path.glob("*.part*"))


def test_two_at_once_make_what_one_makes(folder: Path, quiet: dict[str, Any], store_name: str) -> None:
    both = [subprocess.Popen(line(folder, store_name), env=environment(), cwd=folder.parent) for _ in range(2)]
    assert [process.wait(300) for process in both] == [0, 0]
    assert content(store_name) == quiet


def test_a_database_that_restarts_in_the_middle(folder: Path, quiet: dict[str, Any], postgres: Server) -> None:
    store = postgres.url()
    process = subprocess.Popen(line(folder, store), env=environment(), cwd=folder.parent, stderr=subprocess.PIPE)
    time.sleep(1.2)
    postgres.stop(signal.SIGQUIT)
    postgres.start()
    assert process.wait(300) in {0, 7}
    if process.stderr is not None:
        assert b"defect" not in process.stderr.read()
        process.stderr.close()
    collect(folder, store)
    assert content(store) == quiet
