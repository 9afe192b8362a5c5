"""Files of single objects, written into a folder that others write into, too: nothing is overwritten unasked."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

from dlaasgen.errors import TreeError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping


def write(folder: str, files: Mapping[str, bytes], *, force: bool) -> list[str]:
    """The paths of the files that were written: those that were not there, or with `force` were different.

    Raises TreeError when something else stands in the place of one; then none has been written.
    """
    paths = {os.path.join(folder, name): data for name, data in files.items()}
    todo = {path: data for path, data in paths.items() if not _holds(path, data)}
    blocked = [p for p in todo if os.path.lexists(p) and not (force and os.path.isfile(p) and not os.path.islink(p))]
    if blocked:
        hint = "move it away" if force else "move it away, or overwrite files with --force"
        message = "something else stands where a file must be written"
        raise TreeError([Finding("R104", message, file=p.replace(os.sep, "/"), hint=hint) for p in blocked])
    try:
        os.makedirs(folder, exist_ok=True)
        for path, data in todo.items():
            _replace(path, data)
    except OSError as error:
        message = f"cannot write into {folder}: {error.strerror}"
        raise TreeError([Finding("R101", message, file=folder.replace(os.sep, "/"))]) from None
    return [*todo]


def _holds(path: str, data: bytes) -> bool:
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(data) + 1) == data
    except OSError:
        return False


def _replace(path: str, data: bytes) -> None:
    """Put a file in its place at once, whole."""
    handle, draft = tempfile.mkstemp(prefix=".dlaasgen-", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise
