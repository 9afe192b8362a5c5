"""Choosing among cells, and handing them to GitHub Actions. No I/O here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dlaasgen.cells_codes import Place
from dlaasgen.dimensions import variable
from dlaasgen.errors import MatrixError, UsageError
from dlaasgen.expressions import compile_expression
from dlaasgen.findings import did_you_mean, nearest
from dlaasgen.ids import is_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.cells import Cell
    from dlaasgen.findings import Finding
    from dlaasgen.matrix import Json

_GLOB = re.compile(r"[a-z0-9.*?\[\]!-]*[*?\[][a-z0-9.*?\[\]!-]*")
_PLACE = Place("--select")


def select(cells: Sequence[Cell], selectors: Sequence[str]) -> list[Cell]:
    """The cells that at least one selector means, in the cells' order; all of them when there are no selectors.

    A selector is a cell id, a glob over ids (``resnet50-*``), or a CEL expression over a cell's axes, parameters, `id`
    and `repeat`. Raises UsageError when one selects nothing or is wrong.
    """
    if not selectors:
        return list(cells)
    places = {cell.id: i for i, cell in enumerate(cells)}
    chosen: set[int] = set()
    findings: list[Finding] = []
    for selector in selectors:
        if selector in places:
            chosen.add(places[selector])
            continue
        try:
            found = _matching(cells, selector, places)
        except MatrixError as error:
            findings.extend(error.findings)
            continue
        if not found:
            findings.append(_PLACE.finding("M230", f"{selector} selects no cell", hint=did_you_mean(selector, places)))
        chosen.update(found)
    if findings:
        raise UsageError(findings)
    return [cells[i] for i in sorted(chosen)]


def _matching(cells: Sequence[Cell], selector: str, places: Mapping[str, int]) -> list[int]:
    if _GLOB.fullmatch(selector):
        import fnmatch

        fits = re.compile(fnmatch.translate(selector)).match
        return [i for text, i in places.items() if fits(text)]
    names = {name for cell in cells for name in (*cell.axes, *cell.params)} | {"id", "repeat"}
    if is_id(selector) and selector not in names | {"true", "false"}:
        hint = did_you_mean(selector, places) or "`dlaasgen cells` lists them"
        raise MatrixError([_PLACE.finding("M230", f"there is no cell {selector}", hint=hint)])
    expression = compile_expression(selector, names, _PLACE)
    return [i for i, cell in enumerate(cells) if expression.holds(variables(cell), lambda cell=cell: cell.id)]  # type: ignore[misc]


def variables(cell: Cell) -> dict[str, Json]:
    """What expressions see of a cell: parameters, axes (value or id), `id` and `repeat`; axes and parameters win."""
    values: dict[str, Json] = {"id": cell.id, "repeat": cell.repeat, **cell.params}
    for name, text in cell.axes.items():
        values[name] = variable(text, cell.params[name])
    return values


def github_matrix(cells: Sequence[Cell]) -> dict[str, list[dict[str, Any]]]:
    """The cells as a value for GitHub Actions' ``strategy.matrix``: one include entry a cell, scalars only.

    An axis is its value when that is a scalar, else the value's id; lists and objects are left out.
    """
    entries = []
    for cell in cells:
        entry = {name: v for name, v in variables(cell).items() if not isinstance(v, list | dict)}
        entries.append({**entry, "id": cell.id, "repeat": cell.repeat})
    return {"include": entries}


def unknown_cell(text: str, ids: Sequence[str]) -> UsageError:
    """The error for a cell that does not exist and never could."""
    near = nearest(text, ids)
    hint = f"did you mean {near}?" if near else "`dlaasgen cells` lists them"
    return UsageError([Place().finding("M230", f"there is no cell {text}", hint=hint)])
