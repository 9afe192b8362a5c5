"""The same matrix gives the same bytes: in every folder, language, time zone, at every hash seed, for every user."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from forking import forked
from support import ROOT, command, environment, runner
from trees import matrix, put, tree

if TYPE_CHECKING:
    from support import Run

pytestmark = pytest.mark.outside

MATRICES = sorted((ROOT / "matrix").glob("*.yaml"))
WORLDS = {
    "as it is": {},
    "C": {"LC_ALL": "C", "PYTHONHASHSEED": "0", "PYTHONUTF8": "0"},
    "C.UTF-8, India": {"LC_ALL": "C.UTF-8", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "1"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "random"},
    "UTC+14, -O": {"TZ": "Pacific/Kiritimati", "PYTHONOPTIMIZE": "2", "SOURCE_DATE_EPOCH": "0"},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All committed matrices, and one of non-ASCII values with findings; no tree."""
    folder = tmp_path_factory.mktemp("determinism") / "project"
    for part in ("matrix", "prototypes"):
        shutil.copytree(ROOT / part, folder / part)
    image = "docker.io/clearlinux/stacks-dlaas-oss:latest"  # not pinned: a finding, which the README shows
    env = {"İSTANBUL": "I\u0131İi", "ZÜRICH": "ß", "PATH": "/bin", "N": 1.5}
    put(folder, matrix(name="awkward", params={"image": image, "env": env}, cluster={"nodes": 2, "cpu": 8}))
    return folder


@pytest.fixture(scope="module")
def expected(project: Path) -> dict[str, bytes]:
    """What a render of everything gives."""
    forked(project.parent / "home")("render", "matrix", "--out", project.parent / "expected", cwd=project).ok()
    found = tree(project.parent / "expected")
    assert {name.split("/")[0] for name in found} == {"awkward", *(m.stem for m in MATRICES)}
    return found


@pytest.mark.parametrize("world", WORLDS)
def test_everywhere_the_same_bytes(
    project: Path, expected: dict[str, bytes], world: str, tmp_path: Path, dlaasgen: Run
) -> None:
    dlaasgen("render", "matrix", "--out", tmp_path / "out", cwd=project, env=WORLDS[world]).ok()
    assert tree(tmp_path / "out") == expected


@pytest.mark.parametrize("mask", ["077", "022"])
def test_from_another_folder_of_another_name_under_another_mask(
    project: Path, expected: dict[str, bytes], mask: str, tmp_path: Path
) -> None:
    moved = tmp_path / "a project of another name é"
    shutil.copytree(project, moved, ignore=shutil.ignore_patterns("rendered"))
    (tmp_path / "x/y").mkdir(parents=True)
    line = f'umask {mask}; exec "$0" render "$@"'
    args = [f"../../{moved.name}/matrix", "--jobs", "1"]
    subprocess.run(
        ["sh", "-c", line, command("dlaasgen"), *args],
        cwd=tmp_path / "x/y",
        env=environment(HOME=str(tmp_path / "home")),
        capture_output=True,
        check=True,
    )
    assert tree(moved / "rendered") == expected
    modes = {p.stat().st_mode & 0o777 for p in (moved / "rendered").rglob("*") if p.is_file()}
    assert modes == {0o644 & ~int(mask, 8)}


@pytest.mark.parametrize(
    "options", [("--jobs", "1"), ("--jobs", "2"), ("--engine", "jsonnet"), ("--format", "jsonnet")]
)
def test_jobs_engine_and_components_change_no_manifest(
    project: Path, expected: dict[str, bytes], options: tuple[str, ...], tmp_path: Path
) -> None:
    do = forked(tmp_path)
    do("render", "matrix", "--out", tmp_path / "out", *options, cwd=project).ok()
    found = tree(tmp_path / "out")
    if "--format" in options:
        found = {p: data for p, data in found.items() if "/jobs/" in p}
        expected = {p: data for p, data in expected.items() if "/jobs/" in p}
    assert found == expected


def test_many_cells_are_the_same_in_one_process_and_in_several(tmp_path: Path) -> None:
    (tmp_path / "prototypes").mkdir()
    put(tmp_path, matrix(axes={"model": ["resnet50"], "batch_size": list(range(1, 411))}))
    do = runner("dlaasgen", tmp_path / "home")
    for jobs in ("1", "2"):
        do("render", "matrix/small.yaml", "--out", jobs, "--jobs", jobs, cwd=tmp_path).ok()
    one = tree(tmp_path / "1")
    assert len(one) == 410 + 3 + 2
    assert tree(tmp_path / "2") == one


def test_a_parameter_equal_to_the_matrix_own_is_treated_alike_whatever_its_value(tmp_path: Path) -> None:
    """CPython keeps small integers once and others many times: which ones, depends on its version."""
    (tmp_path / "prototypes").mkdir()
    shown = []
    for number in (100, 1000):
        study = matrix(include=[{"model": "alexnet", "num_batches": number}])
        put(tmp_path, {**study, "params": {**study["params"], "num_batches": number}})
        forked(tmp_path / "home")("render", "matrix/small.yaml", cwd=tmp_path).ok()
        text = (tmp_path / "rendered/small/index.json").read_text()
        shown.append([
            "num_batches" in line.partition('"params":')[2] for line in text.splitlines() if '{"id":' in line
        ])  # fmt: skip
    assert shown[0] == shown[1]


def test_no_path_time_or_user_is_in_a_tree(expected: dict[str, bytes], project: Path) -> None:
    text = b"\n".join(expected.values()).decode()
    for private in (str(project), str(ROOT), str(Path.home()) + "/", os.uname().nodename, "/tmp"):  # noqa: S108
        assert private not in text
    assert not re.search(rf"\b{re.escape(getpass.getuser())}\b", text) or getpass.getuser() in {"root", "runner"}
    assert not re.search(r"\b20\d\d-\d\d-\d\d|\b\d\d:\d\d:\d\d\b", text)


def test_the_committed_trees_are_what_their_matrices_say(dlaasgen: Run, root: Path) -> None:
    dlaasgen("render", "--check", "matrix/", cwd=root).ok()
