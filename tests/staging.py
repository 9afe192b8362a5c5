"""Trees on disk as tests render them: staged, committed, and what a folder then holds."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from dlaasgen.adapters.tree_files import Stage, digests, journal, locked, read
from dlaasgen.errors import TreeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


INDEX = "index.json"


def sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and every empty folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[name + "/"] = b""
    return found


def tree(**files: str) -> dict[str, bytes]:
    """A tree of jobs, with the index that names them."""
    jobs = {f"jobs/{name}.yaml": text.encode() for name, text in files.items()}
    return {"README.md": " ".join(files).encode(), **jobs, INDEX: json.dumps(sorted(["README.md", *jobs])).encode()}


def render(root: Path, wanted: Mapping[str, bytes]) -> None:
    """What a render does to a folder: stage what differs, take away what was ours, index last."""
    with locked(str(root)):
        stage = Stage(str(root), "t")
        stage.tidy()
        present, _ = digests(stage.tree)
        stage.open()
        index = read(f"{stage.tree}/{INDEX}")
        ours = journal(stage.tree) | (set(json.loads(index)) if index else set()) | {INDEX}
        assert not [p for p in present if p in wanted and p not in ours and present[p] != sha(wanted[p])]
        staged = [p for p, data in wanted.items() if present.get(p) != sha(data) and stage.put(p, data)]
        stage.commit(staged, [p for p in present if p in ours and p not in wanted], INDEX, wanted)


def told(call: Callable[[], object]) -> list[str]:
    with pytest.raises(TreeError) as caught:
        call()
    return [str(f) for f in caught.value.findings]


OLD = tree(a="1", b="2", c="3")
NEW = tree(b="2", c="4", d="5")
FORMER = {
    **tree(a="1"),
    "jsonnet/a.jsonnet": b"x",
    INDEX: json.dumps(["README.md", "jobs/a.yaml", "jsonnet/a.jsonnet"]).encode(),
}
