"""The exclude and include entries of a matrix file. No I/O here."""

from __future__ import annotations

import difflib
import itertools
import math
from typing import TYPE_CHECKING

from dlaasgen.findings import nearest
from dlaasgen.matrix import Exclude, Include, same, scalar_text
from dlaasgen.matrix_axes import axis_value, check_parameter_name
from dlaasgen.matrix_faults import described, listed, meant, named, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dlaasgen.matrix import Axis, Json, Path
    from dlaasgen.matrix_axes import Axes
    from dlaasgen.matrix_faults import Faults

# How like an axis's name a new parameter's may be before it is taken for a slip.
SLIP = 0.8
MAX_ALTERNATIVES = 10_000

# What YAML 1.1 takes for true and false, and matrix files do not.
_WORDS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def parse_excludes(raw: Json, axes: Axes, params: Mapping[str, Json], faults: Faults) -> tuple[Exclude, ...]:
    """The exclude entries."""
    return tuple(
        Exclude(
            index, _match(entry, ("exclude", index), axes, params, faults), _when(entry), *faults.at(("exclude", index))
        )
        for index, entry in _entries(raw, "exclude", "such as {model: alexnet, batch_size: [32, 64]}", faults)
    )


def parse_includes(raw: Json, axes: Axes, params: Mapping[str, Json], faults: Faults) -> tuple[Include, ...]:
    """The include entries, those with lists of axis values as one for each alternative."""
    return tuple(
        Include(index, values, _when(entry), *faults.at(("include", index)))
        for index, entry in _entries(raw, "include", "such as {model: resnet50, batch_size: 256}", faults)
        for values in _expanded(entry, ("include", index), axes, params, faults)
    )


def _entries(raw: Json, what: str, example: str, faults: Faults) -> Iterator[tuple[int, dict[str, Json]]]:
    hint = "begin the object with '- ', as the item of a list" if isinstance(raw, dict) else None
    if not faults.is_list(raw, (what,), "a list of objects", hint):
        return
    for index, entry in enumerate(raw):
        path: Path = (what, index)
        if not faults.is_object(entry, path, f"an object, {example}"):
            continue
        if not entry:
            effect = "would remove every cell" if what == "exclude" else "adds nothing"
            faults.add("M142", path, f"an empty {what} entry {effect}")
            continue
        if "when" in entry:
            faults.is_text(entry["when"], (*path, "when"), 'an expression, such as "batch_size > 64"')
        yield index, entry


def _when(entry: dict[str, Json]) -> str | None:
    when = entry.get("when")
    return when if isinstance(when, str) else None


def _match(
    entry: dict[str, Json], path: Path, axes: Axes, params: Mapping[str, Json], faults: Faults
) -> dict[str, tuple[Json, ...]]:
    known = [*axes.names, *(name for name in (*params, *axes.extras) if name not in axes.names)]
    match: dict[str, tuple[Json, ...]] = {}
    for key, value in entry.items():
        here = (*path, key)
        if key == "when":
            continue
        if key not in known:
            hint = meant(key, ["when", *known]) or "a parameter must stand under params to be matched"
            faults.add("M140", here, f"exclude names {named(key)}, which is no axis or parameter", hint=hint, key=True)
            continue
        if value == []:
            message = f"exclude has an empty list of alternatives for {named(key)}, which never matches"
            faults.add("M142", here, message)
        alternatives = value if isinstance(value, list) else [value]
        if axis := axes.right.get(key):
            for index, alternative in enumerate(alternatives):
                _check_match(axis, alternative, (*here, index) if isinstance(value, list) else here, faults)
        match[key] = tuple(alternatives)
    return match


def _check_match(axis: Axis, wanted: Json, path: Path, faults: Faults) -> None:
    """Says so when no value of the axis has the wanted id or value."""
    name = named(axis.name)
    if any(same(wanted, v.value) for v in axis.values):
        return
    if isinstance(wanted, list | dict):
        message = f"exclude names no value of the axis {name}"
        faults.add("M141", path, message, found=described(wanted), hint="name a value by its id")
        return
    # A scalar is shown as the file has it, an object by its id.
    shown = {v.id: quoted(v.value if scalar_text(v.value) == v.id else v.id) for v in axis.values}
    if scalar_text(wanted) not in shown:
        near = nearest(_WORDS.get(wanted.lower(), wanted), shown) if isinstance(wanted, str) else None
        hint = None if near is None else f"did you mean {shown[near]}?"
        message = f"the axis {name} has no value {quoted(wanted)}"
        faults.add("M141", path, message, expected=listed(shown.values()), hint=hint)


def _expanded(
    entry: dict[str, Json], path: Path, axes: Axes, params: Mapping[str, Json], faults: Faults
) -> Iterator[dict[str, Json]]:
    """The entry once for each combination of the axis values that it lists."""
    choices: dict[str, list[Json]] = {}
    for key, value in entry.items():
        if key == "when":
            continue
        here = (*path, key)
        if key in axes.names:
            choices[key] = _check_choices(key, value, here, axes, faults)
        elif _check_new(key, here, axes, params, faults):
            choices[key] = [value]
    if entry.keys() == {"when"}:
        faults.add("M142", path, "an include entry with nothing but when adds nothing")
        return
    count = math.prod(map(len, choices.values()))
    if count > MAX_ALTERNATIVES:
        message = f"an include entry stands for {count:,} entries, more than {MAX_ALTERNATIVES:,}"
        faults.add("M106", path, message, hint="make the lists axes of a matrix of their own")
        return
    yield from (dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values()))


def _check_choices(key: str, value: Json, path: Path, axes: Axes, faults: Faults) -> list[Json]:
    if value == []:
        faults.add("M142", path, f"include has an empty list of alternatives for {named(key)}, which adds nothing")
    if not isinstance(value, list):
        axis_value(key, value, path, axes, faults)
        return [value]
    for index, item in enumerate(value):
        axis_value(key, item, (*path, index), axes, faults)
    return value


def _check_new(key: str, path: Path, axes: Axes, params: Mapping[str, Json], faults: Faults) -> bool:
    """Whether include may set the parameter `key`; a near miss of an axis may not."""
    if key in params or key in axes.extras:
        return True
    close = difflib.get_close_matches(key, ["when", *axes.names], n=1, cutoff=SLIP)
    if close:
        message = f"include names {named(key)}, which is no axis or parameter but nearly one"
        hint = f"did you mean {close[0]}? If not, put {named(key)} under params"
        faults.add("M140", path, message, hint=hint, key=True)
        return False
    return check_parameter_name(key, path, faults)
