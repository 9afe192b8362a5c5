"""The tree on disk: what it holds, what is read again, what stands in the way."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from dlaasgen.adapters import tree_files
from dlaasgen.adapters.tree_files import JOURNAL, Stage, digests, journal, locked, read, same
from staging import FORMER, NEW, OLD, contents, render, sha, told, tree

if TYPE_CHECKING:
    from pathlib import Path


def test_a_fresh_tree_and_a_changed_one(tmp_path: Path) -> None:
    render(tmp_path, OLD)
    assert contents(tmp_path) == {f"t/{p}": data for p, data in OLD.items()}
    render(tmp_path, NEW)
    assert contents(tmp_path) == {f"t/{p}": data for p, data in NEW.items()}


def test_a_render_without_change_touches_nothing(tmp_path: Path) -> None:
    render(tmp_path, OLD)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    render(tmp_path, OLD)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_foreign_files_stay(tmp_path: Path) -> None:
    render(tmp_path, OLD)
    (tmp_path / "t/jobs/mine.yaml").write_text("mine")
    (tmp_path / "t/notes").mkdir()
    render(tmp_path, NEW)
    assert contents(tmp_path / "t") == {**NEW, "jobs/mine.yaml": b"mine", "notes/": b""}


def test_a_folder_that_is_emptied_goes(tmp_path: Path) -> None:
    render(tmp_path, FORMER)
    assert (tmp_path / "t/jsonnet").is_dir()
    render(tmp_path, tree(a="1"))
    assert not (tmp_path / "t/jsonnet").exists()


def test_a_stage_begins_empty(tmp_path: Path) -> None:
    for _ in range(2):
        stage = Stage(str(tmp_path), "t")
        stage.open()
        assert contents(tmp_path) == {".dlaasgen-stage-t/jobs/": b""}
        assert stage.put("jobs/a.yaml", b"1")


def test_a_failed_commit_says_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    render(tmp_path, OLD)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t/jobs/d.yaml").mkdir()
    message = "error[R101]: cannot put the rendered tree in place: Is a directory"
    (found,) = told(lambda: render(tmp_path, NEW))
    assert found.endswith(message)
    assert not [p for p in tmp_path.iterdir() if p.name != "t"]


def test_files_are_told_by_their_digests(tmp_path: Path) -> None:
    (tmp_path / "jobs/deep").mkdir(parents=True)
    (tmp_path / "jobs/empty").mkdir()
    large = b"x" * (tree_files._READ + 1)
    exact = b"y" * tree_files._READ
    files = {"a": b"", "b": b"1", "jobs/c": large, "jobs/deep/d": exact}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "jobs/way").symlink_to("/")
    os.mkfifo(tmp_path / "pipe")
    special = dict.fromkeys(["link", "jobs/way", "pipe"], "special")
    assert digests(str(tmp_path))[0] == {**{p: sha(data) for p, data in files.items()}, **special}
    assert digests(str(tmp_path / "missing")) == ({}, {})


def aged(path: Path, seconds: int) -> None:
    """Let a file be so old, as far as its content goes."""
    then = time.time_ns() - seconds * 1_000_000_000
    os.utime(path, ns=(then, then))


@pytest.fixture
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the test had waited: the time of a file's last change of state cannot be set."""
    monkeypatch.setattr(tree_files, "_SETTLED", -60_000_000_000)


@pytest.mark.usefixtures("settled_at_once")
def test_a_file_whose_state_is_known_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jobs").mkdir()
    for name in ("a", "jobs/b"):
        (tmp_path / name).write_text(name)
    found, states = digests(str(tmp_path))
    assert states.keys() == found.keys() == {"a", "jobs/b"}
    read_again: list[str] = []

    def read_it(path: str) -> str:
        read_again.append(path)
        return "new"

    monkeypatch.setattr(tree_files, "_sha256", read_it)
    assert digests(str(tmp_path), json.loads(json.dumps(states))) == (found, states)
    assert read_again == []
    (tmp_path / "a").write_text("c")
    assert digests(str(tmp_path), states)[0] == {**found, "a": "sha256:new"}
    assert read_again == [str(tmp_path / "a")]


@pytest.mark.usefixtures("settled_at_once")
@pytest.mark.parametrize("how", ["size", "mtime", "ctime", "inode"])
def test_any_change_of_state_has_a_file_read(how: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("1")
    aged(path, 100)
    before = path.stat()
    _, states = digests(str(tmp_path))
    if how == "inode":
        (tmp_path / "b").write_text("2")
        (tmp_path / "b").replace(path)
    else:
        path.write_text("22" if how == "size" else "2")
    if how != "mtime":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digests(str(tmp_path), states)[0] == {"a": sha(path.read_bytes())}


def test_a_file_changed_a_moment_ago_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    aged(tmp_path / "a", 100)  # its content: its state cannot be older than this test
    found, states = digests(str(tmp_path))
    assert (found, states) == ({"a": sha(b"1")}, {})


def test_what_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"1")
    monkeypatch.chdir(tmp_path)

    def refuse(path: str, *_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)
    told_by = ["a: error[R101]: cannot read the rendered tree: Permission denied"]
    assert told(lambda: digests(str(tmp_path))) == told_by
    assert told(lambda: read(str(tmp_path / "a"))) == told_by
    assert not same(str(tmp_path / "a"), b"1")


