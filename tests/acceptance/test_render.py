"""`dlaasgen render`: what is written, what is left alone, what is refused."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from forking import forked
from support import Result, command, environment
from trees import IMAGE, matrix, put, stamps, tree, written

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

SMALL = "matrix/small.yaml"
pytestmark = pytest.mark.outside
JOB = "rendered/small/jobs/alexnet-batch-size32.yaml"
ABOUT = {"README.md", "index.json", "kustomization.yaml"}
FIRST = "jobs/resnet50-batch-size32.yaml"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered project and, beside it, the home folder of whoever rendered it."""
    base = tmp_path_factory.mktemp("pristine")
    (base / "project/prototypes").mkdir(parents=True)
    put(base / "project", matrix())
    (base / "home").mkdir()
    forked(base / "home")("render", SMALL, cwd=base / "project").ok()
    return base


@pytest.fixture
def here(pristine: Path, tmp_path: Path) -> Path:
    """A copy of the rendered project; whose home knows the tree."""
    shutil.copytree(pristine, tmp_path, dirs_exist_ok=True, symlinks=True)
    return tmp_path / "project"


@pytest.fixture
def do(here: Path) -> Run:
    """The command, run by the one who rendered the project."""
    return forked(here.parent / "home")


def test_a_fresh_tree(here: Path) -> None:
    assert set(tree(here / "rendered")) == {
        "small/",
        "small/jobs/",
        *(f"small/{name}" for name in ABOUT),
        *(f"small/jobs/{m}-batch-size{b}.yaml" for m in ("resnet50", "alexnet") for b in (32, 64)),
    }


@pytest.mark.parametrize("cache", [(), ("--no-cache",)])
def test_rendered_again_nothing_is_written(do: Run, here: Path, cache: tuple[str, ...]) -> None:
    before = stamps(here / "rendered/small")
    said = do("render", SMALL, "--output", "json", *cache, cwd=here).ok()
    assert stamps(here / "rendered/small") == before
    [outcome] = said.data
    assert outcome["evaluated"] == (4 if cache else 0)
    assert [outcome[k] for k in ("missing", "changed", "extra", "foreign")] == [[], [], [], []]
    assert do("render", SMALL, cwd=here).ok().out == f"{SMALL}: 4 cells -> rendered/small (unchanged)\n"


def test_of_a_changed_cell_only_its_file_is_written(do: Run, here: Path) -> None:
    put(here, matrix(include=[{"model": "alexnet", "batch_size": 32, "num_batches": 7}]))
    before = stamps(here / "rendered")
    said = do("render", SMALL, "--output", "json", cwd=here).ok()
    touched = written(before, stamps(here / "rendered"))
    assert {p for p in touched if not (here / "rendered" / p).is_dir()} == {
        "small/README.md",
        "small/index.json",
        "small/jobs/alexnet-batch-size32.yaml",
    }
    assert said.data[0]["evaluated"] == 1
    assert_is_a_fresh_render(do, here)


def assert_is_a_fresh_render(do: Run, here: Path, *options: str) -> None:
    """The tree is what the matrix makes where there was nothing."""
    do("render", SMALL, "--out", "fresh", "--no-cache", *options, cwd=here).ok()
    assert tree(here / "rendered") == tree(here / "fresh")
    assert do("render", "--check", SMALL, *options, cwd=here).ok().err == ""


def test_removed_cells_lose_their_files_and_empty_folders(do: Run, here: Path) -> None:
    do("render", SMALL, "--format", "jsonnet", cwd=here).ok()
    assert (here / "rendered/small/jsonnet").is_dir()
    put(here, matrix(exclude=[{"model": "alexnet"}]))
    said = do("render", SMALL, cwd=here).ok()
    assert "0 files added, 3 changed, 6 removed" in said.out
    assert set(tree(here / "rendered/small")) == {*ABOUT, "jobs/", FIRST, FIRST.replace("32", "64")}
    assert_is_a_fresh_render(do, here)


@pytest.mark.parametrize("name", ["notes.txt", "jobs/mine.yaml", "deep/er/mine", ".hidden"])
def test_a_foreign_file_is_named_and_left_alone(do: Run, here: Path, name: str) -> None:
    file = here / "rendered/small" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"mine\n")
    before = stamps(here / "rendered")
    said = do("render", SMALL, cwd=here).ok()
    assert f"not ours, left alone: rendered/small/{name}\n" in said.out
    put(here, matrix(exclude=[{"model": "alexnet"}]))
    said = do("render", SMALL, "--output", "json", cwd=here).ok()
    assert said.data[0]["foreign"] == [name]
    path = file.relative_to(here / "rendered").as_posix()
    assert stamps(here / "rendered")[path] == before[path]
    drift = do("render", "--check", SMALL, cwd=here).exits(1)
    assert f"extra: rendered/small/{name}\n" in drift.out


