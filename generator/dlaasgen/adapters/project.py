"""Where things lie: the project around a matrix file, and what dlaasgen ships. Reads folders only."""

from __future__ import annotations

import os
from functools import cache
from importlib import resources

MARKER = "dlaasgen.toml"


def root(matrix_file: str) -> str:
    """The nearest folder above a matrix file that holds `prototypes/` or `dlaasgen.toml`, else its own."""
    start = folder = os.path.dirname(os.path.abspath(matrix_file))
    while True:
        if os.path.isdir(os.path.join(folder, "prototypes")) or os.path.isfile(os.path.join(folder, MARKER)):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return start
        folder = parent


def shipped_prototypes() -> str:
    """The folder of the prototypes that come with dlaasgen: inside the package, or the checkout's own."""
    package = str(resources.files("dlaasgen"))
    inside = os.path.join(package, "prototypes")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(os.path.dirname(package)), "prototypes")


def launcher() -> str:
    """The launcher that the images have: inside the package, or the checkout's own."""
    package = str(resources.files("dlaasgen"))
    inside = os.path.join(package, "images", "launcher.py")
    return (
        inside
        if os.path.isfile(inside)
        else os.path.join(os.path.dirname(os.path.dirname(package)), inside[len(package) + 1 :])
    )


def relative(path: str, folder: str) -> str:
    """A path as the index names it: relative to the project with forward slashes; outside it the file's name."""
    inside = os.path.relpath(os.path.abspath(path), folder)
    name = os.path.basename(path) if inside.split(os.sep)[0] == ".." else inside.replace(os.sep, "/")
    # A name that is no UTF-8 has to go into files that are.
    return os.fsencode(name).decode(errors="backslashreplace")


@cache
def stamp() -> str:
    """Changes whenever dlaasgen's own code does: its version is not enough while it is being worked on."""
    package = str(resources.files("dlaasgen"))
    marks = []
    for folder, folders, files in os.walk(package):
        folders[:] = sorted(f for f in folders if f != "__pycache__")
        for name in sorted(files):
            status = os.stat(os.path.join(folder, name))
            marks.append(f"{name}:{status.st_size}:{status.st_mtime_ns}")
    return "\n".join(marks)
