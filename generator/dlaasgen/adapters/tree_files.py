"""The rendered tree on disk: read it, compare it, stage a new one and put it in place.

What a render promises, whenever it is stopped: the old tree is still there, or one that the next render completes.
  - A tree that does not exist yet is staged as a whole beside its place and renamed into it.
  - An existing tree is changed file by file, by rename, and a journal names the files on their way in before the first
    one moves, so that the next render knows them for its own. The index is the last to change.
Renders of one root exclude each other by a lock on its folder, which leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import TreeError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

JOURNAL = ".dlaasgen-journal.json"
_STAGE = ".dlaasgen-stage-"
_READ = 1 << 17
# A pipe in the place of a file must not keep a render waiting.
_REGULAR = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_FOLDERS = ("jobs", "jsonnet")
_NESTED = "ksonnet"
# Nanoseconds. The coarsest clock of a file system in use ticks every two seconds.
_SETTLED = 3_000_000_000


def _failed(error: OSError, what: str) -> TreeError:
    path = str(error.filename or "")
    return TreeError(
        [Finding("R101", f"cannot {what}: {error.strerror}", file=os.path.relpath(path) if path else None)]
    )


@contextlib.contextmanager
def locked(root: str) -> Iterator[None]:
    """Hold the lock of a root folder (made when it is missing). Raises TreeError when another render holds it."""
    try:
        os.makedirs(root, exist_ok=True)
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _failed(error, "make the folder for the rendered tree") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TreeError(
                [
                    Finding(
                        "R102",
                        "another render is writing to this folder",
                        file=os.path.relpath(root),
                        hint="wait for it to end and render again",
                    )
                ]
            ) from None
        except OSError as error:
            raise _failed(error, "lock the folder for the rendered tree") from None
        yield
    finally:
        os.close(handle)


def read(path: str) -> bytes | None:
    """A file's bytes, or None when there is none."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            data: bytes | None = file.read()
            return data or b""
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise _failed(error, "read the rendered tree") from None


def same(path: str, data: bytes) -> bool:
    """Whether a regular file holds exactly these bytes."""
    try:
        handle = os.open(path, _REGULAR)
    except OSError:
        return False
    try:
        return os.read(handle, len(data) + 1) == data
    except OSError:
        return False
    finally:
        os.close(handle)


States = dict[str, list[Any]]
"""Path -> what changes when the file does (its size, the times in ns of its last change of content and of state, its
inode) and, last, its digest."""


def digests(tree: str, before: States | None = None) -> tuple[dict[str, str], States]:
    """(path -> `sha256:...` for every file of a tree, the states of those whose state tells).

    A link or other special file gets the digest "special". A file whose state is the one in `before`, which an earlier
    call returned, is not read. The state of a file that was changed a moment ago tells nothing: another change could
    leave it as it is.
    """
    found: dict[str, str] = {}
    settled: States = {}
    try:
        if os.path.isdir(tree):
            _digests(tree, "", before or {}, time.time_ns() - _SETTLED, found, settled)
    except OSError as error:
        raise _failed(error, "read the rendered tree") from None
    return found, settled


def _digests(folder: str, prefix: str, before: States, limit: int, found: dict[str, str], settled: States) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                _digests(entry.path, path + "/", before, limit, found, settled)
            elif entry.is_file(follow_symlinks=False):
                stat = entry.stat(follow_symlinks=False)
                state = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
                known = before.get(path)
                if known is None or known[:-1] != state:
                    known = [*state, "sha256:" + _sha256(entry.path)]
                found[path] = known[-1]
                if stat.st_mtime_ns < limit and stat.st_ctime_ns < limit:
                    settled[path] = known
            else:
                found[path] = "special"


def _sha256(path: str) -> str:
    handle = os.open(path, _REGULAR)
    try:
        data = os.read(handle, _READ)
        if len(data) == _READ:
            with open(handle, "rb", closefd=False) as rest:
                data += rest.read()
    finally:
        os.close(handle)
    return hashlib.sha256(data).hexdigest()


def journal(tree: str) -> set[str]:
    """The files that an interrupted render was putting in place."""
    data = read(os.path.join(tree, JOURNAL))
    if data is None:
        return set()
    try:
        names = json.loads(data)
    except ValueError:
        return set()
    return {n for n in names if isinstance(n, str)} if isinstance(names, list) else set()