def test_read_and_same(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "link").symlink_to("a")
    os.mkfifo(tmp_path / "pipe")
    assert read(str(tmp_path / "a")) == b"12"
    for name in ("missing", "a/below", ""):
        assert read(str(tmp_path / name)) is None
    assert read(str(tmp_path / "pipe")) == b""
    assert same(str(tmp_path / "a"), b"12")
    for name, data in {"a": b"1", "missing": b"", "link": b"12", "pipe": b"1", "": b""}.items():
        assert not same(str(tmp_path / name), data)
    assert not same(str(tmp_path / "a"), b"123")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('["a", "b"]', {"a", "b"}),
        ("[]", set()),
        ('["a"', set()),
        ('{"a": 1}', set()),
        ('["a", 1]', {"a"}),
        ("", set()),
        ("\xff", set()),
    ],
)
def test_journals(tmp_path: Path, text: str, names: set[str]) -> None:
    assert journal(str(tmp_path)) == set()
    (tmp_path / JOURNAL).write_bytes(text.encode("latin-1"))
    assert journal(str(tmp_path)) == names


def test_a_journal_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    render(tmp_path, OLD)
    victim = tmp_path.with_name("victim")
    victim.write_text("keep")
    (tmp_path / "t" / JOURNAL).symlink_to(victim)
    render(tmp_path, NEW)
    assert victim.read_text() == "keep"
    assert contents(tmp_path / "t") == NEW


def test_a_stage_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path.with_name("away")
    victim.mkdir()
    (victim / "keep").write_text("keep")
    (tmp_path / ".dlaasgen-stage-t").symlink_to(victim)
    render(tmp_path, OLD)
    assert contents(victim) == {"keep": b"keep"}
    assert contents(tmp_path) == {f"t/{p}": data for p, data in OLD.items()}


def test_a_file_in_the_place_of_the_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".dlaasgen-stage-t").write_text("mine")
    monkeypatch.chdir(tmp_path)
    expected = [".dlaasgen-stage-t: error[R101]: cannot stage the rendered tree: File exists"]
    assert told(Stage(str(tmp_path), "t").open) == expected


def test_the_trees_place_must_be_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = ["t: error[R103]: the place of the rendered tree is not a folder"]
    place = tmp_path / "t"
    place.write_text("mine")
    assert told(Stage(str(tmp_path), "t").open) == expected
    place.unlink()
    (tmp_path / "real").mkdir()
    for target in ("real", "nowhere"):
        place.symlink_to(target)
        assert told(Stage(str(tmp_path), "t").open) == expected
        place.unlink()


def test_what_stands_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "t/jobs").mkdir(parents=True)
    (tmp_path / "t/jsonnet").symlink_to(tmp_path)
    (tmp_path / "t/argocd").write_text("mine")
    (tmp_path / "t/jobs/a.yaml").mkdir()
    (tmp_path / "t/jobs/l.yaml").symlink_to("nowhere")
    stage = Stage(str(tmp_path), "t")
    assert stage.in_the_way(["README.md", "jobs/b.yaml", "other/c"]) == []
    assert stage.in_the_way(["jobs/a.yaml", "jobs/b.yaml", "jobs/l.yaml"]) == ["jobs/a.yaml", "jobs/l.yaml"]
    assert stage.in_the_way(["jobs/a.yaml", "jsonnet/a", "argocd/b", "argocd/c"]) == ["jsonnet", "argocd"]
    assert Stage(str(tmp_path), "new").in_the_way(["jobs/a.yaml"]) == []


def test_files_are_staged_wherever_they_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stage = Stage(str(tmp_path), "t")
    stage.open()
    assert stage.put("a/b/c.yaml", b"1" * 100_000)
    assert (tmp_path / ".dlaasgen-stage-t/a/b/c.yaml").read_bytes() == b"1" * 100_000
    place = ".dlaasgen-stage-t/a/b/c.yaml/d"
    assert told(lambda: stage.put("a/b/c.yaml/d", b"")) == [
        f"{place}: error[R101]: cannot stage the rendered tree: Not a directory"
    ]
    stage.discard()
    assert list(tmp_path.iterdir()) == []


def test_what_the_tree_holds_already_is_not_staged(tmp_path: Path) -> None:
    render(tmp_path, OLD)
    stage = Stage(str(tmp_path), "t")
    stage.open()
    assert not stage.put("jobs/a.yaml", b"1")
    assert stage.put("jobs/a.yaml", b"2")
    stage.discard()


def test_one_render_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    root = str(tmp_path / "deep/rendered")
    with locked(root):
        assert told(lambda: locked(root).__enter__()) == [
            "deep/rendered: error[R102]: another render is writing to this folder; wait for it to end and render again"
        ]
    with locked(root):
        pass
    with contextlib.suppress(KeyError), locked(root):
        raise KeyError
    with locked(root):
        assert list((tmp_path / "deep/rendered").iterdir()) == []


def test_folders_that_cannot_be_made_or_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert told(lambda: locked(str(tmp_path / "file")).__enter__()) == [
        "file: error[R101]: cannot make the folder for the rendered tree: File exists"
    ]

    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert told(lambda: locked(str(tmp_path)).__enter__()) == [
        "error[R101]: cannot lock the folder for the rendered tree: No locks available"
    ]
