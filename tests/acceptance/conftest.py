"""Acceptance tests run the installed `dlaasgen` in a folder of their own, as a user would."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    """A project with this repository's matrices and prototypes, and nothing rendered."""
    folder = tmp_path / "project"
    for part in ("matrix", "prototypes"):
        shutil.copytree(root / part, folder / part)
    return folder
