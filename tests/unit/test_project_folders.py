"""Where things lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dlaasgen.adapters import project

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


@pytest.mark.parametrize("marker", ["prototypes/", "dlaasgen.toml"])
def test_the_root_is_the_nearest_folder_with_prototypes_or_settings(tmp_path: Path, marker: str) -> None:
    outer, inner = tmp_path / "a", tmp_path / "a/b/c"
    (inner / "matrix/deep").mkdir(parents=True)
    for folder in (outer, inner):
        if marker.endswith("/"):
            (folder / marker).mkdir()
        else:
            (folder / marker).write_text("")
        assert project.root(str(inner / "matrix/deep/m.yaml")) == str(folder)
    assert project.root(str(inner / "m.yaml")) == str(inner)
    assert project.root(str(tmp_path / "a/b/m.yaml")) == str(outer)


def test_a_relative_path_means_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prototypes").mkdir()
    (tmp_path / "matrix").mkdir()
    monkeypatch.chdir(tmp_path / "matrix")
    assert project.root("m.yaml") == str(tmp_path)
    assert project.root("../m.yaml") == str(tmp_path)


def test_without_a_marker_the_root_is_the_files_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing above counts here, whatever lies above the temporary folder of this machine.
    real = os.path.isdir
    monkeypatch.setattr(os.path, "isdir", lambda p: real(p) and Path(p).is_relative_to(tmp_path))
    monkeypatch.setattr(os.path, "isfile", lambda p: Path(p).is_relative_to(tmp_path) and Path(p).is_file())
    assert project.root(str(tmp_path / "a/m.yaml")) == str(tmp_path / "a")
    # A file called prototypes, or a folder called dlaasgen.toml, marks nothing.
    (tmp_path / "prototypes").write_text("")
    (tmp_path / "dlaasgen.toml").mkdir()
    assert project.root(str(tmp_path / "a/m.yaml")) == str(tmp_path / "a")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/p/matrix/m.yaml", "matrix/m.yaml"),
        ("/p/matrix/../m.yaml", "m.yaml"),
        ("/p/m.yaml", "m.yaml"),
        ("/p/..m.yaml", "..m.yaml"),
        ("/p/..x/m.yaml", "..x/m.yaml"),
        ("/q/m.yaml", "m.yaml"),
        ("/m.yaml", "m.yaml"),
        ("/p/\udcff\xe9.yaml", "\\xff\xe9.yaml"),
    ],
)
def test_paths_are_told_relative_to_the_project(path: str, name: str) -> None:
    assert project.relative(path, "/p") == name


def test_shipped_prototypes_are_in_the_package_or_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "tfjob.jsonnet" in [p.name for p in Path(project.shipped_prototypes()).iterdir()]
    package = tmp_path / "generator/dlaasgen"

    def files(_: str) -> Traversable:
        return package

    monkeypatch.setattr("importlib.resources.files", files)
    assert project.shipped_prototypes() == str(tmp_path / "prototypes")
    (package / "prototypes").mkdir(parents=True)
    assert project.shipped_prototypes() == str(package / "prototypes")


def test_the_stamp_changes_with_the_code_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cli/__pycache__").mkdir(parents=True)
    code = tmp_path / "cli/app.py"
    code.write_text("a")

    def files(_: str) -> Traversable:
        return tmp_path

    monkeypatch.setattr("importlib.resources.files", files)
    before = project.stamp.__wrapped__()
    (tmp_path / "cli/__pycache__/app.pyc").write_text("x")
    assert project.stamp.__wrapped__() == before
    os.utime(code, ns=(1, 1))
    assert project.stamp.__wrapped__() != before
    (tmp_path / "new.py").write_text("")
    assert project.stamp.__wrapped__().startswith("new.py:0:")
