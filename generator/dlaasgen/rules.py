"""A matrix's excludes and includes made ready for expansion. No I/O here.

Every parameter belongs to one dimension at most, so an exclude or include entry is a set of options a dimension. For
each option an integer holds one bit an entry, and the entries that match a combination are the AND of its options'
integers, however many entries there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlaasgen.cells_codes import Place
from dlaasgen.dimensions import (
    Dimension,
    Option,
    describe,
    dimension_of,
    groups_of,
    identity,
    ids_of,
    is_new_value,
    owners_of,
    resolve,
)
from dlaasgen.errors import MatrixError
from dlaasgen.expressions import Expression, compile_expression
from dlaasgen.findings import did_you_mean, shown
from dlaasgen.ids import IdTemplate, compile_template
from dlaasgen.matrix import scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dlaasgen.findings import Finding
    from dlaasgen.matrix import Axis, Exclude, Include, Json, Matrix

_ABSENT = object()
# What a rule asks of a name: one of these ids, or one of these values (as `identity` makes them).
_Wanted = tuple[list[str], list[Any]]


@dataclass(slots=True)
class Rule:
    """An exclude or include entry. `sets[d]` are the options of dimension d that it matches; absent: all.

    adds   what an include entry adds to the cells that it merges into
    never  matches nothing, whatever the cell
    needs  dimensions that `when` depends on; None when on all
    held   `when` has been true for some combination
    fault  the first MatrixError that `when` raised
    """

    entry: Exclude | Include
    place: Place
    sets: dict[int, frozenset[int]] = field(default_factory=dict)
    adds: Mapping[str, Json] = field(default_factory=dict)
    never: bool = False
    when: Expression | None = None
    needs: tuple[int, ...] | None = ()
    hint: str | None = None
    held: bool = False
    _known: dict[tuple[int, ...], bool] = field(default_factory=dict)
    fault: MatrixError | None = None

    def holds(self, combo: Sequence[Option], base: Mapping[str, Json]) -> bool:
        """Whether `when` holds for a combination. The first MatrixError is kept in `fault`; then False."""
        if self.when is None or self.fault is not None:
            return self.when is None
        key = None if self.needs is None else tuple([combo[d].index for d in self.needs])
        if key is not None and key in self._known:
            return self._known[key]
        values = dict(base)
        for option in combo if self.needs is None else [combo[d] for d in self.needs]:
            values.update(option.variables)
        try:
            answer = self.when.holds(values, lambda: describe(ids_of(combo)))
        except MatrixError as error:
            self.fault = error
            return False
        if key is not None:
            self._known[key] = answer
        self.held = self.held or answer
        return answer


@dataclass(frozen=True, slots=True)
class Rules:
    """A matrix ready for expansion. Bit i of a mask is entry i (of `excludes`, of `includes`)."""

    matrix: Matrix
    dimensions: tuple[Dimension, ...]
    excludes: tuple[Rule, ...]
    includes: tuple[Rule, ...]
    # masks[d][o]: the entries that option o of dimension d does not rule out.
    exclude_masks: tuple[tuple[int, ...], ...]
    include_masks: tuple[tuple[int, ...], ...]
    # Masks before any dimension: the entries that can match at all.
    exclude_start: int
    include_start: int
    # The excludes without `when`, and the includes with one.
    outright: int
    conditional: int
    names: frozenset[str]
    template: IdTemplate | None = None

    def excluded_by(self, combo: Sequence[Option]) -> list[Rule]:
        """Every exclude entry that removes a combination."""
        mask = self.exclude_start
        for masks, option in zip(self.exclude_masks, combo, strict=True):
            mask &= masks[option.index]
        return [r for r in picked(self.excludes, mask) if r.holds(combo, self.matrix.params)]

    def faults(self) -> list[Finding]:
        """What went wrong in `when` expressions so far."""
        return [f for rule in (*self.excludes, *self.includes) if rule.fault for f in rule.fault.findings]


def bits_of(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def picked(rules: Sequence[Rule], mask: int) -> list[Rule]:
    """The rules whose bits are set, in order."""
    return [rules[i] for i in bits_of(mask)]


def compile_rules(matrix: Matrix) -> Rules:
    """Make `matrix` ready. Raises MatrixError with all that is wrong with zip, extras and expressions."""
    findings: list[Finding] = []
    owners = owners_of(matrix, findings)
    groups = groups_of(matrix, findings)
    if findings:
        raise MatrixError(findings)
    dimensions = tuple(dimension_of(group) for group in groups)
    names = frozenset(owners) | frozenset(matrix.params)
    of_axis = {name: d for d, dimension in enumerate(dimensions) for name in dimension.axes}
    where = {name: of_axis[axis] for name, axis in owners.items()}
    context = _Context(matrix, dimensions, {a.name: a for a in matrix.axes}, where, names)
    excludes = tuple(
        _rule("exclude", entry, {n: _either(v) for n, v in entry.match.items()}, context, findings)
        for entry in matrix.exclude
    )
    includes = []
    for entry in matrix.include:
        wanted: dict[str, _Wanted] = {}
        for name, value in entry.values.items():
            if name in of_axis:
                known = resolve(context.axes[name], value)
                wanted[name] = ([] if known is None else [known.id], [])
                if known is None and not is_new_value(value):
                    place = Place(f"include[{entry.index}].{name}", matrix.file, entry.line, entry.column)
                    expected = "a scalar, or an object with an id"
                    message = f"a new value of axis {name} cannot be this"
                    findings.append(place.finding("M225", message, found=shown(value), expected=expected))
        rule = _rule("include", entry, wanted, context, findings)
        rule.adds = {name: value for name, value in entry.values.items() if name not in of_axis}
        includes.append(rule)
    template = _template(matrix, names, findings)
    if findings:
        raise MatrixError(findings)
    return Rules(
        matrix,
        dimensions,
        excludes,
        tuple(includes),
        _masks(dimensions, excludes),
        _masks(dimensions, includes),
        _bits(not rule.never for rule in excludes),
        _bits(not rule.never for rule in includes),
        _bits(rule.when is None for rule in excludes),
        _bits(rule.when is not None for rule in includes),
        names,
        template,
    )


def _template(matrix: Matrix, names: frozenset[str], findings: list[Finding]) -> IdTemplate | None:
    """The matrix's id template, compiled; None when it has none, or a wrong one, which `findings` then says."""
    if matrix.id is None:
        return None
    added = {name for entry in matrix.include for name in entry.values}
    known = names | added | ({"repeat"} if matrix.repeats > 1 else set())
    try:
        return compile_template(matrix.id, known, Place("id", matrix.file))
    except MatrixError as error:
        findings += error.findings
        return None


