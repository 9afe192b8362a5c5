"""Merge conflicts: the texts that git's markers hold. No I/O here."""

from __future__ import annotations

import re

_MARKER = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: .*)?")


def sides(text: str) -> list[str]:
    """The two texts that a merge could not make one, ours and theirs; [] where no marker stands.

    With git's diff3 style the common ancestor's lines stand between them, and are left out.
    """
    ours: list[str] = []
    theirs: list[str] = []
    into = [ours, theirs]
    seen = False
    for line in text.split("\n"):
        marker = _MARKER.fullmatch(line.removesuffix("\r"))
        if marker is None:
            for side in into:
                side.append(line)
            continue
        seen = True
        into = {"<": [ours], "|": [], "=": [theirs], ">": [ours, theirs]}[line[0]]
    return ["\n".join(ours), "\n".join(theirs)] if seen else []
