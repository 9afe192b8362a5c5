"""Whole trees as a person has read them: `make golden` rewrites them, for review in the diff."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from support import ROOT
from trees import IMAGE, matrix, put, tree

if TYPE_CHECKING:
    from pathlib import Path

    from support import Golden, Run

STUDIES = {
    # Values that need care in YAML, JSON, Markdown and jsonnet; components beside the manifests.
    "awkward": (
        matrix(
            name="awkward",
            params={
                "image": IMAGE,
                "env": {
                    "ON": "on",
                    "OCTAL": "0777",
                    "TEXT": "two\nlines ",
                    "UMLAUT": "ü",
                    "BELL": "\x07",
                    "PIPE": "a|b",
                },
                "flags": {"xla": True, "weight_decay": 1e-05},
            },
            axes={"model": ["resnet50"], "batch_size": [32, {"id": "big", "value": 256}]},
        ),
        ("--format", "jsonnet"),
    ),
    # Repeats, an include, a run of its own, and findings in the tree's README.
    "findings": (
        matrix(
            name="findings",
            params={"image": "docker.io/clearlinux/stacks-dlaas-oss:latest"},
            axes={"model": ["resnet50"], "replicas": [1, 3]},
            include=[{"batch_size": 64}],
            repeats=2,
        ),
        ("--run", "2026-01"),
    ),
}


@pytest.mark.parametrize("name", STUDIES)
def test_tree(name: str, dlaasgen: Run, golden: Golden, tmp_path: Path) -> None:
    study, options = STUDIES[name]
    (tmp_path / "prototypes").mkdir()
    put(tmp_path, study)
    dlaasgen("render", "matrix", *options, cwd=tmp_path).ok()
    golden(name, {path: data for path, data in tree(tmp_path / "rendered" / name).items() if not path.endswith("/")})


def test_the_nightly_tree(project: Path, dlaasgen: Run, root: Path) -> None:
    """Its golden tree is the committed one."""
    dlaasgen("render", "matrix/nightly.yaml", cwd=project).ok()
    assert tree(project / "rendered/nightly") == tree(root / "rendered/nightly")


EXAMPLES = sorted(p.stem for p in (ROOT / "matrix/examples").glob("*.yaml"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example(name: str, dlaasgen: Run, golden: Golden, tmp_path: Path) -> None:
    """The example of each prototype renders without a finding, to what is committed."""
    (tmp_path / "prototypes").mkdir()
    shutil.copytree(ROOT / "matrix/examples", tmp_path / "matrix/examples")
    result = dlaasgen("render", f"matrix/examples/{name}.yaml", cwd=tmp_path).ok()
    assert "[" not in result.out + result.err
    (folder,) = (tmp_path / "rendered").iterdir()
    files = {path: data for path, data in tree(folder).items() if not path.endswith("/")}
    assert b"## Findings\n\nNone." in files["README.md"]
    golden(f"examples-{name}", files)


def test_every_prototype_has_an_example() -> None:
    assert sorted(p.stem for p in (ROOT / "prototypes").glob("*.jsonnet")) == EXAMPLES
