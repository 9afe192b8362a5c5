"""Renders that fail leave every tree as it was; renders at the same time do not mix."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from renders import SMALL, assert_is_a_fresh_render
from support import command, environment
from trees import IMAGE, matrix, put, tree

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


pytestmark = pytest.mark.outside


BROKEN = """// @apiVersion 1
// @name tfjob
// @param image string Image
// @param model string Model
// @param batch_size integer Batch
function(params) %s
"""


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("if params.model == 'alexnet' then error 'no such luck' else {}", 4),
        ("42", 4),
        ("{ a: }", 4),
        ("import '../../matrix/small.yaml'", 4),
        ("{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: params.name }, dat: {} }", 5),
    ],
)
def test_a_prototype_that_fails_leaves_the_tree_as_it_was(
    do: Run, here: Path, body: str, code: int, *, fresh: bool
) -> None:
    (here / "prototypes/tfjob.jsonnet").write_text(BROKEN % body)
    if fresh:
        shutil.rmtree(here / "rendered/small")
    before = tree(here)
    said = do("render", SMALL, cwd=here).exits(code)
    assert "Traceback" not in said.err
    assert said.err.count("error[") + said.err.count("warning[") == said.err.count("\n") > 0
    assert tree(here) == before


def test_a_wrong_matrix_leaves_all_trees_as_they_were(do: Run, here: Path) -> None:
    put(here, matrix(name="another"))
    put(here, matrix(name="zero", prototypes="tfjob"))
    before = tree(here / "rendered")
    said = do("render", "matrix", cwd=here).exits(3)
    assert "did you mean prototype?" in said.err
    assert tree(here / "rendered") == before


def test_two_matrices_of_one_name_are_refused(do: Run, here: Path) -> None:
    shutil.copy(here / SMALL, here / "matrix/twin.yaml")
    before = tree(here / "rendered")
    assert "M116" in do("render", "matrix", cwd=here).exits(3).err
    assert tree(here / "rendered") == before


def test_a_folder_that_cannot_be_written(here: Path) -> None:
    drop = ["setpriv", "--bounding-set=-dac_override", "--"]
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may write anywhere, and there is no setpriv to take that away")
    (here / "rendered/small").chmod(0o555)
    (here / "rendered").chmod(0o555)
    try:
        before = tree(here)
        put(here, matrix(params={"image": IMAGE, "num_batches": 7}))
        before[SMALL] = (here / SMALL).read_bytes()
        done = subprocess.run(
            [*(drop if os.geteuid() == 0 else []), command("dlaasgen"), "render", SMALL],
            cwd=here,
            env=environment(HOME=str(here.parent / "home")),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 6
        assert "Permission denied" in done.stderr
        assert done.stderr.count("\n") == 1
        assert tree(here) == before
    finally:
        (here / "rendered").chmod(0o755)
        (here / "rendered/small").chmod(0o755)


def test_a_file_where_the_folder_of_trees_should_be(do: Run, here: Path) -> None:
    said = do("render", SMALL, "--out", SMALL, cwd=here).exits(6)
    assert said.err.count("\n") == 1
    assert "R101" in said.err


def test_a_render_beside_another_is_refused(do: Run, here: Path) -> None:
    put(here, matrix(params={"image": IMAGE, "num_batches": 7}))
    before = tree(here)
    handle = os.open(here / "rendered", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        said = do("render", SMALL, cwd=here).exits(6)
        assert said.err == (
            "rendered: error[R102]: another render is writing to this folder; wait for it to end and render again\n"
        )
        assert tree(here) == before
    finally:
        os.close(handle)
    do("render", SMALL, cwd=here).ok()


def test_renders_at_once_do_not_mix(do: Run, here: Path) -> None:
    put(here, matrix(axes={"model": ["resnet50"], "batch_size": list(range(1, 301))}))
    started = [
        subprocess.Popen(
            [command("dlaasgen"), "render", SMALL, "--run", run],
            cwd=here,
            env=environment(HOME=str(here.parent / "home")),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for run in ("a", "b", "c")
    ]
    ends = [(p.communicate()[1], p.returncode) for p in started]
    assert {code for _, code in ends} <= {0, 6}
    assert all(("R102" in err) == (code == 6) for err, code in ends)
    assert any(code == 0 for _, code in ends)
    run = json.loads((here / "rendered/small/index.json").read_text())["options"]["run"]
    assert_is_a_fresh_render(do, here, "--run", run)
    assert [p.name for p in (here / "rendered").iterdir()] == ["small"]
