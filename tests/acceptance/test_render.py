"""`dlaasgen render`: what is written, what is left alone, what is refused."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from renders import ABOUT, FIRST, SMALL, assert_is_a_fresh_render
from trees import IMAGE, matrix, put, stamps, tree, written

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


pytestmark = pytest.mark.outside


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


def test_a_rule_that_does_nothing_is_told_every_time(do: Run, here: Path) -> None:
    idle = {"when": "model == 'vgg16'", "num_batches": 5}
    put(here, matrix(include=[idle]))
    told = r"matrix/small.yaml:1:\d+: include\[0\]: warning\[M221\]: include\[0\] merges into no cell, .*\n"
    for options in ((), (), ("--dry-run",), ("--no-cache",)):
        said = do("render", SMALL, *options, cwd=here).ok().err
        assert re.fullmatch(told, said)
    said = do("check", SMALL, cwd=here).ok().out
    assert "warning[M221]" in said
    assert "| M221 | warning | matrix/small.yaml:1 |" in (here / "rendered/small/README.md").read_text()


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
