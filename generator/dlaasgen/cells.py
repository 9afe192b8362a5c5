"""Cells: what a matrix expands to. No I/O here.

Order of expansion, as documented: product (or sample) of the axes, then exclude, then include, then repeats. Include
means what GitHub Actions documents:
https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlaasgen.cells_codes import Place
from dlaasgen.dimensions import new_value, option_of, resolve
from dlaasgen.errors import MatrixError
from dlaasgen.ids import default_part
from dlaasgen.matrix import scalar_text
from dlaasgen.naming import Naming, check_ids
from dlaasgen.rows import MAX_TRIED, count_rows, rows_of
from dlaasgen.rules import bits_of, compile_rules
from dlaasgen.selection import github_matrix, select

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen.dimensions import Option
    from dlaasgen.findings import Finding
    from dlaasgen.matrix import Include, Json, Matrix
    from dlaasgen.rules import Rules

__all__ = ["Cell", "Expansion", "Origin", "expand", "expand_with_notes", "explain", "github_matrix", "select"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination.

    id      the readable slug, unique in the matrix: selection, file name, label and result key
    axes    axis name -> id of its value, as text (labels and ids use it); axes in the matrix's order
    params  all parameters of the cell except name, labels, annotations: the matrix's params, overlaid by axis values,
            their extras, and what include entries added
    repeat  1-based number among the repeats of one combination; 1 when there are none

    Repeats of a combination share their mappings: treat them as read-only.
    """

    id: str
    axes: Mapping[str, str]
    params: Mapping[str, Json]
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Origin:
    """Which rules made a cell: "product", "sample" or "include" (then `includes` is that one entry).

    includes  the include entries merged into it, as places in Matrix.include
    """

    kind: str
    includes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Expansion:
    """The cells, what is worth a warning, and where each cell comes from (in the cells' order)."""

    cells: list[Cell]
    findings: tuple[Finding, ...]
    origins: list[Origin]


def expand(matrix: Matrix) -> list[Cell]:
    """Every cell of the matrix, in order. Raises MatrixError (no cells, too many, ids that clash, bad expressions)."""
    return expand_with_notes(matrix).cells


def expand_with_notes(matrix: Matrix) -> Expansion:
    """`expand`, with warnings (rules that do nothing) and each cell's origin."""
    rules = compile_rules(matrix)
    naming = Naming(rules)
    _guard(rules)
    bases, origins, matched, count = _originals(rules, naming)
    for i, entry in enumerate(matrix.include):
        if entry.when is None and not matched >> i & 1:
            count += 1
            bases.append(_added(entry, rules, naming))
            origins.append(Origin("include", (i,)))
    if findings := rules.faults():
        raise MatrixError(findings)
    if count * matrix.repeats > matrix.max_cells:
        raise MatrixError([_too_many(f"{count * matrix.repeats:,}", matrix)])
    if not bases:
        raise MatrixError([_no_cells(rules)])
    cells = _repeated(bases, matrix, naming)
    check_ids(cells, matrix)
    if matrix.repeats > 1:
        origins = [origin for origin in origins for _ in range(matrix.repeats)]
    return Expansion(cells, tuple(_idle(rules, matched)), origins)


def explain(matrix: Matrix, cell: str | Mapping[str, Json]) -> list[str]:
    """Lines that say which rules made a cell, or removed it. `cell` is its id, or its axis values.

    Raises UsageError when no combination of the axes could be that cell, MatrixError as `expand` does.
    """
    from dlaasgen.explaining import explained  # which an expansion does without

    return explained(compile_rules(matrix), expand_with_notes(matrix), cell)


def _guard(rules: Rules) -> None:
    """Refuses a matrix that is far too large, by counting instead of building."""
    matrix = rules.matrix
    rows, exact = count_rows(rules)
    if matrix.sample is not None:
        # A random sample says itself how many it makes; a covering array is guarded by what it has to cover.
        if matrix.sample.random is None:
            return
        rows, exact = min(rows, matrix.sample.random), exact or rows <= matrix.sample.random
    count = rows * matrix.repeats
    if count > matrix.max_cells and exact:
        raise MatrixError([_too_many(f"{count:,}", matrix)])
    if count > matrix.max_cells and rows > MAX_TRIED:
        raise MatrixError([_too_many(f"up to {count:,}", matrix)])


def _too_many(count: str, matrix: Matrix) -> Finding:
    place = Place("limits.max_cells", matrix.file)
    hint = "sample the product, exclude combinations, or raise limits.max_cells"
    return place.finding(
        "M202", f"the matrix would have {count} cells", expected=f"at most {matrix.max_cells:,}", hint=hint
    )


