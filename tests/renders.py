"""What tests of rendering share: their small matrix, its tree, and what is said of one that has drifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trees import stamps, tree

if TYPE_CHECKING:
    from pathlib import Path

    from support import Result, Run


SMALL = "matrix/small.yaml"
JOB = "rendered/small/jobs/alexnet-batch-size32.yaml"
ABOUT = {"README.md", "index.json", "kustomization.yaml"}
FIRST = "jobs/resnet50-batch-size32.yaml"


def assert_is_a_fresh_render(do: Run, here: Path, *options: str) -> None:
    """The tree is what the matrix makes where there was nothing."""
    do("render", SMALL, "--out", "fresh", "--no-cache", *options, cwd=here).ok()
    assert tree(here / "rendered") == tree(here / "fresh")
    assert do("render", "--check", SMALL, *options, cwd=here).ok().err == ""


def drift(do: Run, here: Path, *options: str) -> Result:
    """What `render --check` says of a tree that has drifted; it writes nothing."""
    before = stamps(here)
    said = do("render", "--check", SMALL, *options, cwd=here).exits(1)
    assert f"run: dlaasgen render {SMALL}" in said.err
    assert stamps(here) == before
    return said
