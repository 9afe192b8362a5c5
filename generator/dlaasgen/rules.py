"""A matrix's axes, excludes and includes made ready for expansion. No I/O here.

Axes (and zip groups, which advance together) become dimensions of options. Every parameter belongs to one dimension at
most, so an exclude or include entry is a set of options a dimension; for each option an integer holds one bit an entry,
and the entries that match a combination are the AND of its options' integers, however many entries there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlaasgen.cells_codes import Place
from dlaasgen.errors import MatrixError
from dlaasgen.expressions import Expression, compile_expression
from dlaasgen.findings import did_you_mean, shown
from dlaasgen.ids import default_part, value_text
from dlaasgen.matrix import AxisValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dlaasgen.findings import Finding
    from dlaasgen.matrix import Axis, Exclude, Include, Json, Matrix

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a dimension: what it adds to a cell's axes, parameters, default id and expression variables."""

    index: int
    ids: Mapping[str, str]
    params: Mapping[str, Json]
    variables: Mapping[str, Json]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """An axis, or axes that advance together."""

    axes: tuple[str, ...]
    options: tuple[Option, ...]


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
            answer = self.when.holds(values, lambda: describe(_ids(combo)))
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


def describe(axes: Mapping[str, str]) -> str:
    """A cell without its id, for messages: ``model=resnet50, batch_size=32``."""
    return ", ".join(f"{name}={text}" for name, text in axes.items()) or "(no axes)"


def _ids(combo: Sequence[Option]) -> dict[str, str]:
    return {name: text for option in combo for name, text in option.ids.items()}


def identity(value: Json) -> Any:
    """A hashable stand-in: two are equal when the values are the same JSON (1 is 1.0, but not true)."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, list | tuple):
        return ("list", tuple(map(identity, value)))
    if isinstance(value, dict):
        return ("dict", frozenset((k, identity(v)) for k, v in value.items()))
    return value


def variable(text: str, value: Json) -> Json:
    """What an axis is in expressions: its value when that is a scalar, else the value's id."""
    if isinstance(value, list | dict) or value_text(value) != text:
        return text
    return value


def compile_rules(matrix: Matrix) -> Rules:
    """Make `matrix` ready. Raises MatrixError with all that is wrong with zip, extras and expressions."""
    findings: list[Finding] = []
    owners = _owners(matrix, findings)
    groups = _groups(matrix, findings)
    if findings:
        raise MatrixError(findings)
    dimensions = tuple(_dimension(group) for group in groups)
    names = frozenset(owners) | frozenset(matrix.params)
    of_axis = {name: d for d, dimension in enumerate(dimensions) for name in dimension.axes}
    where = {name: of_axis[axis] for name, axis in owners.items()}
    context = _Context(matrix, dimensions, {a.name: a for a in matrix.axes}, where, names)
    excludes = tuple(_rule("exclude", entry, entry.match, context, findings) for entry in matrix.exclude)
    includes = []
    for entry in matrix.include:
        wanted = {}
        for name, value in entry.values.items():
            if name in of_axis:
                known = resolve(context.axes[name], value)
                wanted[name] = () if known is None else (known.id,)
                if known is None and not _new_value(value):
                    place = Place(f"include[{entry.index}].{name}", matrix.file, entry.line, entry.column)
                    expected = "a scalar, or an object with id and value"
                    message = f"a new value of axis {name} cannot be this"
                    findings.append(place.finding("M225", message, found=shown(value), expected=expected))
        rule = _rule("include", entry, wanted, context, findings)
        rule.adds = {name: value for name, value in entry.values.items() if name not in of_axis}
        includes.append(rule)
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
    )


@dataclass(frozen=True, slots=True)
class _Context:
    matrix: Matrix
    dimensions: tuple[Dimension, ...]
    axes: Mapping[str, Axis]
    where: Mapping[str, int]  # name of an axis or of a parameter that comes with one -> dimension
    names: frozenset[str]


def _owners(matrix: Matrix, findings: list[Finding]) -> dict[str, str]:
    """Parameter -> the axis that sets it. Two axes that set one parameter are a problem."""
    owners = {axis.name: axis.name for axis in matrix.axes}
    for axis in matrix.axes:
        for key in dict.fromkeys(k for value in axis.values for k in value.extra):
            if owners.setdefault(key, axis.name) != axis.name or key == axis.name:
                message = f"axes {axis.name} and {owners[key]} both set the parameter {key}"
                place = Place(f"axes.{axis.name}", matrix.file)
                findings.append(place.finding("M223", message, hint="rename one of them"))
    return owners


