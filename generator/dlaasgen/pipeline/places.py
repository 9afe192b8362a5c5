"""Which matrices and trees the command line means, and where they lie."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dlaasgen.adapters import matrix_files, project, tree_files
from dlaasgen.merge_conflicts import sides
from dlaasgen.tree import INDEX, load_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.tree import Index


def find_matrices(paths: Sequence[str]) -> list[str]:
    """The matrix files that arguments name: files, and the YAML files of folders.

    Raises UsageError for what is not there, MatrixError when two of several are called the same: they would overwrite
    each other's tree.
    """
    files = matrix_files.find(paths)
    if len(files) > 1:
        matrix_files.read_all(files)
    return files


def orphans(paths: Sequence[str], files: Sequence[str], out: str | None) -> list[str]:
    """Trees that no matrix makes any more, when a whole folder of matrices is rendered.

    A tree counts when its index says that it came from one of the folders in `paths`, and no file of `files` made it.
    """
    found = []
    for folder in (p for p in paths if os.path.isdir(p)):
        root = project.root(os.path.join(folder, "."))
        trees = out if out is not None else os.path.join(root, "rendered")
        sources = {project.relative(f, root) for f in files}
        inside = project.relative(os.path.join(folder, "x"), root)[:-1]
        for name in sorted(os.listdir(trees)) if os.path.isdir(trees) else []:
            index = tree_index(os.path.join(trees, name))
            if index is not None and index.source not in sources and os.path.dirname(index.source) + "/" == inside:
                found.append(os.path.join(trees, name))
    return found


def tree_index(tree: str) -> Index | None:
    """The index of a tree on disk, or None when there is none that can be read."""
    return _index(tree_files.read(os.path.join(tree, INDEX)) or b"null")


def tree_indexes(tree: str) -> list[Index]:
    """The index of a tree on disk, or both of them that a merge could not make one."""
    data = tree_files.read(os.path.join(tree, INDEX)) or b"null"
    texts: list[str] | list[bytes] = sides(data.decode(errors="replace")) or [data]
    return [index for text in texts if (index := _index(text)) is not None]


def _index(text: str | bytes) -> Index | None:
    import orjson

    try:
        return load_index(orjson.loads(text))
    except orjson.JSONDecodeError:
        return None


def shown(path: str) -> str:
    """A path as messages show it: relative to the working folder when it lies below, with forward slashes."""
    inside = os.path.relpath(path)
    return (path if inside.startswith("..") else inside).replace(os.sep, "/")
