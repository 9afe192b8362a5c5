"""dlaasgen command: what is printed is run by a shell, and gives logs that are read like any others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from launching import PREFIX, free_ports
from support import environment

if TYPE_CHECKING:
    from support import Run

pytestmark = pytest.mark.outside
HEADER = b"Batch size:  8 global\n             4 per device\n"


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    """A project with the smoke matrix and its lock."""
    (tmp_path / "matrix").mkdir()
    shutil.copy(root / "images" / "smoke.yaml", tmp_path / "matrix")
    shutil.copy(root / "images.lock.yaml", tmp_path)
    return tmp_path


def path() -> dict[str, str]:
    """`python` and `python3` are the running one."""
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def port() -> str:
    return str(free_ports(4)[0])


def test_a_cell_that_is_printed_and_run_by_a_shell(dlaasgen: Run, folder: Path, root: Path) -> None:
    line = ("command", "eigen-w2", "--runner", "local", "--benchmarks", root / "images" / "standin", "--port", port())
    printed = dlaasgen(*line, cwd=folder).ok().out
    assert printed.endswith("\nwait\n")
    env = environment(**path())
    subprocess.run(["/bin/sh"], input=printed.encode(), cwd=folder, env=env, check=True, timeout=60)
    logs = {p.name.rpartition("-")[0].rpartition("-")[2] + p.stem[-1]: p.read_bytes() for p in folder.glob("*.log")}
    assert sorted(logs) == ["ps0", "worker0", "worker1"]
    assert HEADER in logs["worker0"]
    assert b"total images/sec: " in logs["worker0"]
    assert b'"cell": "eigen-w2", "run": "by-hand"' in logs["worker0"]
    assert b'"reason": "clients-ended"' in logs["ps0"]
    # They are of the matrix' cell, whatever run its tree is of.
    dlaasgen("render", "matrix/smoke.yaml", "--run", "7", cwd=folder).ok()
    dlaasgen("collect", "--from", ".", "--matrix", "matrix/smoke.yaml", "--store", "s.db", cwd=folder).ok()
    (result,) = dlaasgen("results", "--store", "s.db", "--output", "json", cwd=folder).ok().data
    found = [result[name] for name in ("matrix", "cell", "run", "status", "mismatches")]
    assert found == ["smoke", "eigen-w2", "by-hand", "succeeded", []]
    assert [(w["role"], w["index"]) for w in result["workers"]] == [("worker", 0), ("worker", 1)]
    assert result["metrics"]["images_per_second"]["value"] > 0


def test_a_cell_that_is_run_at_once(dlaasgen: Run, folder: Path, root: Path) -> None:
    line = ("command", "mkl-w2", "--runner", "local", "--benchmarks", root / "images" / "standin", "--exec")
    done = dlaasgen(*line, "--port", port(), "--logs", "a/logs", cwd=folder, env=path()).ok()
    assert HEADER.decode() in done.out
    assert len(list((folder / "a" / "logs").glob("smoke-mkl-w2-*.log"))) == 3
    alone = dlaasgen(*line, "--alone", cwd=folder, env=path()).ok()
    assert "Batch size:  4 global" in alone.out
    assert alone.out.startswith(PREFIX.decode())


def test_the_exit_code_is_worker_0s(dlaasgen: Run, folder: Path) -> None:
    (folder / "b" / "scripts" / "tf_cnn_benchmarks").mkdir(parents=True)
    (folder / "b" / "scripts" / "tf_cnn_benchmarks" / "tf_cnn_benchmarks.py").write_text("raise SystemExit(7)")
    line = ("command", "eigen-w1", "--alone", "--runner", "local", "--benchmarks", folder / "b", "--exec")
    dlaasgen(*line, cwd=folder, env=path()).exits(7)


def test_a_container_engine_gets_the_images_own_entrypoint(dlaasgen: Run, folder: Path) -> None:
    (task,) = dlaasgen("command", "eigen-w1", "--alone", "--output", "json", cwd=folder).ok().data
    assert task["command"][:2] == ["docker", "run"]
    place = task["command"].index(task["image"])
    assert task["command"][place + 1] == "python"
    missing = dlaasgen("command", "eigen-w1", "--runner", "podman", "--exec", cwd=folder, env={"PATH": ""}).exits(2)
    assert "error[I121]: podman is not on PATH" in missing.err


def test_a_cell_that_is_not_there_is_told_with_the_nearest(dlaasgen: Run, folder: Path) -> None:
    done = dlaasgen("command", "eigen-w3", cwd=folder).exits(2)
    assert "there is no cell 'eigen-w3'; did you mean eigen-w" in done.err


def test_a_matrix_before_the_cell_is_told(dlaasgen: Run, folder: Path) -> None:
    (file,) = folder.glob("matrix/*.yaml")
    done = dlaasgen("command", file.relative_to(folder), "eigen-w1", cwd=folder).exits(2)
    assert "is a file and no cell; the cell comes before the matrix: dlaasgen command CELL MATRIX" in done.err
