"""Wrong input to collect, results and report: what was found, what was expected, and the nearest right thing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


@pytest.fixture
def folder(dlaasgen: Run, tmp_path: Path) -> Path:
    """A folder with a store of one log that no tree knows."""
    (tmp_path / "a-worker-0.log").write_text("Model: alexnet\ntotal images/sec: 7.00\n")
    dlaasgen("collect", "--from", "a-worker-0.log", "--store", "s.db", cwd=tmp_path).ok()
    return tmp_path


@pytest.mark.parametrize("place", ["https://loki.example", "loki://x", "k8s:/dlaas", "localhost:3100"])
def test_a_place_that_looks_like_a_server_is_told_how_servers_are_named(
    dlaasgen: Run, tmp_path: Path, place: str
) -> None:
    said = dlaasgen("collect", "--from", place, "--store", "s.db", cwd=tmp_path).exits(2).err
    assert f"there is no {place}; " in said
    assert "Loki is loki+https://HOST, a cluster k8s://NAMESPACE" in said
    assert "Loki is" not in dlaasgen("collect", "--from", "a/b", "--store", "s.db", cwd=tmp_path).exits(2).err


def test_a_pipe_is_told_how_it_is_read(dlaasgen: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    said = dlaasgen("collect", "--from", "pipe", "--store", "s.db", cwd=tmp_path).exits(2).err
    assert "pipe is no plain file; " in said
    assert "a pipe is read as standard input: --from -" in said
    assert "there is no ''" in dlaasgen("collect", "--from", "", "--store", "s.db", cwd=tmp_path).exits(2).err


@pytest.mark.parametrize("name", ["bad.tar.gz", "bad.tgz", "bad.zip", "bad.tar", "bad.tar.zst"])
@pytest.mark.parametrize("data", [b"", b"no archive\n" * 100])
def test_a_file_that_is_named_like_an_archive_and_is_none_is_no_log(
    dlaasgen: Run, tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    said = dlaasgen("collect", "--from", name, "--store", "s.db", cwd=tmp_path).exits(7)
    assert f"error[C113]: {name} could not be read whole: the archive cannot be read to its end" in said.err
    assert dlaasgen("store", "logs", "--store", "s.db", "-o", "json", cwd=tmp_path).ok().data == []


def test_files_that_are_left_out_are_counted(dlaasgen: Run, folder: Path) -> None:
    for name in ("notes.md", "figures.tsv"):
        (folder / name).write_text("x\n")
    line = ("collect", "--from", ".", "--store", "s.db")
    said = dlaasgen(*line, cwd=folder).ok().out
    assert "left out: 3 files; -v lists them and says why" in said
    told = dlaasgen("-v", *line, cwd=folder).ok()
    assert "left out: notes.md: not named like a log" in told.out + told.err
    assert "3 files" not in told.out + told.err
    assert "left out" not in dlaasgen("collect", "--from", "a-worker-0.log", "--store", "s.db", cwd=folder).ok().out


def test_a_report_of_a_run_that_is_not_there(dlaasgen: Run, folder: Path) -> None:
    said = dlaasgen("report", "9", "--store", "s.db", cwd=folder).exits(2).err
    assert "there is no result of run '9'; expected one of ''; '' are the results of logs that no tree knows" in said
    where = dlaasgen("report", "", "--where", "workers > 5", "--store", "s.db", cwd=folder).exits(2).err
    assert "no result fits --where: there is none of run ''" in where
    (folder / "empty").mkdir()
    dlaasgen("collect", "--from", "empty", "--store", "e.db", cwd=folder).ok()
    assert "the store has no results" in dlaasgen("report", "1", "--store", "e.db", cwd=folder).exits(2).err


def test_a_name_that_nothing_is_near_to_gets_a_list(dlaasgen: Run, folder: Path) -> None:
    said = dlaasgen("results", "--sort", "zzz", "--store", "s.db", cwd=folder).exits(2).err
    assert "there is no column zzz; expected one of cell_id, images_per_second, job, " in said
    assert "expected one of ''" in dlaasgen("store", "prune", "--run", "7", "--store", "s.db", cwd=folder).exits(2).err


def test_what_is_no_store_is_told(dlaasgen: Run, folder: Path) -> None:
    (folder / "no.db").write_text("no database\n" * 100)
    for line in (("results",), ("store", "doctor"), ("report", "1"), ("collect", "--from", "a-worker-0.log")):
        said = dlaasgen(*line, "--store", "no.db", cwd=folder).exits(7).err
        assert said.startswith("error[C120]: no.db is no store; found a file of another kind; ")
