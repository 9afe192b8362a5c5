"""A commit of a tree that stops anywhere is completed by the next."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.errors import TreeError
from staging import FORMER, INDEX, NEW, OLD, contents, render, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


CHANGES = ["rename", "replace", "unlink", "rmdir", "mkdir", "makedirs"]


class Stop(BaseException):
    """Stands for a signal that nothing can catch."""


@contextlib.contextmanager
def stopped(
    monkeypatch: pytest.MonkeyPatch, step: int, *, error: BaseException, before: bool
) -> Iterator[Callable[[], bool]]:
    """The step-th change of the file system raises, before or after it is done, and so do all later ones."""
    count = itertools.count(1)
    hit = False

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any, **options: Any) -> Any:
            nonlocal hit
            number = next(count)
            if number < step:
                return function(*args, **options)
            if number == step and not before:
                function(*args, **options)
            hit = True
            raise error

        return changed

    with monkeypatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, wrap(getattr(os, name)))
        yield lambda: hit


def stop_everywhere(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: Mapping[str, bytes] | None,
    error: BaseException,
    *,
    before: bool,
) -> Iterator[Path]:
    """For every step of a render from `start` to NEW: the folder that a render leaves which stops there."""
    for step in itertools.count(1):
        folder = root / str(step)
        folder.mkdir()
        if start is not None:
            render(folder, start)
            (folder / "t/foreign").write_text("mine")
        with stopped(monkeypatch, step, error=error, before=before) as hit:
            try:
                render(folder, NEW)
            except (Stop, TreeError, OSError):
                assert hit()
        if not hit():
            assert step > 3
            return
        yield folder


@pytest.mark.parametrize(
    ("error", "when"),
    [(Stop(), "before"), (Stop(), "after"), (OSError(28, "No space left on device"), "before")],
    ids=["killed before", "killed after", "failed"],
)
@pytest.mark.parametrize("start", [None, OLD, FORMER], ids=["fresh", "old", "former"])
@pytest.mark.parametrize("end", [NEW, OLD, tree(z="1")], ids=["same", "old", "other"])
def test_a_render_that_stops_anywhere_is_completed_by_the_next(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: Mapping[str, bytes] | None,
    end: Mapping[str, bytes],
    error: BaseException,
    when: str,
) -> None:
    for folder in stop_everywhere(tmp_path, monkeypatch, start, error, before=when == "before"):
        left = contents(folder / "t") if (folder / "t").exists() else {}
        # Whatever index is there names only files that are there, or were.
        if INDEX in left:
            assert left[INDEX] in (NEW[INDEX], (start or NEW)[INDEX])
        assert start is None or left["foreign"] == b"mine"
        render(folder, end)
        mine = {} if start is None else {"t/foreign": b"mine"}
        assert contents(folder) == {**{f"t/{p}": data for p, data in end.items()}, **mine}


def test_two_renders_that_stop_are_completed_by_the_third(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in stop_everywhere(tmp_path, monkeypatch, OLD, Stop(), before=False):
        for step in itertools.count(1):
            with stopped(monkeypatch, step, error=Stop(), before=True) as hit, contextlib.suppress(Stop):
                render(folder, tree(a="7", z="8"))
            if not hit():
                break
        assert contents(folder / "t") == {**tree(a="7", z="8"), "foreign": b"mine"}
        with stopped(monkeypatch, 9, error=Stop(), before=True), contextlib.suppress(Stop):
            render(folder, tree(a="9", y="9"))
        render(folder, OLD)
        assert contents(folder / "t") == {**OLD, "foreign": b"mine"}


def test_a_render_that_stops_while_it_writes_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def torn(_: object, file: Any, **__: object) -> None:
        file.write("[")
        file.flush()
        raise Stop

    for folder in stop_everywhere(tmp_path, monkeypatch, OLD, Stop(), before=False):
        with monkeypatch.context() as patch, contextlib.suppress(Stop):
            patch.setattr(json, "dump", torn)
            render(folder, tree(a="7", z="8"))
        render(folder, OLD)
        assert contents(folder / "t") == {**OLD, "foreign": b"mine"}
