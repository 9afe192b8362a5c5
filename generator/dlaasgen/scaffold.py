"""Scaffold: the files of a new project, as `dlaasgen init` writes them. No I/O here, but for the package's own data."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from dlaasgen import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

# Hidden files are kept under visible names, so that no tool takes them for its own settings: dot-github is .github.
HIDDEN = "dot-"


def scaffold(name: str) -> dict[str, str]:
    """The files of a new project called `name`: path with forward slashes -> text, in order of path."""
    package = resources.files("dlaasgen")
    files = {
        path: text.replace("PROJECT_NAME", name).replace("DLAASGEN_VERSION", __version__)
        for path, text in _walk(package / "templates" / "init")
    }
    files["schema/matrix.schema.json"] = (package / "schemas" / "matrix.schema.json").read_text(encoding="utf-8")
    return dict(sorted(files.items()))


def _walk(folder: Traversable, at: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        path = at + ("." + entry.name.removeprefix(HIDDEN) if entry.name.startswith(HIDDEN) else entry.name)
        if entry.is_dir():
            yield from _walk(entry, path + "/")
        else:
            yield path, entry.read_text(encoding="utf-8")