def _blocked(folder: str) -> bool:
    return os.path.lexists(folder) and (os.path.islink(folder) or not os.path.isdir(folder))


class Stage:
    """A folder beside the tree, in which the new files wait."""

    def __init__(self, root: str, name: str) -> None:
        self.tree = os.path.join(root, name)
        self.folder = os.path.join(root, _STAGE + name)
        self.fresh = not os.path.lexists(self.tree)

    def open(self) -> None:
        """Begin with an empty folder; what a killed render left is thrown away."""
        try:
            if not self.fresh and (os.path.islink(self.tree) or not os.path.isdir(self.tree)):
                raise TreeError(
                    [Finding("R103", "the place of the rendered tree is not a folder", file=os.path.relpath(self.tree))]
                )
            self.discard()
            os.mkdir(self.folder)
            os.mkdir(os.path.join(self.folder, "jobs"))
        except OSError as error:
            raise _failed(error, "stage the rendered tree") from None

    def put(self, path: str, data: bytes) -> bool:
        """Stage a file unless the tree holds the same already. Whether it was staged."""
        if not self.fresh and same(f"{self.tree}/{path}", data):
            return False
        target = f"{self.folder}/{path}"
        try:
            try:
                handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(handle, view) :]
            finally:
                os.close(handle)
        except OSError as error:
            raise _failed(error, "stage the rendered tree") from None
        return True

    def discard(self) -> None:
        """Throw the staged files away."""
        if os.path.islink(self.folder):
            os.unlink(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what a killed render can have left: its staged files, and folders that it had emptied."""
        if os.path.lexists(self.folder):
            self.discard()
        nested = [folder for folder, _, _ in os.walk(os.path.join(self.tree, _NESTED), topdown=False)]
        for folder in (*(os.path.join(self.tree, f) for f in _FOLDERS), *nested):
            with contextlib.suppress(OSError):
                os.rmdir(folder)

    def in_the_way(self, paths: Iterable[str]) -> list[str]:
        """Of files that are to come, those whose place, or the folder of whose place, is something else."""
        if self.fresh:
            return []
        wanted = list(paths)
        folders = [f for f in dict.fromkeys(os.path.dirname(p) for p in wanted) if f]
        blocked = [f for f in folders if _blocked(os.path.join(self.tree, f))]
        return blocked or [p for p in wanted if os.path.lexists(f"{self.tree}/{p}")]

    def commit(self, staged: Iterable[str], removed: Iterable[str], index: str, owned: Iterable[str]) -> None:
        """Put staged files in place, remove others, `index` last. `owned`: all files of the new tree.

        Ctrl-C comes too late from here on: the new tree is finished first.
        """
        with _uninterrupted():
            self._commit(staged, removed, index, owned)

    def _commit(self, staged: Iterable[str], removed: Iterable[str], index: str, owned: Iterable[str]) -> None:
        try:
            if self.fresh:
                os.rename(self.folder, self.tree)
                return
            names = [p for p in staged if p != index]
            removals = list(removed)
            for folder in {os.path.dirname(p) for p in names}:
                os.makedirs(os.path.join(self.tree, folder), exist_ok=True)
            if names or removals:
                # Written whole or not at all: an earlier journal may be needed still.
                with open(os.path.join(self.folder, JOURNAL), "w", encoding="utf-8") as file:
                    json.dump(sorted({*owned, *removals}), file)
                os.replace(os.path.join(self.folder, JOURNAL), os.path.join(self.tree, JOURNAL))
            for path in names:
                os.replace(f"{self.folder}/{path}", f"{self.tree}/{path}")
            for path in removals:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{self.tree}/{path}")
            for folder in sorted({f for p in removals for f in _above(p)}, reverse=True):
                with contextlib.suppress(OSError):
                    os.rmdir(os.path.join(self.tree, folder))
            if os.path.exists(f"{self.folder}/{index}"):
                os.replace(f"{self.folder}/{index}", f"{self.tree}/{index}")
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.tree, JOURNAL))
        except OSError as error:
            raise _failed(error, "put the rendered tree in place") from None
        finally:
            self.discard()


def _above(path: str) -> list[str]:
    """The folders that a file of a tree lies in."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """SIGINT and SIGTERM do nothing in here. (Only the main thread has a say in that.)"""
    main = threading.current_thread() is threading.main_thread()
    before = {s: signal.signal(s, signal.SIG_IGN) for s in (signal.SIGINT, signal.SIGTERM)} if main else {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
