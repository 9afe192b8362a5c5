"""The folder of a ksonnet application, and of registries: read, and changed file by file, each by rename.

Nothing outside the application is written, and links are not followed out of it. All new files are written beside their
places before the first one is put there, so that a full disk or a wrong file changes nothing; app.yaml comes last.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import PrototypeError, TreeError, UsageError
from dlaasgen.findings import Finding, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

APP = "app.yaml"
_LARGEST = 64 << 20
_MOST_FILES = 10_000
_COMPONENT = ".jsonnet"
_COMPONENTS = (_COMPONENT, ".yaml", ".json")


def find_root(start: str) -> str:
    """The nearest folder upwards that holds an app.yaml. Raises UsageError."""
    folder = os.path.realpath(start)
    while not os.path.isfile(os.path.join(folder, APP)):
        parent = os.path.dirname(folder)
        if parent == folder:
            message = "no ksonnet application here: no app.yaml in this folder or above it"
            raise UsageError([Finding("A101", message, hint="dlaasgen ks init NAME makes one")])
        folder = parent
    return folder


def _failed(error: OSError, what: str) -> TreeError:
    name = os.path.relpath(str(error.filename)) if error.filename else None
    return TreeError([Finding("A113", f"cannot {what}: {error.strerror}", file=name)])


def inside(root: str, path: str) -> str:
    """The real place of a path in a folder. Raises TreeError when a link leads out of it."""
    place = os.path.realpath(os.path.join(root, path))
    if place != root and not place.startswith(root + os.sep):
        raise TreeError([Finding("A113", "a link leads out of the application", file=path)])
    return place


def read(root: str, path: str) -> str:
    """A file's text. Raises UsageError when it is not there, TreeError when it cannot be read."""
    place = inside(root, path)
    try:
        with open(place, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            data: bytes | None = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise UsageError([Finding("A113", "the file is missing", file=path)]) from None
    except OSError as error:
        raise _failed(error, "read the application") from None
    if data is None or len(data) > _LARGEST:
        raise TreeError([Finding("A113", "the file is larger than 64 MiB, or no file", file=path)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TreeError([Finding("A113", "the file is not UTF-8", file=path)]) from None


def read_yaml(root: str, path: str, code: str = "A102") -> Any:
    """A small YAML or JSON file, without anchors. Raises PrototypeError with the place of a fault."""
    import yaml

    text = read(root, path)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise PrototypeError([Finding(code, "the file has YAML aliases, which nothing here needs", file=path)])
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        told = getattr(error, "problem", None) or "it cannot be read"
        raise PrototypeError([Finding(code, f"the file is no YAML: {told}", file=path, line=line)]) from None
    except (RecursionError, ValueError):
        raise PrototypeError([Finding(code, "the file is no YAML that can be read", file=path)]) from None


def components(root: str) -> dict[str, str]:
    """The components' files, sorted by name: name -> path below components/. In a module, a folder, it is MODULE.NAME.

    Of files that only their endings tell apart the jsonnet program is the component.
    """
    found: dict[str, str] = {}
    for module in modules(root):
        for name in sorted(_names(root, f"components/{module}"), key=lambda n: (not n.endswith(_COMPONENT), n)):
            path = f"{module}/{name}" if module else name
            stem, ending = os.path.splitext(path)
            if ending in _COMPONENTS and os.path.isfile(os.path.join(root, "components", path)):
                found.setdefault(stem.replace("/", "."), path)
    return dict(sorted(found.items()))


def modules(root: str) -> list[str]:
    """The folders of modules below components/, sorted: those with parameters of their own, and "" for itself."""
    top = inside(root, "components")
    found = [""]
    for place, folders, names in os.walk(top):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        if place != top and "params.libsonnet" in names:
            found.append(os.path.relpath(place, top).replace(os.sep, "/"))
    return sorted(found)


def no_components(root: str) -> list[str]:
    """What stands in components/ and is neither a component, a module nor a library, sorted."""
    known, parts = {*components(root).values()}, modules(root)
    return sorted(
        n
        for n in _names(root, "components")
        if not n.startswith(".")
        and not n.endswith(".libsonnet")
        and n not in known
        and not any(m == n or m.startswith(f"{n}/") for m in parts)
    )


def _names(root: str, path: str) -> list[str]:
    try:
        return os.listdir(inside(root, path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _failed(error, "read the application") from None


def files(folder: str) -> dict[str, str]:
    """Every regular file at or below a folder: its path with forward slashes -> its text. Links are left out.

    Raises TreeError for too many, and for what is no text.
    """
    root = os.path.realpath(folder)
    found: dict[str, str] = {}
    for place, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            path = os.path.join(place, name)
            if os.path.isfile(path) and not os.path.islink(path):
                shown = os.path.relpath(path, root).replace(os.sep, "/")
                found[shown] = read(root, shown)
        if len(found) > _MOST_FILES:
            raise TreeError([Finding("A113", f"the folder holds more than {_MOST_FILES} files", file=folder)])
    return found


def prototypes(root: str) -> list[str]:
    """The prototypes of the installed packages: every .jsonnet file in a folder prototypes/ below vendor/, sorted."""
    vendor = inside(root, "vendor")
    found = []
    for place, folders, names in os.walk(vendor):
        folders.sort()
        if os.path.basename(place) == "prototypes":
            found += [
                os.path.relpath(os.path.join(place, n), root).replace(os.sep, "/")
                for n in sorted(names)
                if n.endswith(_COMPONENT)
            ]
    return sorted(found)


def exists(root: str, path: str) -> bool:
    """Whether anything has that path, be it a broken link."""
    return os.path.lexists(os.path.join(root, path))


@contextlib.contextmanager
def locked(root: str) -> Iterator[None]:
    """Hold the lock of an application while it is changed: a second change waits for the first."""
    try:
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _failed(error, "lock the application") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write(root: str, changed: Mapping[str, str], removed: Sequence[str] = (), folders: Sequence[str] = ()) -> None:
    """Put files in place, then remove files and whole folders. Raises TreeError; then no file has changed."""
    staged: list[tuple[str, str]] = []
    made: list[str] = []
    try:
        for path in sorted(changed, key=lambda p: (p == APP, p)):
            place = os.path.join(root, path)
            inside(root, os.path.dirname(path))
            made += _make_folders(os.path.dirname(place))
            inside(root, os.path.dirname(path))
            handle, name = tempfile.mkstemp(prefix=".dlaasgen-", dir=os.path.dirname(place))
            staged.append((name, place))
            with open(handle, "w", encoding="utf-8", newline="") as file:
                os.fchmod(handle, 0o644)
                file.write(changed[path])
        for name, place in staged:
            os.replace(name, place)
        staged = []
        for path in removed:
            inside(root, os.path.dirname(path))
            os.unlink(os.path.join(root, path))
        for path in folders:
            inside(root, os.path.dirname(path))
            shutil.rmtree(os.path.join(root, path))
            _remove_empty(root, os.path.dirname(path))
    except OSError as error:
        raise _failed(error, "change the application") from None
    finally:
        for name, _ in staged:
            with contextlib.suppress(OSError):
                os.unlink(name)
        for folder in reversed(made if staged else []):
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def _remove_empty(root: str, path: str) -> None:
    """Remove a folder and those above it while they are empty, but not the application's own."""
    with contextlib.suppress(OSError):
        while "/" in path:
            os.rmdir(os.path.join(root, path))
            path = os.path.dirname(path)


def _make_folders(folder: str) -> list[str]:
    """Make a folder and those above it; the new ones, outermost first."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for one in reversed(missing):
        os.mkdir(one)
    return missing[::-1]


def create(folder: str, made: Mapping[str, str], folders: Sequence[str]) -> None:
    """A new application folder with its files and empty folders, whole or not at all. Raises UsageError, TreeError."""
    place = os.path.abspath(folder)
    if os.path.lexists(place) and not (os.path.isdir(place) and not os.listdir(place)):
        raise UsageError([Finding("A104", "the folder exists, and is not empty", file=folder)])
    parent = os.path.dirname(place)
    stage = None
    try:
        stage = tempfile.mkdtemp(prefix=".dlaasgen-", dir=parent)
        os.chmod(stage, 0o755)  # noqa: S103 - a folder like any other, where mkdtemp makes private ones
        for path in folders:
            os.makedirs(os.path.join(stage, path), exist_ok=True)
        write(os.path.realpath(stage), made)
        os.rename(stage, place)
        stage = None
    except OSError as error:
        raise _failed(error, "make the application") from None
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)


def package(registry: str, path: str) -> str:
    """The folder of a package in a registry's folder. Raises UsageError when there is none, or it lies elsewhere."""
    root = os.path.realpath(registry)
    place = os.path.realpath(os.path.join(root, path))
    known = sorted(n for n in (os.listdir(root) if os.path.isdir(root) else []) if is_package(os.path.join(root, n)))
    if os.path.isabs(path) or not place.startswith(root + os.sep) or not is_package(place):
        hint = did_you_mean(path, known) or (f"packages: {', '.join(known)}" if known else None)
        raise UsageError([Finding("A112", f"the registry has no package {path:.100}", file=registry, hint=hint)])
    return place


def is_package(folder: str) -> bool:
    """Whether a folder is a package: it describes its parts, or has prototypes."""
    return os.path.isfile(os.path.join(folder, "parts.yaml")) or os.path.isdir(os.path.join(folder, "prototypes"))
