"""A new project's files on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dlaasgen.errors import TreeError
from dlaasgen.pipeline.init import initialize
from dlaasgen.scaffold import scaffold

if TYPE_CHECKING:
    from pathlib import Path


def told(folder: Path) -> list[str]:
    with pytest.raises(TreeError) as caught:
        initialize(str(folder))
    return [str(f).replace(str(folder), "F") for f in caught.value.findings]


def test_everything_is_written_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "new/speed"
    written, kept = initialize(str(folder))
    files = scaffold("speed")
    assert (written, kept) == ([str(folder / path) for path in files], [])
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert found == {path: text.encode() for path, text in files.items()}


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "dlaasgen.toml").symlink_to("nowhere")
    (tmp_path / "prototypes/my-benchmark.jsonnet").mkdir(parents=True)
    written, kept = initialize(str(tmp_path))
    mine = ["README.md", "dlaasgen.toml", "prototypes/my-benchmark.jsonnet"]
    assert kept == [str(tmp_path / path) for path in mine]
    assert len(written) == len(scaffold("x")) - 3
    assert (tmp_path / "README.md").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    assert initialize(str(tmp_path)) == ([], [str(tmp_path / path) for path in scaffold("x")])


def test_the_project_is_called_like_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "speed").mkdir()
    monkeypatch.chdir(tmp_path / "speed")
    initialize(".")
    assert (tmp_path / "speed/README.md").read_text().startswith("# speed\n")


@pytest.mark.parametrize(
    ("name", "reason"),
    [(".github", "Not a directory"), ("matrix", "File exists")],
)
def test_a_file_in_the_place_of_a_folder(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / name).write_text("mine")
    path = next(path for path in scaffold("x") if path.startswith(f"{name}/"))
    assert told(tmp_path) == [f"F/{path}: error[R101]: cannot write F/{path}: {reason}"]
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    first = next(iter(scaffold("x")))
    assert told(tmp_path / "file/below") == [f"F/{first}: error[R101]: cannot write F/{first}: Not a directory"]
