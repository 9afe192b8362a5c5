"""Rows: the findings of many cells in few lines of JSON, and read back. No I/O here.

Most findings of a matrix are those of all of its cells. A row is a finding as JSON without its cell, whose id stands as
`{cell}` in the name of its file; "cells" are the ids of those that have it, or "*" for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.findings import Finding
from dlaasgen.formats import as_dict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_CELL = "{cell}"
ALL = "*"
_RANKS = ("error", "warning", "note")


def rows_of(findings: Iterable[Finding], cells: Sequence[str]) -> list[dict[str, Any]]:
    """The findings as rows, in an order that depends on no order of theirs. `cells`: the ids of all cells."""
    places = {cell: n for n, cell in enumerate(cells)}
    groups: dict[tuple[Any, ...], tuple[Finding, list[int]]] = {}
    for f in findings:
        file = f.file if f.cell is None or f.file is None else f.file.replace(f.cell, _CELL)
        cell = places.get(f.cell) if f.cell is not None else None
        key = (f.code, f.path, f.message, f.found, f.expected, f.hint, file, f.line, f.column, f.severity, cell is None)
        first = groups.setdefault(key, (f, []))
        if cell is not None:
            first[1].append(cell)
    rows = []
    for key in sorted(groups, key=lambda key: (_RANKS.index(key[9]), key[0], key[10], *map(str, key))):
        f, at = groups[key]
        row = as_dict(f)
        if at:
            row.pop("cell")
            row |= {"file": key[6]} if key[6] is not None else {}
            row["cells"] = ALL if len(at) == len(cells) else [cells[n] for n in sorted(at)]
        rows.append(row)
    return rows


def findings_of(rows: Iterable[Mapping[str, Any]], cells: Sequence[str]) -> list[Finding]:
    """The findings that rows stand for, in the order of the cells."""
    places = {cell: n for n, cell in enumerate(cells)}
    found: list[tuple[int, Finding]] = []
    for row in rows:
        told = dict(row)
        having = told.pop("cells", None)
        if having is None:
            found.append((len(cells), Finding(**told)))
            continue
        file = told.pop("file", None)
        for cell in cells if having == ALL else having:
            name = file.replace(_CELL, cell) if file is not None else None
            found.append((places[cell], Finding(**told, cell=cell, file=name)))
    found.sort(key=lambda one: one[0])
    return [f for _, f in found]
