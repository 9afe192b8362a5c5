"""The ids of a matrix's cells, and the checks on them. No I/O here."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from dlaasgen.cells_codes import Place
from dlaasgen.dimensions import describe
from dlaasgen.errors import MatrixError
from dlaasgen.findings import shown
from dlaasgen.ids import ID_RULE, is_id, nearest_id
from dlaasgen.matrix import scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlaasgen.cells import Cell
    from dlaasgen.findings import Finding
    from dlaasgen.ids import IdTemplate
    from dlaasgen.matrix import Json, Matrix
    from dlaasgen.rules import Rules

# So many wrong ids or clashes are told one by one.
_TOLD = 20


class Naming:
    """How cells of one matrix get their ids: by its template, or the default one (its axes' ids joined by '-')."""

    def __init__(self, rules: Rules) -> None:
        matrix = rules.matrix
        self.template = rules.template
        self.by_repeat = self.template is not None and "repeat" in self.template.names
        axes = [axis.name for axis in matrix.axes]
        # With zip groups a combination's parts do not come in the axes' order.
        given = [name for dimension in rules.dimensions for name in dimension.axes]
        self.order = None if given == axes else [given.index(name) for name in axes]
        self.getter: Callable[[Mapping[str, str]], Any] | None = None
        keys = () if self.template is None or not self.template.simple else self.template.keys
        if keys and set(keys) <= set(axes):
            self.getter = itemgetter(*keys)

    def default(self, parts: Sequence[str]) -> str:
        """The default id of a combination with these parts, in the dimensions' order."""
        if self.order is not None:
            parts = [parts[i] for i in self.order]
        return "-".join([p for p in parts if p])

    def filled(self, axes: Mapping[str, str], params: Mapping[str, Json], repeat: int = 1) -> str:
        """The id of a cell by the template, which there must be. Raises MatrixError."""
        values: dict[str, Json] = {
            name: scalar_text(value) for name, value in params.items() if not isinstance(value, list | dict)
        }
        values.update(axes)
        values["repeat"] = repeat
        return cast("IdTemplate", self.template).render(values, lambda: describe(axes))


def check_ids(cells: Sequence[Cell], matrix: Matrix) -> None:
    """Raises MatrixError when an id is no id, or is given twice."""
    findings: list[Finding] = []
    place = Place("id" if matrix.id is not None else "axes", matrix.file)
    ids = [cell.id for cell in cells]
    wrong = [cell for cell, text in zip(cells, ids, strict=True) if not is_id(text)]
    for cell in wrong[:_TOLD]:
        near = nearest_id(cell.id)
        advice = "give its axis values short ids, or the matrix an id template" if matrix.id is None else None
        hint = "; ".join(h for h in (near and f"nearest right id: {near}", advice) if h) or None
        message = f"cell {describe(cell.axes)} gets an id that is not allowed"
        findings.append(place.finding("M204", message, found=shown(cell.id, 100), expected=ID_RULE, hint=hint))
    if len(wrong) > _TOLD:
        findings.append(place.finding("M204", f"{len(wrong) - _TOLD:,} more cells get an id that is not allowed"))
    if len(set(ids)) < len(ids):
        findings.extend(_clashes(cells, place))
    if findings:
        raise MatrixError(findings)


def _clashes(cells: Sequence[Cell], place: Place) -> list[Finding]:
    first: dict[str, Cell] = {}
    pairs = [(known, cell) for cell in cells if (known := first.setdefault(cell.id, cell)) is not cell]
    findings = []
    for known, cell in pairs[:_TOLD]:
        differing = _differing(known, cell)
        hint = f"let the id template name {differing[0]}" if differing else "remove one of them"
        message = f"two cells have the id {cell.id}: {_told(known, differing)} and {_told(cell, differing)}"
        findings.append(place.finding("M203", message, cell=cell.id, hint=hint))
    if len(pairs) > _TOLD:
        findings.append(place.finding("M203", f"{len(pairs) - _TOLD:,} more cells have an id that another cell has"))
    return findings


def _differing(one: Cell, other: Cell) -> list[str]:
    """What tells two cells apart: axes first, then parameters, then the repeat."""
    absent = object()
    axes = [n for n in {**one.axes, **other.axes} if one.axes.get(n, absent) != other.axes.get(n, absent)]
    params = [n for n in {**one.params, **other.params} if one.params.get(n, absent) != other.params.get(n, absent)]
    names = axes or params
    return names or (["repeat"] if one.repeat != other.repeat else [])


def _told(cell: Cell, differing: Sequence[str]) -> str:
    """A cell by what sets it apart from another."""
    texts = {**{k: shown(v) for k, v in cell.params.items()}, "repeat": str(cell.repeat), **cell.axes}
    parts = [f"{name}={texts[name]}" if name in texts else f"no {name}" for name in differing]
    return ", ".join(parts) or describe(cell.axes)
