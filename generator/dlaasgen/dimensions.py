"""The axes of a matrix as the dimensions of its product. No I/O here.

Axes (and zip groups, which advance together) become dimensions of options. An option holds all that it adds to a cell,
so that a cell is the sum of its options.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.cells_codes import Place
from dlaasgen.findings import did_you_mean
from dlaasgen.ids import default_part
from dlaasgen.matrix import AxisValue, scalar_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.findings import Finding
    from dlaasgen.matrix import Axis, Json, Matrix


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


def describe(axes: Mapping[str, str]) -> str:
    """A cell without its id, for messages: ``model=resnet50, batch_size=32``."""
    return ", ".join(f"{name}={text}" for name, text in axes.items()) or "(no axes)"


def ids_of(combo: Sequence[Option]) -> dict[str, str]:
    """Axis name -> id, of a combination."""
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
    if isinstance(value, list | dict) or scalar_text(value) != text:
        return text
    return value


def owners_of(matrix: Matrix, findings: list[Finding]) -> dict[str, str]:
    """Parameter -> the axis that sets it. Two axes that set one parameter are a problem."""
    owners = {axis.name: axis.name for axis in matrix.axes}
    for axis in matrix.axes:
        for key in dict.fromkeys(k for value in axis.values for k in value.extra):
            if owners.setdefault(key, axis.name) != axis.name or key == axis.name:
                both = f"axes {axis.name} and {owners[key]} both set the parameter {key}"
                message = f"a value of axis {key} sets {key} twice" if key == axis.name else both
                place = Place(f"axes.{axis.name}", matrix.file)
                findings.append(place.finding("M223", message, hint="rename one of them"))
    return owners


def groups_of(matrix: Matrix, findings: list[Finding]) -> list[tuple[Axis, ...]]:
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


def dimension_of(group: Sequence[Axis]) -> Dimension:
    """The dimension of axes that advance together."""
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
    text = None if isinstance(literal, list | dict) else scalar_text(literal)
    return next((value for value in axis.values if value.id == text), None)


def new_value(literal: Json) -> AxisValue:
    """The axis value that an include entry brings with it."""
    if isinstance(literal, dict):
        extra = {k: v for k, v in literal.items() if k not in ("id", "value")}
        return AxisValue(literal["id"], literal.get("value", literal["id"]), extra)
    return AxisValue(scalar_text(literal), literal)


def is_new_value(literal: Json) -> bool:
    """Whether an include entry may bring `literal` as a new value of an axis."""
    if isinstance(literal, dict):
        return isinstance(literal.get("id"), str)
    return not isinstance(literal, list)
