"""Logs in folders and archives: found, and put in order.

Archives are untrusted. Names in them only say what a log is called, and never where anything is written.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlaasgen.adapters.log_files.unpacking import PIECE, UNREADABLE, File, Log, as_file, packing, pieces, text, words
from dlaasgen.errors import StoreError, UsageError
from dlaasgen.findings import Finding
from dlaasgen.origins import is_log, part, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEMBERS = 1_000_000
_SERVER = re.compile(r"[A-Za-z0-9+]+:/|[\w.-]+:\d+(/|$)")
_ARCHIVES = (".tar", ".tgz", ".tar.gz", ".tar.zst", ".zip")


@dataclass
class Found:
    """What a folder or archive holds: logs in the order of their names; and what was left out or not had, and why."""

    logs: list[Log] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


class Places:
    """Finds logs. Holds the temporary folder that tar archives are unpacked into, until it is closed."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._unpacked = 0

    def close(self) -> None:
        """Remove what was unpacked."""
        if self._folder is not None:
            self._folder.cleanup()

    def find(self, path: str, wanted: Callable[[str], object] = is_log) -> Found:
        """The logs of a folder, an archive, or a single file. Raises UsageError when there is no such thing."""
        found = Found()
        files: list[File] = []
        if os.path.isdir(path):
            for file in _walk(path, found):
                if unpacked_archive(file.name):
                    files += self._archive(file, found, wanted, f"{file.name}/")
                elif wanted(file.name):
                    files.append(file)
                else:
                    found.left_out.append((file.name, "not named like a log"))
        elif os.path.isfile(path):
            file = File(path, text(os.path.basename(path)), os.path.getsize(path))
            archive = is_archive(path) or unpacked_archive(path)
            files += self._archive(file, found, wanted, "") if archive else [file]
        else:
            expected = "a folder, an archive, a file, or - for standard input"
            servers = "Loki is loki+https://HOST, a cluster k8s://NAMESPACE" if _SERVER.match(path) else None
            pipe = "a pipe is read as standard input: --from -" if os.path.exists(path) else None
            told = f"{text(path)} is no plain file" if pipe else f"there is no {text(path) or repr(path)}"
            raise UsageError([Finding("R120", told, expected=expected, hint=pipe or servers)])
        found.logs = _together(files)
        return found

    def _archive(self, file: File, found: Found, wanted: Callable[[str], object], prefix: str) -> list[File]:
        """The logs in an archive."""
        try:
            if zipfile.is_zipfile(file.path):
                return list(_zip(file, found, wanted, prefix))
            return list(self._tar(file, found, wanted, prefix))
        except UNREADABLE as error:
            found.failed.append((file.name, f"the archive cannot be read to its end ({words(error)})"))
            return []

    def _tar(self, file: File, found: Found, wanted: Callable[[str], object], prefix: str) -> Iterator[File]:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="dlaasgen-")
        with as_file(pieces(file)) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for count, member in enumerate(archive):
                name = prefix + text(member.name).removeprefix("./")
                if count >= MEMBERS:
                    raise StoreError([Finding("C112", f"{file.name} holds more than {MEMBERS:,} files")])
                if member.isdir():
                    continue
                if not member.isreg() or not wanted(name):
                    kind = "not named like a log" if member.isreg() else "no plain file"
                    found.left_out.append((name, kind))
                    continue
                self._unpacked += 1
                target = os.path.join(self._folder.name, f"{self._unpacked}{packing(name)}")
                data = archive.extractfile(member)
                with open(target, "xb") as out:
                    while data is not None and (piece := data.read(PIECE)):
                        out.write(piece)
                yield File(target, name, member.size)


def unpacked_archive(name: str) -> bool:
    """Whether a file of a folder is an archive, by its name."""
    return name.endswith(_ARCHIVES)


def is_archive(path: str) -> bool:
    """Whether a file that was named is an archive, by what it holds."""
    if zipfile.is_zipfile(path):
        return True
    try:
        with as_file(pieces(File(path, path, os.path.getsize(path)))) as stream:
            return stream.read(512)[257:262] == b"ustar"
    except UNREADABLE:
        return False


def _walk(top: str, found: Found) -> Iterator[File]:
    """The plain files below a folder. Links are followed when they lead to a file inside it."""
    root = os.path.realpath(top)

    def told(error: OSError) -> None:
        found.failed.append((text(os.path.relpath(error.filename or top, top)), words(error)))

    for folder, folders, names in os.walk(top, onerror=told):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            shown = text(os.path.relpath(path, top))
            try:
                status = os.lstat(path)
                if stat.S_ISLNK(status.st_mode):
                    real = os.path.realpath(path)
                    kind = "a link that leads outside" if os.path.commonpath([root, real]) != root else "a second name"
                    found.left_out.append((shown, kind))
                elif stat.S_ISREG(status.st_mode):
                    yield File(path, shown, status.st_size)
                else:
                    found.left_out.append((shown, "no plain file"))
            except OSError as error:
                found.failed.append((shown, words(error)))


def _zip(file: File, found: Found, wanted: Callable[[str], object], prefix: str) -> Iterator[File]:
    with zipfile.ZipFile(file.path) as archive:
        members = archive.infolist()
        if len(members) > MEMBERS:
            raise StoreError([Finding("C112", f"{file.name} holds more than {MEMBERS:,} files")])
        for member in members:
            name = prefix + text(member.filename)
            if member.is_dir():
                continue
            if wanted(name):
                yield File(file.path, name, member.compress_size, member.filename)
            else:
                found.left_out.append((name, "not named like a log"))


def _together(files: list[File]) -> list[Log]:
    """Files that are parts of one log, put together."""
    groups: dict[str, list[File]] = {}
    for file in files:
        groups.setdefault(part(file.name).base, []).append(file)
    return [
        Log(unpacked(base), tuple(sorted(groups[base], key=lambda f: (part(f.name).age, f.name))))
        for base in sorted(groups)
    ]