def _groups(matrix: Matrix, findings: list[Finding]) -> list[tuple[Axis, ...]]:
    """The axes as they advance: alone, or in a zip group, which stands where its first member stands."""
    axes = {axis.name: axis for axis in matrix.axes}
    group_of: dict[str, tuple[str, ...]] = {}
    for i, group in enumerate(matrix.zip):
        place = Place(f"zip[{i}]", matrix.file)
        for name in group:
            if name not in axes:
                message = f"zip names {name}, which is no axis"
                findings.append(place.finding("M224", message, hint=did_you_mean(name, axes)))
            elif name in group_of:
                findings.append(place.finding("M224", f"axis {name} is zipped twice"))
            group_of[name] = group
        lengths = {name: len(axes[name].values) for name in group if name in axes}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{name} {count}" for name, count in lengths.items())
            findings.append(place.finding("M224", "zipped axes have different numbers of values", found=found))
    groups: list[tuple[Axis, ...]] = []
    done: set[str] = set()
    for axis in matrix.axes:
        if axis.name in done:
            continue
        members = tuple(axes[name] for name in axes if name in group_of.get(axis.name, (axis.name,)))
        groups.append(members)
        done.update(member.name for member in members)
    return groups


def _dimension(group: Sequence[Axis]) -> Dimension:
    options = []
    for index, values in enumerate(zip(*(axis.values for axis in group), strict=True)):
        pairs = list(zip((axis.name for axis in group), values, strict=True))
        options.append(option_of(index, pairs))
    return Dimension(tuple(axis.name for axis in group), tuple(options))


def option_of(index: int, pairs: Sequence[tuple[str, AxisValue]]) -> Option:
    """What these axis values, taken together, add to a cell."""
    ids, params, variables, parts = {}, {}, {}, []
    for name, value in pairs:
        ids[name] = value.id
        params[name] = value.value
        variables[name] = variable(value.id, value.value)
        parts.append(default_part(name, value.id, value.value))
    for _, value in pairs:
        params.update(value.extra)
        variables.update(value.extra)
    return Option(index, ids, params, variables, tuple(parts))


def resolve(axis: Axis, literal: Json) -> AxisValue | None:
    """The value of `axis` that a rule means: the one that equals `literal`, else the one with that id."""
    for value in axis.values:
        if identity(value.value) == identity(literal):
            return value
    if isinstance(literal, dict):
        literal = literal.get("id")
    text = None if isinstance(literal, list | dict) else value_text(literal)
    return next((value for value in axis.values if value.id == text), None)


def new_value(literal: Json) -> AxisValue:
    """The axis value that an include entry brings with it."""
    if isinstance(literal, dict):
        extra = {k: v for k, v in literal.items() if k not in ("id", "value")}
        return AxisValue(value_text(literal["id"]), literal["value"], extra)
    return AxisValue(value_text(literal), literal)


def _new_value(literal: Json) -> bool:
    if isinstance(literal, dict):
        return "value" in literal and isinstance(literal.get("id"), str)
    return not isinstance(literal, list)


def _rule(
    kind: str,
    entry: Exclude | Include,
    wanted: Mapping[str, Sequence[Json]],
    context: _Context,
    findings: list[Finding],
) -> Rule:
    matrix = context.matrix
    rule = Rule(entry, Place(f"{kind}[{entry.index}]", matrix.file, entry.line, entry.column))
    for name, alternatives in wanted.items():
        ids = {identity(v) for v in alternatives}
        texts = {value_text(v) for v in alternatives if not isinstance(v, list | dict)}
        if name not in context.where:
            if identity(matrix.params.get(name, _ABSENT)) not in ids:
                rule.never = True
                rule.hint = rule.hint or (None if name in matrix.params else did_you_mean(name, sorted(context.names)))
            continue
        d = context.where[name]
        matching = set()
        for option in context.dimensions[d].options:
            if name in option.ids:
                fits = option.ids[name] in texts or (kind == "exclude" and identity(option.params[name]) in ids)
            else:
                fits = identity(option.params.get(name, matrix.params.get(name, _ABSENT))) in ids
            if fits:
                matching.add(option.index)
        rule.sets[d] = rule.sets.get(d, frozenset(matching)) & frozenset(matching)
        if not matching and name in context.axes:
            known = [value.id for value in context.axes[name].values]
            rule.hint = rule.hint or next((h for t in sorted(texts) if (h := did_you_mean(t, known))), None)
    rule.never = rule.never or any(not options for options in rule.sets.values())
    if entry.when is not None:
        place = Place(f"{rule.place.path}.when", matrix.file, entry.line, entry.column)
        try:
            rule.when = compile_expression(entry.when, context.names, place)
        except MatrixError as error:
            findings.extend(error.findings)
        else:
            needs = {context.where[n] for n in rule.when.variables if n in context.where}
            rule.needs = None if rule.when.whole else tuple(sorted(needs))
    return rule


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