def test_a_foreign_file_in_the_way_is_refused(do: Run, here: Path) -> None:
    (here / "rendered/small/jobs/vgg16-batch-size32.yaml").write_bytes(b"mine\n")
    put(here, matrix(axes={"model": ["vgg16", "alexnet"], "batch_size": [32, 64]}))
    before = tree(here / "rendered")
    said = do("render", SMALL, cwd=here).exits(6)
    assert said.err.startswith("rendered/small/jobs/vgg16-batch-size32.yaml: error[R104]: a file that dlaasgen did not")
    assert "move it away, or remove the tree and render again" in said.err
    assert tree(here / "rendered") == before


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_a_tree_that_a_merge_left_with_conflicts_is_rendered_anew(do: Run, here: Path, style: str) -> None:
    """Each side changed the matrix in its way; git has put its markers into the index and into manifests."""
    base = tree(here / "rendered/small")
    sides = []
    for batch in (48, 96):
        put(here, matrix(axes={"model": ["vgg11"], "batch_size": [32, batch]}))
        do("render", SMALL, cwd=here).ok()
        sides.append({p: d.decode() for p, d in tree(here / "rendered/small").items() if not p.endswith("/")})
    ours, theirs = sides
    for path in ours.keys() | theirs.keys():
        one, other = ours.get(path, ""), theirs.get(path, "")
        ancestor = f"||||||| base\n{base.get(path, b'').decode()}" if style == "diff3" else ""
        marked = one if one == other else f"<<<<<<< HEAD\n{one}{ancestor}=======\n{other}>>>>>>> theirs\n"
        (here / "rendered/small" / path).write_text(marked)
    put(here, matrix(axes={"model": ["vgg11"], "batch_size": [48, 96]}))
    do("render", SMALL, cwd=here).ok()
    assert_is_a_fresh_render(do, here)


@pytest.mark.parametrize("kind", ["folder", "full folder", "link"])
def test_what_is_no_file_in_the_way_is_refused(do: Run, here: Path, kind: str) -> None:
    place = here / "rendered/small/jobs/vgg16-batch-size32.yaml"
    if kind == "link":
        (here / "elsewhere").write_bytes(b"mine\n")
        place.symlink_to(here / "elsewhere")
    else:
        place.mkdir()
        if kind == "full folder":
            (place / "mine").write_bytes(b"mine\n")
    put(here, matrix(axes={"model": ["vgg16", "alexnet"], "batch_size": [32, 64]}))
    before = tree(here)
    said = do("render", SMALL, cwd=here).exits(6)
    assert said.err.count("\n") == 1
    assert "vgg16-batch-size32.yaml" in said.err
    assert tree(here) == before


@pytest.mark.parametrize("kind", ["file", "link"])
def test_jobs_that_is_no_folder_is_refused(do: Run, here: Path, kind: str) -> None:
    shutil.move(here / "rendered/small/jobs", here / "elsewhere")
    if kind == "file":
        (here / "rendered/small/jobs").write_bytes(b"mine\n")
    else:
        (here / "rendered/small/jobs").symlink_to(here / "elsewhere")
    put(here, matrix(params={"image": IMAGE, "num_batches": 7}))
    before = tree(here)
    said = do("render", SMALL, cwd=here).exits(6)
    assert said.err.count("\n") == 1
    assert tree(here) == before


@pytest.mark.parametrize("to", ["folder", "file", "nothing"])
def test_a_link_where_the_tree_should_be_is_refused(do: Run, here: Path, to: str) -> None:
    shutil.move(here / "rendered/small", here / "elsewhere")
    target = {"folder": "elsewhere", "file": "elsewhere/README.md", "nothing": "nowhere"}[to]
    (here / "rendered/small").symlink_to(here / target)
    put(here, matrix(params={"image": IMAGE, "num_batches": 7}))
    before = tree(here)
    said = do("render", SMALL, cwd=here).exits(6)
    assert said.err == "rendered/small: error[R103]: the place of the rendered tree is not a folder\n"
    assert tree(here) == before