@dataclass(frozen=True, slots=True)
class _Context:
    matrix: Matrix
    dimensions: tuple[Dimension, ...]
    axes: Mapping[str, Axis]
    where: Mapping[str, int]  # name of an axis or of a parameter that comes with one -> dimension
    names: frozenset[str]
    _lookups: dict[str, tuple[dict[str, list[int]], dict[Any, list[int]]]] = field(default_factory=dict)

    def lookup(self, name: str) -> tuple[dict[str, list[int]], dict[Any, list[int]]]:
        """(id, identity of the value) -> the options of the name's dimension where it is that."""
        if name not in self._lookups:
            by_text: dict[str, list[int]] = {}
            by_value: dict[Any, list[int]] = {}
            for option in self.dimensions[self.where[name]].options:
                if name in option.ids:
                    by_text.setdefault(option.ids[name], []).append(option.index)
                value = option.params.get(name, self.matrix.params.get(name, _ABSENT))
                by_value.setdefault(identity(value), []).append(option.index)
            self._lookups[name] = by_text, by_value
        return self._lookups[name]


def _rule(
    kind: str,
    entry: Exclude | Include,
    wanted: Mapping[str, _Wanted],
    context: _Context,
    findings: list[Finding],
) -> Rule:
    rule = Rule(entry, Place(f"{kind}[{entry.index}]", context.matrix.file, entry.line, entry.column))
    for name, (texts, values) in wanted.items():
        _constrain(rule, name, texts, values, context)
    rule.never = rule.never or any(not options for options in rule.sets.values())
    if entry.when is not None:
        try:
            place = Place(f"{rule.place.path}.when", context.matrix.file)
            rule.when = compile_expression(entry.when, context.names, place)
        except MatrixError as error:
            findings.extend(error.findings)
        else:
            needs = {context.where[n] for n in rule.when.variables if n in context.where}
            rule.needs = None if rule.when.whole else tuple(sorted(needs))
    return rule


def _either(alternatives: Sequence[Json]) -> _Wanted:
    return [scalar_text(v) for v in alternatives if not isinstance(v, list | dict)], [identity(v) for v in alternatives]


def _constrain(rule: Rule, name: str, texts: Sequence[str], values: Sequence[Any], context: _Context) -> None:
    """Let `rule` match only cells where `name` has one of the ids `texts` or one of the `values` (identities)."""
    if name not in context.where:
        base = context.matrix.params
        if identity(base.get(name, _ABSENT)) not in values:
            rule.never = True
            rule.hint = rule.hint or (None if name in base else did_you_mean(name, sorted(context.names)))
        return
    d = context.where[name]
    by_text, by_value = context.lookup(name)
    found = [*(by_text.get(text, ()) for text in texts), *(by_value.get(value, ()) for value in values)]
    matching = frozenset(o for options in found for o in options)
    rule.sets[d] = rule.sets.get(d, matching) & matching
    if not matching:
        rule.hint = rule.hint or next((h for t in texts if (h := did_you_mean(t, by_text))), None)


def _bits(flags: Iterable[bool]) -> int:
    return int("0" + "".join("01"[flag] for flag in reversed(list(flags))), 2)


def _masks(dimensions: Sequence[Dimension], rules: Sequence[Rule]) -> tuple[tuple[int, ...], ...]:
    masks = []
    for d, dimension in enumerate(dimensions):
        # Bytes first: setting bits of a large int one by one would copy it each time.
        bits = [bytearray(len(rules) // 8 + 1) for _ in dimension.options]
        free = bytearray(len(rules) // 8 + 1)
        for i, rule in enumerate(rules):
            if d not in rule.sets:
                free[i // 8] |= 1 << i % 8
            for o in rule.sets.get(d, ()):
                bits[o][i // 8] |= 1 << i % 8
        always = int.from_bytes(free, "little")
        masks.append(tuple([int.from_bytes(b, "little") | always for b in bits]))
    return tuple(masks)
