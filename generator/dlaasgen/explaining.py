"""Why a cell exists, or why it does not. No I/O here."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from dlaasgen.dimensions import describe, ids_of, resolve
from dlaasgen.errors import MatrixError
from dlaasgen.findings import shown
from dlaasgen.naming import Naming
from dlaasgen.rows import MAX_TRIED
from dlaasgen.selection import unknown_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dlaasgen.cells import Cell, Expansion, Origin
    from dlaasgen.dimensions import Option
    from dlaasgen.matrix import Json
    from dlaasgen.rules import Rule, Rules


def explained(rules: Rules, expansion: Expansion, target: str | Mapping[str, Json]) -> list[str]:
    """Lines for people: which rules made the cell that `target` (its id, or its axis values) means, or removed it.

    Raises UsageError when no combination of the axes could be that cell.
    """
    wanted = target if isinstance(target, str) else _texts(rules, target)
    lines: list[str] = []
    for cell, origin in zip(expansion.cells, expansion.origins, strict=True):
        if wanted in (cell.id, cell.axes):
            lines += _present(rules, cell, origin)
    if lines:
        return lines
    for combo in _absent(rules, wanted):
        return [f"there is no cell {describe(_axes(combo, rules))}", *_removed(rules, combo)]
    text = wanted if isinstance(wanted, str) else describe(wanted)
    raise unknown_cell(text, [cell.id for cell in expansion.cells])


def _texts(rules: Rules, target: Mapping[str, Json]) -> dict[str, str]:
    """Axis values as ids, in the matrix's order."""
    texts = {}
    for axis in rules.matrix.axes:
        if axis.name in target:
            known = resolve(axis, target[axis.name])
            texts[axis.name] = str(target[axis.name]) if known is None else known.id
    return texts | {name: str(value) for name, value in target.items() if name not in texts}


def _present(rules: Rules, cell: Cell, origin: Origin) -> list[str]:
    lines = [f"{cell.id}: {describe(cell.axes)}"]
    if origin.kind == "include":
        rule = rules.includes[origin.includes[0]]
        lines.append(f"  added by {_named(rule)}, which merges into no cell of the axes")
    else:
        lines.append(f"  from the {origin.kind} of the axes")
        for index in origin.includes:
            rule = rules.includes[index]
            sets = ", ".join(f"{k}={shown(v)}" for k, v in rule.adds.items()) or "nothing"
            lines.append(f"  {_named(rule)} adds {sets}")
    if rules.matrix.repeats > 1:
        lines.append(f"  repeat {cell.repeat} of {rules.matrix.repeats}")
    return lines


def _absent(rules: Rules, wanted: str | Mapping[str, str]) -> Iterator[Sequence[Option]]:
    """The combinations that would be the wanted cell, had nothing removed them."""
    sizes = [len(dimension.options) for dimension in rules.dimensions]
    if not sizes:
        return
    if isinstance(wanted, str):
        choices = [dimension.options for dimension in rules.dimensions] if prod(sizes) <= MAX_TRIED else []
    else:
        choices = [
            tuple(o for o in dimension.options if all(wanted.get(n) == text for n, text in o.ids.items()))
            for dimension in rules.dimensions
        ]
        if set(wanted) != {axis.name for axis in rules.matrix.axes}:
            return
    naming = Naming(rules)
    for combo in product(*choices) if choices else ():
        if not isinstance(wanted, str) or wanted in _possible_ids(rules, naming, combo):
            yield combo


def _possible_ids(rules: Rules, naming: Naming, combo: Sequence[Option]) -> list[str]:
    """The id of a combination, and those of its repeats."""
    repeats = range(1, rules.matrix.repeats + 1)
    if naming.template is None:
        text = naming.default([part for option in combo for part in option.parts])
    else:
        params = dict(rules.matrix.params)
        for option in combo:
            params.update(option.params)
        try:
            if naming.by_repeat:
                return [naming.filled(_axes(combo, rules), params, r) for r in repeats]
            text = naming.filled(_axes(combo, rules), params)
        except MatrixError:
            # The template needs what only include entries would have added.
            return []
    return [text] if rules.matrix.repeats == 1 else [text, *(f"{text}-r{r}" for r in repeats)]


def _removed(rules: Rules, combo: Sequence[Option]) -> list[str]:
    removing = rules.excluded_by(combo)
    lines = []
    for rule in removing:
        when = "" if rule.when is None else f", because {rule.when.text} holds"
        lines.append(f"  removed by {_named(rule)}{when}")
    return lines or ["  not in the sample of the axes"]


def _axes(combo: Sequence[Option], rules: Rules) -> dict[str, str]:
    ids = ids_of(combo)
    return {axis.name: ids[axis.name] for axis in rules.matrix.axes}


def _named(rule: Rule) -> str:
    place = rule.place
    where = ":".join(str(p) for p in (place.file, place.line, place.column) if p is not None)
    return f"{place.path} ({where})" if where else place.path
