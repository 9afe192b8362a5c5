"""`dlaasgen init`: what it writes works, and what was there stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.scaffold import scaffold

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_new_project_renders_and_passes_the_checks(dlaasgen: Run, tmp_path: Path) -> None:
    said = dlaasgen("init", "speed", cwd=tmp_path).ok()
    project = tmp_path / "speed"
    assert files(project) == {path: text.encode() for path, text in scaffold("speed").items()}
    assert all(f"wrote speed/{path}\n" in said.out for path in scaffold("speed"))
    assert said.out.endswith("\nnext: dlaasgen render speed/matrix/nightly.yaml\n")
    first = dlaasgen("render", "matrix/nightly.yaml", cwd=project).ok()
    assert first.err == ""
    assert len(list((project / "rendered/nightly/jobs").iterdir())) == 5
    checked = dlaasgen("check", "matrix/nightly.yaml", "--output", "json", cwd=project).ok()
    assert checked.data == []
    dlaasgen("render", "--check", "matrix/", cwd=project).ok()


def test_files_that_are_there_are_kept_and_named(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    said = dlaasgen("init", cwd=tmp_path).ok()
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"
    assert "kept ./README.md: it was there before" in said.out
    again = dlaasgen("init", cwd=tmp_path).ok()
    assert again.out.endswith("\nnext: dlaasgen render matrix/nightly.yaml\n")
    assert "wrote" not in again.out


def test_a_folder_that_cannot_be_made_is_said_in_one_line(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "speed").write_text("a file", encoding="utf-8")
    said = dlaasgen("init", "speed", cwd=tmp_path).exits(6)
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


def test_the_first_guide_shows_the_message_of_a_misspelt_key(dlaasgen: Run, tmp_path: Path, root: Path) -> None:
    dlaasgen("init", cwd=tmp_path).ok()
    matrix = tmp_path / "matrix/nightly.yaml"
    matrix.write_text(matrix.read_text(encoding="utf-8").replace("batch_size: 32}", "batchsize: 32}"), encoding="utf-8")
    said = dlaasgen("cells", "matrix/nightly.yaml", cwd=tmp_path).exits(3)
    assert said.err in (root / "docs/guides/first-study.md").read_text(encoding="utf-8")
