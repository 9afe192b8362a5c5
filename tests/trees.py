"""Trees and matrices as tests handle them: what a folder holds, what was written, a matrix from Python values."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "docker.io/clearlinux/stacks-dlaas-oss@sha256:" + "8f4a1f3b" * 8


def tree(folder: Path) -> dict[str, bytes]:
    """Everything below a folder: a file's path -> its bytes, a folder's path with a slash -> nothing."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = b"-> " + os.fsencode(path.readlink())
        elif path.is_dir():
            found[name + "/"] = b""
        else:
            found[name] = path.read_bytes()
    return found


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """(inode, time of the last change) of a folder and all below it: the same when nothing was written."""
    paths = [folder, *folder.rglob("*")]
    return {p.relative_to(folder).as_posix(): ((s := p.lstat()).st_ino, s.st_mtime_ns) for p in paths}


def written(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> set[str]:
    """What was written or made between two calls of `stamps`."""
    return {path for path, stamp in after.items() if before.get(path) != stamp}


def matrix(**changes: Any) -> dict[str, Any]:
    """A small study, four cells, with keys changed; one that is None is left out."""
    document = {
        "apiVersion": "dlaasgen/v1",
        "name": "small",
        "prototype": "tfjob",
        "params": {"image": IMAGE},
        "axes": {"model": ["resnet50", "alexnet"], "batch_size": [32, 64]},
        **changes,
    }
    return {k: v for k, v in document.items() if v is not None}


def put(folder: Path, document: dict[str, Any]) -> str:
    """Write a matrix, in JSON (which is YAML), into the folder matrix/ of a project; its path in the project."""
    file = folder / "matrix" / f"{document['name']}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    # YAML has no escaped surrogates, and takes nothing unprintable as it is.
    text = re.sub(
        r"[\x7f-\x9f\u2028\u2029\ufeff]", lambda m: f"\\u{ord(m[0]):04x}", json.dumps(document, ensure_ascii=False)
    )
    file.write_text(text, encoding="utf-8")
    return file.relative_to(folder).as_posix()
