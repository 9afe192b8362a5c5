"""The codes of findings about the rendered tree, manifest files and the command line's arguments."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {
    "R101": (
        "The tree cannot be read or written",
        "The file system refused. What stood there before the render still stands there.",
    ),
    "R102": (
        "Another render is at work",
        "Renders into one folder take turns, so that two of them cannot mix. Wait for the other one and render again.",
    ),
    "R103": (
        "The place of the tree is taken",
        "A file or link stands where the tree's folder has to be. dlaasgen writes into folders of its own only.",
    ),
    "R104": (
        "A foreign file is in the way",
        "A file that dlaasgen did not write stands where it must write. Move it away, or remove the tree, then render.",
    ),
    "R105": (
        "A worker was killed",
        "A process that evaluates cells was ended from outside, most often because memory ran out.",
    ),
    "R110": (
        "The tree is not what the matrix says",
        "`render --check` found files missing, changed or extra. Render again and commit the tree with the matrix.",
    ),
    "R111": ("A file of the index is missing", "The tree's index names a file that is not there. Render again."),
    "R112": (
        "A file is not what the index says",
        "A file of the tree was changed after it was rendered. Change the matrix or the prototype instead, and render.",
    ),
    "R113": ("A file is not in the index", "A file lies in the tree that dlaasgen did not write. It is left alone."),
    "R114": (
        "A tree without a matrix",
        "The tree says that it was made from a matrix of this folder, and there is no such matrix any more. Remove it.",
    ),
    "R120": ("No such thing", "The command line names a file, folder, cell or code that does not exist."),
    "R121": ("Nothing to check", "The folder holds no matrix and no manifest."),
    "R122": ("A manifest file cannot be read", "The file is not UTF-8, not YAML, or holds a key twice."),
    "R124": (
        "A file that is no manifest",
        "A file in the folder has neither apiVersion nor kind, and is not checked. Name it itself if it should be.",
    ),
    "R123": (
        "A file with nothing in it",
        "The file is empty, or holds comments and empty documents only. Whatever was meant to be checked is not there.",
    ),
}
