"""The lines of a matrix file that problems found after it was read belong to. No I/O here."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlaasgen.findings import Finding
    from dlaasgen.matrix import Json, Path, Where

_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")
_PARAMETER = "params."
# The keys of an axis value that are no parameters.
_OWN = ("id", "value")


def located(found: Iterable[Finding], document: Json, where: Where, file: str) -> list[Finding]:
    """The findings, those about the matrix file with its name, line and column.

    document  what the file holds; it has been parsed without a fault
    """
    places: dict[tuple[str, str], tuple[int, int]] = {}
    told = []
    for f in found:
        ours = f.file == file or (f.file is None and f.path == "prototype")
        if not ours or f.line is not None or not f.path:
            told.append(f)
            continue
        key = (f.code, f.path)
        if key not in places:
            places[key] = where(_path(f, document), key=f.code == "T103")
        line, column = places[key]
        told.append(replace(f, file=file, line=line, column=column))
    return told


def _path(finding: Finding, document: Json) -> Path:
    if finding.code == "T104":  # nothing in the file is that parameter
        return ("prototype",)
    if finding.path.startswith(_PARAMETER):
        return _parameter(finding.path.removeprefix(_PARAMETER), document)
    return tuple(int(index) if index else name for index, name in _STEP.findall(finding.path))


def _parameter(name: str, document: Json) -> Path:
    """Where a parameter is set: by an axis, with an axis value, in an include entry, or under params."""
    axes = document.get("axes", {})
    if name in axes:
        return ("axes", name)
    for axis, values in axes.items():
        for index, value in enumerate(values):
            if isinstance(value, dict) and name in value and name not in _OWN:
                return ("axes", axis, index, name)
    for index, entry in enumerate(document.get("include", [])):
        if name in entry:
            return ("include", index, name)
    return ("params", name)
