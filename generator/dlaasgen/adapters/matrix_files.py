"""Matrix files on disk: find them, read them."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from dlaasgen import images_lock, matrix_parser, matrix_places, matrix_text, matrix_yaml
from dlaasgen.errors import MatrixError, PrototypeError, UsageError
from dlaasgen.findings import Finding, nearest
from dlaasgen.matrix_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dlaasgen.matrix import Matrix

SUFFIXES = (".yaml", ".yml")
_PROTOTYPES = (".jsonnet", ".libsonnet")


def find(paths: Iterable[str]) -> list[str]:
    """The matrix files that paths name: files as they are, folders as their *.yaml and *.yml, sorted; none twice.

    Raises UsageError for what does not exist and for a folder without a matrix file.
    """
    found: dict[str, str] = {}
    faults: list[Finding] = []
    for path in paths:
        try:
            files = _within(path) if os.path.isdir(path) else [path]
            if not os.path.exists(path):
                faults.append(_missing(path))
                continue
            if path.endswith(_PROTOTYPES) and os.path.isfile(path):
                hint = "give the matrix that names it"
                faults.append(Finding("M101", "this is a prototype and no matrix", file=shown(path), hint=hint))
            if not files:
                faults.append(Finding("M101", "the folder holds no *.yaml or *.yml file", file=shown(path)))
            for file in files:
                found.setdefault(os.path.realpath(file), file)
        except (OSError, ValueError) as error:
            faults.append(_unreadable(path, error))
    if faults:
        raise UsageError(faults)
    return list(found.values())


def _within(folder: str) -> list[str]:
    names = sorted(n for n in os.listdir(folder) if n.endswith(SUFFIXES) and not n.startswith("."))
    return [p for p in (os.path.join(folder, n) for n in names) if not os.path.isdir(p)]


def _missing(path: str) -> Finding:
    """Says that a file does not exist, and which one like it does."""
    folder = os.path.dirname(path)
    near: dict[str, str] = {}
    for place in (folder, os.path.join(folder, "matrix")):
        if os.path.isdir(place or "."):
            for file in _within(place or "."):
                name = os.path.basename(file)
                near.setdefault(name, file if place else name)
                near.setdefault(os.path.splitext(name)[0], file if place else name)
    close = nearest(os.path.basename(path), near)
    hint = f"did you mean {shown(near[close])}?" if close else None
    return Finding("M101", "there is no such file or folder", file=shown(path), hint=hint)


def _unreadable(path: str, error: OSError | ValueError) -> Finding:
    if isinstance(error, FileNotFoundError):
        return _missing(path)
    if isinstance(error, IsADirectoryError):
        return Finding("M101", "this is a folder", file=shown(path), expected="a file")
    if isinstance(error, PermissionError):
        return Finding("M101", "the file may not be read: permission denied", file=shown(path))
    why = error.strerror if isinstance(error, OSError) else "that is no file name"
    return Finding("M101", f"the file cannot be read: {why}", file=shown(path))


def shown(path: str) -> str:
    """A path as messages have it: with forward slashes, and nothing that a terminal would obey."""
    return printable(path.replace(os.sep, "/"))


def read_text(path: str) -> bytes:
    """A matrix file's bytes, at most one more than a matrix may have. Raises MatrixError."""
    try:
        with open(path, "rb") as file:
            return file.read(matrix_text.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise MatrixError([_unreadable(path, error)]) from None


def read_bytes(data: bytes, file: str) -> Matrix:
    """The matrix that a file's bytes describe. Raises MatrixError with all problems, in the order of the file."""
    name = shown(file)
    loaded = matrix_yaml.load(data, name)
    lock = None
    if images_lock.refers(loaded.document):
        place = find_lock(os.path.dirname(file))
        lock = None if place is None else read_lock(place)
    return matrix_parser.parse(loaded.document, loaded.where, name, loaded.findings, lock)


@contextlib.contextmanager
def located(data: bytes, file: str) -> Iterator[None]:
    """Errors raised within that are about the matrix in a file get their lines and columns in it."""
    try:
        yield
    except (MatrixError, PrototypeError) as error:
        name = shown(file)
        loaded = matrix_yaml.load(data, name)
        raise type(error)(matrix_places.located(error.findings, loaded.document, loaded.where, name)) from None


def find_lock(folder: str) -> str | None:
    """The nearest lock of images: in a folder or one above it; its path is relative if the folder's is."""
    here = folder
    while True:
        path = os.path.normpath(os.path.join(here, images_lock.FILE))
        if os.path.isfile(path):
            return path
        if os.path.dirname(os.path.abspath(here)) == os.path.abspath(here):
            return None
        here = os.path.join(here, os.pardir)


def read_lock(path: str) -> images_lock.ImageLock:
    """The lock of images in a file. Raises MatrixError with all problems, in the order of the file."""
    name = shown(path)
    loaded = matrix_yaml.load(read_text(path), name)
    return images_lock.parse(loaded.document, loaded.where, name, loaded.findings)


def read(path: str) -> Matrix:
    """The matrix in a file. Raises MatrixError with all problems, in the order of the file."""
    return read_bytes(read_text(path), path)


def write_lock(path: str, text: str) -> None:
    """Puts a lock of images in place, whole or not at all. Raises MatrixError."""
    staged = f"{path}.new"
    try:
        with open(staged, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(staged, path)
    except OSError as error:
        message = f"the lock of images cannot be written: {error.strerror}"
        raise MatrixError([Finding("M161", message, file=shown(path))]) from None


def read_all(paths: Iterable[str]) -> list[Matrix]:
    """The matrices in several files. Raises MatrixError with all problems, two of one name among them."""
    matrices: dict[str, Matrix] = {}
    faults: list[Finding] = []
    for path in paths:
        try:
            matrix = read(path)
        except MatrixError as error:
            faults.extend(error.findings)
            continue
        other = matrices.setdefault(matrix.name, matrix)
        if other is not matrix:
            message = f"the matrix is called {matrix.name}, as is the one in {other.file}"
            hint = "each matrix has a folder of its name in rendered/"
            faults.append(Finding("M116", message, file=matrix.file, path="name", hint=hint))
    if faults:
        raise MatrixError(faults)
    return list(matrices.values())