def test_a_missing_index_is_written_again(do: Run, here: Path) -> None:
    before = tree(here / "rendered")
    (here / "rendered/small/index.json").unlink()
    do("render", "--check", SMALL, cwd=here).exits(1)
    do("render", SMALL, cwd=here).ok()
    assert tree(here / "rendered") == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "<<<<<<< ours",
        "\udcff",
        '{"apiVersion": "dlaasgen/v1", "kind": "Index"}',
        '{"apiVersion": "dlaasgen/v1", "kind": "Index", "cells": 1}',
        '{"apiVersion": "dlaasgen/v1", "kind": "Index", "matrix": 1, "source": 1, "prototype": 1, "dialect": 1, '
        '"inputs": [], "options": [], "params": [], "findings": [1], "files": ["x"], '
        '"cells": [{"id": 1, "job": 1, "axes": 1, "params": 1, "files": ["jobs/x"]}]}',
    ],
)
def test_a_corrupt_index_is_drift_and_no_crash(do: Run, here: Path, text: str) -> None:
    before = tree(here / "rendered")
    index = here / "rendered/small/index.json"
    index.write_bytes(text.encode(errors="surrogateescape"))
    drift = do("render", "--check", SMALL, cwd=here).exits(1)
    assert "changed: rendered/small/index.json\n" in drift.out
    said = do("render", SMALL, cwd=here)
    # Whether it is mended or refused, nothing is lost and nothing crashes.
    assert said.code in {0, 6}
    assert said.err.count("\n") == (0 if said.code == 0 else 1)
    index.unlink(missing_ok=True)
    do("render", SMALL, cwd=here).ok()
    assert tree(here / "rendered") == before


def test_out_is_the_folder_of_the_trees(do: Run, here: Path) -> None:
    said = do("render", SMALL, "--out", "a/b", cwd=here).ok()
    assert said.out == f"{SMALL}: 4 cells -> a/b/small (7 files added, 0 changed, 0 removed)\n"
    assert tree(here / "a/b") == tree(here / "rendered")


@pytest.mark.parametrize(
    ("selectors", "cells"),
    [
        (["alexnet-batch-size32"], ["alexnet-batch-size32"]),
        (["alexnet-*"], ["alexnet-batch-size32", "alexnet-batch-size64"]),
        (["batch_size > 32 && model == 'resnet50'"], ["resnet50-batch-size64"]),
        (["alexnet-*32", "resnet50-batch-size32"], ["alexnet-batch-size32", "resnet50-batch-size32"]),
    ],
)
def test_select(do: Run, here: Path, selectors: list[str], cells: list[str]) -> None:
    chosen = [part for s in selectors for part in ("--select", s)]
    do("render", SMALL, "--out", "some", *chosen, cwd=here).ok()
    assert sorted(p.stem for p in (here / "some/small/jobs").iterdir()) == cells
    for cell in cells:
        name = f"small/jobs/{cell}.yaml"
        assert (here / "some" / name).read_bytes() == (here / "rendered" / name).read_bytes()


def test_a_selector_of_nothing_is_refused(do: Run, here: Path) -> None:
    before = tree(here)
    said = do("render", SMALL, "--select", "alexnet-batch-size3", cwd=here).exits(2)
    assert "M230" in said.err
    assert "did you mean alexnet-batch-size32?" in said.err
    assert tree(here) == before


def test_another_run_has_other_names_and_nothing_else(do: Run, here: Path) -> None:
    do("render", SMALL, "--run", "2", "--out", "second", "--format", "json", cwd=here).ok()
    do("render", SMALL, "--out", "first", "--format", "json", cwd=here).ok()
    for one in (here / "first/small/jobs").iterdir():
        first = json.loads(one.read_text())
        text = (here / "second/small/jobs" / one.name).read_text()
        second = json.loads(text)
        assert first["metadata"]["name"] != second["metadata"]["name"]
        assert second["metadata"]["labels"]["dlaasgen/run"] == "2"
        text = text.replace('"dlaasgen/run": "2"', '"dlaasgen/run": "1"')
        second = json.loads(text)
        second["metadata"]["name"] = first["metadata"]["name"]
        assert second == first


def test_a_dry_run_writes_nothing(do: Run, here: Path) -> None:
    put(here, matrix(exclude=[{"model": "alexnet"}], params={"image": IMAGE, "num_batches": 7}))
    before = stamps(here)
    said = do("render", SMALL, "--dry-run", cwd=here).ok()
    assert said.out == f"{SMALL}: 2 cells -> rendered/small (0 files would be added, 5 changed, 2 removed)\n"
    do("render", SMALL, "--dry-run", "--out", "fresh", cwd=here).ok()
    assert stamps(here) == before


def drift(do: Run, here: Path, *options: str) -> Result:
    """What `render --check` says of a tree that has drifted; it writes nothing."""
    before = stamps(here)
    said = do("render", "--check", SMALL, *options, cwd=here).exits(1)
    assert f"run: dlaasgen render {SMALL}" in said.err
    assert stamps(here) == before
    return said


def test_check_of_a_missing_file(do: Run, here: Path) -> None:
    (here / JOB).unlink()
    said = drift(do, here)
    assert said.out == f"missing: {JOB}\n"
    assert said.err == (
        f"error[R110]: rendered/small is not what {SMALL} says; found 1 missing; run: dlaasgen render {SMALL}\n"
    )


def test_check_of_no_tree_at_all(do: Run, here: Path) -> None:
    shutil.rmtree(here / "rendered")
    assert "found 7 missing" in drift(do, here).err


