"""The axes of a matrix file: values with ids, zip groups, and the sample of their product. No I/O here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlaasgen.findings import nearest
from dlaasgen.matrix import LABEL_VALUE, Axis, AxisValue, Sample, same, scalar_text
from dlaasgen.matrix_faults import described, listed, meant, named, near_key, path_text, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dlaasgen.matrix import Json, Path
    from dlaasgen.matrix_faults import Faults

# What dlaasgen itself gives to every prototype.
GIVEN = ("name", "labels", "annotations")
# Words of rules, expressions and id templates.
WORDS = ("when", "cell", "repeat")
MAX_STRENGTH = 6
MAX_RANDOM = 1_000_000
MAX_SEED = 2**32 - 1

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", re.ASCII)
_NAME_RULE = "a letter, then letters, digits, '_' and '-', at most 63, ending with a letter or digit"
_LABEL_RULE = "at most 63 letters, digits, '.', '_' and '-', beginning and ending with a letter or digit"
_OBJECT_RULE = "{id: short-name, value: ...}"


@dataclass(slots=True)
class Axes:
    """What rules need to know of the axes: those that are right, all names, and the parameters that values bring."""

    right: dict[str, Axis] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    # parameter -> axis whose values bring it
    extras: dict[str, str] = field(default_factory=dict)


def parse_axes(raw: Json, faults: Faults) -> Axes:
    """The axes, as far as they are right."""
    path: Path = ("axes",)
    if not faults.is_object(raw, path, "an object of axes, such as {batch_size: [32, 64]}"):
        return Axes()
    axes = Axes(names=tuple(raw))
    for name, values in raw.items():
        _check_axis_name(name, (*path, name), faults)
        axis = _axis(name, values, (*path, name), axes, faults)
        if axis is not None:
            axes.right[name] = axis
    return axes


def _check_axis_name(name: str, path: Path, faults: Faults) -> None:
    if name in (*GIVEN, *WORDS):
        why = "a parameter that dlaasgen sets itself" if name in GIVEN else "a word of rules and templates"
        faults.add("M124", path, f"an axis cannot be called {name}, which is {why}", key=True)
    elif not _NAME.fullmatch(name):
        near = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:63].rstrip("_-")
        hint = f"did you mean {near}?" if _NAME.fullmatch(near) else None
        faults.add(
            "M124", path, f"{quoted(name)} cannot be the name of an axis", expected=_NAME_RULE, hint=hint, key=True
        )


def _axis(name: str, raw: Json, path: Path, axes: Axes, faults: Faults) -> Axis | None:
    hint = None
    if isinstance(raw, dict) and "id" in raw:
        hint = "begin the object with '- ', as the item of a list"
    elif raw is not None and not isinstance(raw, dict):
        hint = f"write [{quoted(raw)}]"
    if not faults.is_list(raw, path, "a list of values", hint):
        return None
    if not raw:
        faults.add("M120", path, f"the axis {named(name)} has no values")
        return None
    values: list[AxisValue] = []
    first: dict[str, int] = {}
    for index, item in enumerate(raw):
        here = (*path, index)
        value = axis_value(name, item, here, axes, faults)
        if value is None:
            continue
        values.append(value)
        if (other := _twin(value, item, raw[:index], first)) is not None:
            line, _ = faults.at((*path, other))
            place = f" (line {line})" if line else ""
            message = f"the axis {named(name)} has the value {quoted(item)} twice"
            hint = f"the first is number {other + 1}{place}"
            if not same(item, raw[other]):
                message = f"two values of the axis {named(name)} have the id {quoted(value.id)}"
                hint += f": {described(raw[other])}"
            faults.add("M121", here, message, hint=hint)
        first.setdefault(value.id, index)
    return Axis(name, tuple(values)) if len(values) == len(raw) else None


def _twin(value: AxisValue, item: Json, before: list[Json], first: dict[str, int]) -> int | None:
    """The index of an earlier value of the same id, or of the same number written otherwise."""
    if value.id in first:
        return first[value.id]
    if isinstance(item, float) and item.is_integer():
        return next((i for i, other in enumerate(before) if same(item, other)), None)
    return first.get(f"{item}.0") if isinstance(item, int) and not isinstance(item, bool) else None


def axis_value(name: str, item: Json, path: Path, axes: Axes, faults: Faults) -> AxisValue | None:
    """One value of an axis, as axes and include entries have it; None when it is wrong."""
    if isinstance(item, list):
        faults.add("M122", path, "a list needs an id to be a value", found=described(item), expected=_OBJECT_RULE)
        return None
    if not isinstance(item, dict):
        if item == "":
            hint = 'write {id: none, value: ""}'
            faults.add("M122", path, "an empty string needs an id to be a value", hint=hint)
            return None
        return AxisValue(scalar_text(item), item)
    if "id" not in item:
        near = nearest("id", item)
        slip = f"did you mean id instead of {near}?" if near and near != "value" else None
        message = "an object needs an id to be a value"
        faults.add("M122", path, message, found=described(item), expected=_OBJECT_RULE, hint=slip)
        return None
    fine = _id(item["id"], (*path, "id"), faults)
    extra = {k: v for k, v in item.items() if k not in ("id", "value")}
    for key in extra:
        fine &= _extra(name, key, (*path, key), axes, faults)
    return AxisValue(item["id"], item.get("value", item["id"]), extra) if fine else None


def _id(raw: Json, path: Path, faults: Faults) -> bool:
    if not faults.is_text(raw, path, "a short name"):
        return False
    if not LABEL_VALUE.fullmatch(raw):
        near = re.sub(r"[^A-Za-z0-9._-]+", "-", raw).strip("._-")[:63].rstrip("._-")
        hint = f"did you mean {near}?" if near else None
        faults.add("M124", path, "an id must be a label value", found=quoted(raw), expected=_LABEL_RULE, hint=hint)
        return False
    return True


def _extra(name: str, key: str, path: Path, axes: Axes, faults: Faults) -> bool:
    """Whether a parameter may come with a value of the axis `name`."""
    owner = axes.extras.setdefault(key, name)
    if key in axes.names:
        hint = f"did you mean value instead of {key}?" if key == name else None
        faults.add(
            "M123",
            path,
            f"values of the axis {named(name)} bring the parameter {named(key)}, which is an axis itself",
            hint=hint,
            key=True,
        )
    elif owner != name:
        message = f"two axes bring the parameter {named(key)}: {named(owner)} and {named(name)}"
        faults.add("M123", path, message, key=True)
    else:
        return check_parameter_name(key, path, faults)
    return False


def check_parameter_name(name: str, path: Path, faults: Faults) -> bool:
    """Whether a matrix may set the parameter."""
    if name in GIVEN:
        message = f"the parameter {name} is set by dlaasgen itself"
        hint = "the job's name is made of the matrix's name and the cell's id" if name == "name" else None
        faults.add("M124", path, message, hint=hint, key=True)
    elif not name.strip():
        faults.add("M124", path, "a parameter has an empty name", key=True)
    else:
        return True
    return False


def parse_zip(raw: Json, axes: Axes, faults: Faults) -> tuple[tuple[str, ...], ...]:
    """The groups of axes that advance together."""
    rule = "a list of groups, such as [[learning_rate, warmup]]"
    if not faults.is_list(raw, ("zip",), rule):
        return ()
    if raw and all(isinstance(item, str) for item in raw):
        hint = f"write [[{', '.join(map(named, raw))}]]"
        faults.add("M112", ("zip",), "zip has the wrong type", found="a list of strings", expected=rule, hint=hint)
        return ()
    seen: dict[str, int] = {}
    return tuple(tuple(_group(group, index, seen, axes, faults)) for index, group in enumerate(raw))


def _group(raw: Json, index: int, seen: dict[str, int], axes: Axes, faults: Faults) -> Iterator[str]:
    path: Path = ("zip", index)
    if not faults.is_list(raw, path, "a list of at least two axes"):
        return
    if len(raw) < 2:
        faults.add("M130", path, "a zip group has fewer than two axes", found=described(raw))
    leader: Axis | None = None
    for position, name in enumerate(raw):
        here = (*path, position)
        if not faults.is_text(name, here, "the name of an axis"):
            continue
        if name not in axes.names:
            hint = meant(name, axes.names)
            expected = None if hint else listed(map(named, axes.names)) or None
            faults.add("M130", here, f"zip names {named(name)}, which is no axis", expected=expected, hint=hint)
            continue
        if name in seen:
            which = "twice" if seen[name] == index else "in two groups"
            faults.add("M130", here, f"zip names the axis {named(name)} {which}")
            continue
        seen[name] = index
        yield name
        axis = axes.right.get(name)
        if axis and leader and len(axis.values) != len(leader.values):
            message = f"the zip axes {named(leader.name)} and {named(name)} have different lengths"
            found = f"{len(leader.values)} and {len(axis.values)} values"
            faults.add("M130", here, message, found=found, expected="equally many")
        leader = leader or axis


def parse_sample(raw: Json, axes: Axes, zip_groups: Iterable[tuple[str, ...]], faults: Faults) -> Sample | None:
    """The part of the product that is wanted."""
    path: Path = ("sample",)
    rule = "{pairwise: 2} or {random: 50, seed: 7}"
    if not faults.is_object(raw, path, rule):
        return None
    faults.check_keys(raw, path, ("pairwise", "random", "seed"))
    ways = [key for key in ("pairwise", "random") if key in raw]
    if len(ways) == 2:
        faults.add("M115", (*path, "random"), "sample has both pairwise and random", expected="one of them", key=True)
    elif not ways:
        if not any(near_key(key, ["pairwise", "random"]) for key in raw):
            faults.add("M111", path, "sample has neither pairwise nor random", found=described(raw), expected=rule)
    elif "seed" in raw and "random" not in raw:
        message = "sample has a seed, but nothing is random: a covering array is always the same"
        faults.add("M115", (*path, "seed"), message, key=True)
    seed = raw.get("seed", 0)
    if "seed" in raw and not faults.is_integer(seed, (*path, "seed"), 0, MAX_SEED):
        seed = 0
    if "random" in raw and faults.is_integer(raw["random"], (*path, "random"), 1, MAX_RANDOM):
        return Sample(random=int(raw["random"]), seed=int(seed))
    if "pairwise" in raw and faults.is_integer(raw["pairwise"], (*path, "pairwise"), 2, MAX_STRENGTH):
        factors = len(axes.names) - sum(max(len(group) - 1, 0) for group in zip_groups)
        if raw["pairwise"] > factors:
            message = f"{path_text((*path, 'pairwise'))} needs at least as many axes"
            counted = " (a zip group counts as one)" if factors < len(axes.names) else ""
            found = f"{raw['pairwise']:g} for {factors} {'axis' if factors == 1 else 'axes'}{counted}"
            faults.add("M131", (*path, "pairwise"), message, found=found)
        return Sample(strength=int(raw["pairwise"]))
    return None
