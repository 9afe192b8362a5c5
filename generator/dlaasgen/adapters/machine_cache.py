"""What this machine remembers of rendered trees, outside of them. Losing it, or failing to write it, costs time only.

Two things: for each tree the state of its files when they were last read, so that a file whose state is the same need
not be read again (git's index does the same); and for each render of this machine what it came to, by its inputs and
the whole tree's content. A tree's own index is never believed in their place: a hand could have changed a file and its
digest alike.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 1024
"""Files that the cache keeps; the oldest go."""


def place(environ: Mapping[str, str]) -> str | None:
    """The cache's folder; None when there is no place for it."""
    base = environ.get("XDG_CACHE_HOME") or (os.path.join(environ["HOME"], ".cache") if environ.get("HOME") else "")
    return os.path.join(base, "dlaasgen", "trees") if os.path.isabs(base) else None


def remember(folder: str | None, key: str, value: Any) -> None:
    """Keep a JSON value under a key, which is a file's name. What has no JSON form is not kept."""
    if folder is None:
        return
    import orjson

    with contextlib.suppress(OSError, orjson.JSONEncodeError):
        data = orjson.dumps(value)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _prune(folder)
        handle, name = tempfile.mkstemp(dir=folder)
        try:
            with open(handle, "wb") as file:
                file.write(data)
            os.replace(name, os.path.join(folder, key))
        except OSError:
            os.unlink(name)
            raise


def recall(folder: str | None, key: str) -> Any:
    """What is kept under a key; None when nothing is, or what is there cannot be read."""
    if folder is None:
        return None
    import orjson

    try:
        with open(os.path.join(folder, key), "rb") as file:
            return orjson.loads(file.read())
    except (OSError, ValueError):
        return None


def key_of(*parts: Any) -> str:
    """The key for some JSON values."""
    import orjson

    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _prune(folder: str) -> None:
    """Make room: half of what is there goes, oldest first, when there is too much."""
    names = os.listdir(folder)
    if len(names) >= _MOST:
        paths = sorted((os.path.join(folder, n) for n in names), key=os.path.getmtime)
        for path in paths[: _MOST // 2]:
            os.unlink(path)
