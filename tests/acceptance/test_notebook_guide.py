"""docs/guides/notebook.md: its blocks in their order, in a checkout's copy, print what is below them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.errors import StoreError, UsageError
from dlaasgen.pipeline.notebook import Store
from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

PAGE = ROOT / "docs/guides/notebook.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def store(dlaasgen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store that the page begins with."""
    for part in ("examples", "matrix", "prototypes", "rendered"):
        shutil.copytree(ROOT / part, tmp_path / part)
    name, *words = shlex.split(next(text for language, text in BLOCK.findall(PAGE.read_text()) if language == "sh"))
    assert name == "dlaasgen"
    dlaasgen(*words, cwd=tmp_path).ok()
    monkeypatch.chdir(tmp_path)
    return Store("nightly.db")


def test_the_blocks_print_what_is_below_them(store: Store) -> None:
    assert os.path.exists(store.name)  # noqa: PTH110
    names: dict[str, Any] = {}
    printed: list[str] = []
    shown: list[str] = []
    for language, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, "notebook.md", "exec"), names)  # noqa: S102 - the page's own
            printed.append(out.getvalue())
        elif language == "text":
            shown.append(text)
    assert len(printed) > 5
    assert shown == printed


def test_every_call_of_the_store_is_on_the_page(store: Store) -> None:
    calls = {name for name in dir(store) if not name.startswith("_")} - {"name"}
    assert calls == set(re.findall(r"store\.(\w+)\(", PAGE.read_text(encoding="utf-8")))


def test_a_table_has_every_plain_name_when_no_columns_are_asked_for(store: Store) -> None:
    row = store.table(sort=["images_per_second"])[0]
    assert row["cell_id"] == "resnet50-bs64-w1-eigen"
    assert {"model", "batch_size", "run", "status", "images_per_second", "loss"} <= set(row)


def test_what_is_not_there_is_told(store: Store) -> None:
    with pytest.raises(StoreError, match="no result of job x in run '2'"):
        store.series({"job": "x", "run": "2"})
    assert store.logs({"job": "x", "run": "2"}) == []
    with pytest.raises(StoreError, match="no log has a digest that begins with 0"):
        store.text("0")
    with pytest.raises(UsageError, match="modle"):
        store.results(where='modle == "x"')
    with pytest.raises(StoreError, match=r"no store nowhere\.db"):
        Store("nowhere.db").results()