@pytest.mark.parametrize("cache", [(), ("--no-cache",)])
def test_check_of_a_changed_file(do: Run, here: Path, cache: tuple[str, ...]) -> None:
    (here / JOB).write_text((here / JOB).read_text().replace("8Gi", "9Gi"))
    assert drift(do, here, *cache).out == f"changed: {JOB}\n"


def test_check_of_an_extra_file(do: Run, here: Path) -> None:
    (here / "rendered/small/jobs/extra.yaml").write_text("a: 1\n")
    assert drift(do, here).out == "extra: rendered/small/jobs/extra.yaml\n"


def test_check_of_a_file_that_is_not_readable_as_such(do: Run, here: Path) -> None:
    (here / JOB).unlink()
    (here / JOB).symlink_to(here / SMALL)
    assert drift(do, here).out == f"changed: {JOB}\n"


def test_check_as_json(do: Run, here: Path) -> None:
    (here / JOB).unlink()
    said = do("render", "--check", SMALL, "--output", "json", cwd=here).exits(1)
    assert said.data[0]["missing"] == ["jobs/alexnet-batch-size32.yaml"]


@pytest.mark.parametrize("part", ["manifest", "readme", "kustomization"])
def test_check_sees_a_hand_edit_that_covers_its_tracks(do: Run, here: Path, part: str) -> None:
    """A file and its digest in the index are edited alike: the index alone proves nothing."""
    name = {"manifest": JOB, "readme": "rendered/small/README.md", "kustomization": "rendered/small/kustomization.yaml"}
    file, index = here / name[part], here / "rendered/small/index.json"
    do("render", "--check", SMALL, cwd=here).ok()
    old = file.read_bytes()
    new = old.replace(b"alexnet", b"alexmet")
    assert new != old
    file.write_bytes(new)
    text = index.read_text()
    was, now = (hashlib.sha256(data).hexdigest() for data in (old, new))
    assert was in text
    index.write_text(text.replace(was, now))
    for options in ((), ("--no-cache",)):
        said = drift(do, here, *options)
        assert f"changed: {name[part]}\n" in said.out
        assert "changed: rendered/small/index.json\n" in said.out
    before = tree(here / "rendered")
    do("render", SMALL, cwd=here).ok()
    assert tree(here / "rendered") != before
    assert_is_a_fresh_render(do, here)


def test_check_sees_a_changed_prototype(do: Run, here: Path, root: Path) -> None:
    shutil.copytree(root / "prototypes", here / "prototypes", dirs_exist_ok=True)
    library = here / "prototypes/lib/containers.libsonnet"
    do("render", "--check", SMALL, cwd=here).ok()
    library.write_text(library.read_text().replace("'IfNotPresent'", "'Always'"))
    assert drift(do, here).out.count("changed: rendered/small/jobs/") == 4


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


def test_the_objects_of_gitops_are_part_of_the_tree(tmp_path: Path, dlaasgen: Run) -> None:
    matrix = tmp_path / "m.yaml"
    gitops = {"repository": "https://git.example.com/team/study.git", "max_per_application": 2}
    params = {"image": f"example.com/a@sha256:{'0' * 64}", "namespace": "dlaas"}
    axes = {"model": ["alexnet", "resnet50", "vgg16"], "batch_size": [32]}
    text = {"apiVersion": "dlaasgen/v1", "name": "m", "prototype": "tfjob", "params": params, "axes": axes}
    matrix.write_text(json.dumps({**text, "gitops": gitops}), encoding="utf-8")
    dlaasgen("render", matrix, cwd=tmp_path).ok()
    tree = tmp_path / "rendered" / "m"
    made = sorted(p.name for p in (tree / "argocd").iterdir())
    assert made == ["application-0.yaml", "application-1.yaml", "project.yaml"]
    assert "argocd" not in (tree / "kustomization.yaml").read_text(encoding="utf-8")
    project = tree / "argocd" / "project.yaml"
    whole = project.read_text(encoding="utf-8")
    assert "namespace: dlaas" in whole
    # A cell more, and one less: the others are known, and the objects are made of all of them.
    axes["model"] = ["alexnet", "inception3", "resnet50"]
    matrix.write_text(json.dumps({**text, "gitops": gitops}), encoding="utf-8")
    dlaasgen("render", matrix, cwd=tmp_path).ok()
    assert project.read_text(encoding="utf-8") == whole
    project.write_text("{}", encoding="utf-8")
    assert dlaasgen("render", "--check", matrix, cwd=tmp_path).code == 1
    dlaasgen("render", "--no-cache", matrix, cwd=tmp_path).ok()
    assert project.read_text(encoding="utf-8") == whole
    matrix.write_text(json.dumps(text), encoding="utf-8")
    dlaasgen("render", matrix, cwd=tmp_path).ok()
    assert not (tree / "argocd").exists()
