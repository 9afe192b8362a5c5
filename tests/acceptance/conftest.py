"""Acceptance tests run the installed `dlaasgen` in a folder of their own, as a user would."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from applications import Ks
from forking import forked
from ksonnets import folder
from renders import SMALL
from trees import matrix, put

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    """A project with this repository's matrices and prototypes, and nothing rendered."""
    folder = tmp_path / "project"
    for part in ("matrix", "prototypes"):
        shutil.copytree(root / part, folder / part)
    return folder


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


@pytest.fixture
def ks(tmp_path: Path) -> Ks:
    """An application with prototypes, an environment and a component."""
    Ks(tmp_path)("init", "app", "--prototypes", str(folder(tmp_path))).ok()
    made = Ks(tmp_path / "app")
    made("generate", "bench-small", "small", "--name=small").ok()
    made("env", "add", "default", "--namespace", "dlaas").ok()
    return made