def _no_cells(rules: Rules) -> Finding:
    matrix = rules.matrix
    if not matrix.axes:
        message = "the matrix has neither axes nor include entries, so it has no cells"
        return Place("axes", matrix.file).finding("M201", message)
    return Place("exclude", matrix.file).finding("M201", "the excludes leave no cell")


def _originals(rules: Rules, naming: Naming) -> tuple[list[Cell], list[Origin], int, int]:
    """The cells of the product or sample, with what include entries merge into them.

    Also which include entries (their places in the list) merged into some cell, and how many cells there are: beyond
    max_cells they are counted only.
    """
    matrix = rules.matrix
    kind = "product" if matrix.sample is None else "sample"
    plain = Origin(kind)
    # Cells with the same entries share what those add, and their origin.
    merges: dict[int, tuple[Mapping[str, Json], Origin]] = {}
    template, getter = naming.template, naming.getter
    form = "" if template is None else template.format
    bases: list[Cell] = []
    origins: list[Origin] = []
    matched = 0
    count = 0
    for prefix, option, mask in rows_of(rules):
        count += 1
        held = 0
        if mask:
            held = _holding(rules, mask, (*prefix.combo, option))
            matched |= held
        if count > matrix.max_cells:
            continue
        axes = {**prefix.ids, **option.ids}
        if held:
            if (merge := merges.get(held)) is None:
                merge = merges[held] = _merge(rules, held, kind)
            params = {**prefix.params, **option.params, **merge[0]}
            origins.append(merge[1])
        else:
            params = {**prefix.params, **option.params}
            origins.append(plain)
        if template is None:
            text = naming.default(prefix.parts + option.parts)
        elif getter is not None:
            text = form % getter(axes)
        else:
            text = naming.filled(axes, params)
        bases.append(Cell(text, axes, params))
    return bases, origins, matched, count


def _holding(rules: Rules, mask: int, combo: tuple[Option, ...]) -> int:
    """The entries of `mask` whose `when` holds."""
    for i in bits_of(mask & rules.conditional):
        if not rules.includes[i].holds(combo, rules.matrix.params):
            mask ^= 1 << i
    return mask


def _merge(rules: Rules, mask: int, kind: str) -> tuple[Mapping[str, Json], Origin]:
    """What the entries of `mask` add, later ones overwriting, and the origin that names them."""
    added: dict[str, Json] = {}
    places = tuple(bits_of(mask))
    for i in places:
        added.update(rules.includes[i].adds)
    return added, Origin(kind, places)


def _added(entry: Include, rules: Rules, naming: Naming) -> Cell:
    """The cell that an include entry becomes when no original cell takes it."""
    matrix = rules.matrix
    given = [axis for axis in matrix.axes if axis.name in entry.values]
    values = [resolve(axis, entry.values[axis.name]) or new_value(entry.values[axis.name]) for axis in given]
    option = option_of(0, list(zip((axis.name for axis in given), values, strict=True)))
    others = {name: value for name, value in entry.values.items() if name not in option.ids}
    params = {**matrix.params, **option.params, **others}
    scalars = {name: value for name, value in others.items() if not isinstance(value, list | dict)}
    parts = option.parts or tuple(default_part(name, scalar_text(value), value) for name, value in scalars.items())
    text = "-".join(p for p in parts if p) if naming.template is None else naming.filled(option.ids, params)
    return Cell(text, option.ids, params)


def _repeated(bases: list[Cell], matrix: Matrix, naming: Naming) -> list[Cell]:
    if matrix.repeats == 1:
        return bases
    numbers = range(1, matrix.repeats + 1)
    if naming.by_repeat:
        return [Cell(naming.filled(b.axes, b.params, r), b.axes, b.params, r) for b in bases for r in numbers]
    return [Cell(f"{b.id}-r{r}", b.axes, b.params, r) for b in bases for r in numbers]


def _idle(rules: Rules, matched: int) -> list[Finding]:
    """Warnings for entries that do nothing."""
    findings = []
    for rule in rules.excludes:
        # A sample does not try every combination, so nothing can be said about its conditions.
        if rule.never or (rule.when is not None and rules.matrix.sample is None and not rule.held):
            message = f"exclude[{rule.entry.index}] removes no combination"
            findings.append(rule.place.finding("M220", message, severity="warning", hint=rule.hint))
    for i, rule in enumerate(rules.includes):
        if rule.when is not None and not matched >> i & 1:
            message = f"include[{rule.entry.index}] merges into no cell, and adds none because it has a when"
            findings.append(rule.place.finding("M221", message, severity="warning", hint=rule.hint))
    return findings
