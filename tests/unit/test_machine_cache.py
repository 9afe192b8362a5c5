"""The cache outside the tree: where it is, what it keeps, and that it can be lost, broken or full."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dlaasgen.adapters import machine_cache
from dlaasgen.adapters.machine_cache import key_of, place, recall, remember

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/dlaasgen/trees"),
        ({"HOME": "/h"}, "/h/.cache/dlaasgen/trees"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/dlaasgen/trees"),
        ({"XDG_CACHE_HOME": "relative"}, None),
        ({"HOME": ""}, None),
        ({}, None),
    ],
)
def test_where_it_is(environ: Mapping[str, str], folder: str | None) -> None:
    assert place(environ) == folder


def test_remembering(tmp_path: Path) -> None:
    folder = str(tmp_path / "a/b")
    assert recall(folder, "key") is None
    for value in ({"a": [1]}, {}):
        remember(folder, "key", value)
        assert recall(folder, "key") == value
    assert recall(folder, "other") is None
    assert names(tmp_path / "a/b") == ["key"]
    assert (tmp_path / "a/b").stat().st_mode & 0o077 == 0


def test_without_a_place_nothing_is_kept(tmp_path: Path) -> None:
    remember(None, "key", 1)
    assert recall(None, "key") is None
    (tmp_path / "file").write_text("")
    remember(str(tmp_path / "file"), "key", 1)
    assert recall(str(tmp_path / "file"), "key") is None


def test_what_has_no_json_form_is_not_kept(tmp_path: Path) -> None:
    remember(str(tmp_path), "key", {"a name that is no UTF-8: \udcff": 1})
    assert recall(str(tmp_path), "key") is None
    assert names(tmp_path) == []


def test_a_broken_file_is_no_memory(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b'{"cut')
    assert recall(str(tmp_path), "key") is None


def test_a_value_that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    remember(str(tmp_path), "key", 1)
    assert names(tmp_path) == ["key"]


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_cache, "_MOST", 4)
    for number in range(5):
        remember(str(tmp_path), f"k{number}", number)
        os.utime(tmp_path / f"k{number}", (number, number))
    assert names(tmp_path) == ["k2", "k3", "k4"]


def test_a_key_is_a_name_that_all_of_its_parts_make() -> None:
    keys = {key_of("a", "b"), key_of("ab"), key_of("a", {"b": 1}), key_of("a", {"b": 2}), key_of()}
    assert len(keys) == 5
    assert all(len(k) == 64 and k.isalnum() for k in keys)
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
