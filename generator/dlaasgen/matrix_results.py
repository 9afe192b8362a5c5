"""The section `results` of a matrix file: a user's own patterns for metrics. No I/O here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dlaasgen.logs.patterns import DIRECTIONS, Pattern, fault_of
from dlaasgen.matrix_faults import listed, meant, path_text, quoted

if TYPE_CHECKING:
    from dlaasgen.matrix import Json, Path
    from dlaasgen.matrix_faults import Faults

MOST = 100
LONGEST = 1000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_NAME_RULE = "a lower-case letter, then lower-case letters, digits and '_', at most 63"
_EXAMPLE = r"{name: throughput, pattern: 'rate ([0-9.]+)', unit: samples/s, direction: higher}"
_KEYS = ("name", "pattern", "unit", "direction")
_TEXTS = {
    "name": "the metric's name, such as throughput",
    "pattern": "an RE2 expression with a group, such as 'rate ([0-9.]+)'",
    "unit": "a unit, such as samples/s",
    "direction": listed(DIRECTIONS),
}


def parse_patterns(value: Json, faults: Faults) -> tuple[Pattern, ...]:
    """The patterns, in the order of the file."""
    path: Path = ("results",)
    if not faults.is_object(value, path, f"an object, such as {{patterns: [{_EXAMPLE}]}}"):
        return ()
    faults.check_keys(value, path, ("patterns",))
    raw = value.get("patterns", [])
    path = (*path, "patterns")
    if not faults.is_list(raw, path, f"a list, such as [{_EXAMPLE}]"):
        return ()
    if len(raw) > MOST:
        faults.add("M114", path, "there are too many patterns", found=f"{len(raw):,}", expected=f"at most {MOST}")
        return ()
    patterns: list[Pattern] = []
    for index, item in enumerate(raw):
        here = (*path, index)
        if not faults.is_object(item, here, f"an object, such as {_EXAMPLE}"):
            continue
        pattern = _pattern(item, here, faults)
        if pattern.name and any(pattern.name == other.name for other in patterns):
            faults.add("M121", (*here, "name"), f"the metric {quoted(pattern.name)} is given twice")
        patterns.append(pattern)
    return tuple(patterns)


def _pattern(item: dict[str, Json], path: Path, faults: Faults) -> Pattern:
    faults.check_keys(item, path, _KEYS)
    for key in ("name", "pattern"):
        faults.missing(item, key, path, _TEXTS[key])
    texts = {key: item[key] for key in _KEYS if key in item and faults.is_text(item[key], (*path, key), _TEXTS[key])}
    name, pattern, direction = texts.get("name"), texts.get("pattern"), texts.get("direction", "none")
    if name is not None and not _NAME.fullmatch(name):
        faults.add("M113", (*path, "name"), "this is no metric's name", found=quoted(name), expected=_NAME_RULE)
    if direction not in DIRECTIONS:
        here = (*path, "direction")
        hint = meant(direction, DIRECTIONS)
        message = f"{path_text(here)} is no direction"
        faults.add("M113", here, message, found=quoted(direction), expected=_TEXTS["direction"], hint=hint)
    if pattern is not None:
        _check(pattern, (*path, "pattern"), faults)
    return Pattern(name or "", pattern or "", texts.get("unit", ""), direction)


def _check(pattern: str, path: Path, faults: Faults) -> None:
    if len(pattern) > LONGEST:
        found = f"{len(pattern):,} characters"
        faults.add("M114", path, "the expression is too long", found=found, expected=f"at most {LONGEST:,}")
        return
    fault = fault_of(pattern)
    if fault == "no group":
        hint = "put the number in parentheses, or in a group named value: (?P<value>[0-9.]+)"
        faults.add(
            "M113", path, "the expression has no group to take the number from", found=quoted(pattern), hint=hint
        )
    elif fault is not None:
        message = f"{path_text(path)} is no RE2 expression: {fault}"
        hint = "RE2 has no look-around and no back-references: no expression takes more than linear time"
        faults.add("M113", path, message, found=quoted(pattern), hint=hint)
