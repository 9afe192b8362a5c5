"""The smaller sections of a matrix file: limits, cluster, kubernetes, checks. No I/O here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dlaasgen.matrix import DEFAULT_MAX_CELLS, Cluster, Waiver
from dlaasgen.matrix_faults import path_text, quoted
from dlaasgen.quantities import nearest_quantity, quantity

if TYPE_CHECKING:
    from dlaasgen.matrix import Json, Path
    from dlaasgen.matrix_faults import Faults

MAX_MAX_CELLS = 1_000_000

_KUBERNETES = re.compile(r"1\.[1-9][0-9]?", re.ASCII)
_CODE = re.compile(r"[A-Z][0-9]{3}", re.ASCII)


def parse_integer(holder: dict[str, Json], path: Path, low: int, high: int, faults: Faults) -> int | None:
    """The integer at the end of `path`, when it is given and right."""
    key = path[-1]
    if key not in holder or not faults.is_integer(holder[str(key)], path, low, high):
        return None
    return int(holder[str(key)])


def parse_max_cells(value: Json, faults: Faults) -> int:
    """The limit on the number of cells."""
    path: Path = ("limits",)
    if not faults.is_object(value, path, "an object, such as {max_cells: 5000}"):
        return DEFAULT_MAX_CELLS
    faults.check_keys(value, path, ("max_cells",))
    return parse_integer(value, (*path, "max_cells"), 1, MAX_MAX_CELLS, faults) or DEFAULT_MAX_CELLS


def parse_cluster(value: Json, faults: Faults) -> Cluster | None:
    """The shape of the cluster."""
    path: Path = ("cluster",)
    if not faults.is_object(value, path, "an object, such as {nodes: 3, cpu: 36, memory: 192Gi}"):
        return None
    faults.check_keys(value, path, ("nodes", "cpu", "memory", "sockets", "cores_per_socket"))
    faults.missing(value, "nodes", path, "the number of nodes")
    cpu = _quantity(value, (*path, "cpu"), ("1m", "100k"), "36 or 500m (of a node)", faults)
    memory = _quantity(value, (*path, "memory"), ("1Mi", "1Pi"), "192Gi (of a node)", faults)
    return Cluster(
        nodes=parse_integer(value, (*path, "nodes"), 1, 100_000, faults) or 1,
        cpu=cpu,
        memory=None if memory is None else int(memory),
        sockets=parse_integer(value, (*path, "sockets"), 1, 64, faults),
        cores_per_socket=parse_integer(value, (*path, "cores_per_socket"), 1, 1024, faults),
    )


def _quantity(
    holder: dict[str, Json], path: Path, bounds: tuple[str, str], example: str, faults: Faults
) -> float | None:
    key = str(path[-1])
    if key not in holder:
        return None
    value = holder[key]
    expected = f"a quantity, such as {example}"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        faults.wrong_type(path, value, expected)
        return None
    number = quantity(value)
    low, high = map(quantity, bounds)
    assert low is not None and high is not None  # noqa: PT018, S101  (bounds are ours)
    if number is None:
        near = nearest_quantity(str(value)) if key == "memory" else None
        hint = f"did you mean {near}?" if near else None
        faults.add("M113", path, f"{path_text(path)} is no quantity", found=quoted(value), expected=expected, hint=hint)
    elif not low <= number <= high:
        unit = key == "memory" and 0 < number < low and str(value).isdigit()
        hint = f"did you mean {value}Gi?" if unit else None
        expected = f"a quantity from {bounds[0]} to {bounds[1]}"
        faults.add(
            "M114", path, f"{path_text(path)} is out of range", found=quoted(value), expected=expected, hint=hint
        )
    return None if number is None else float(number)


def parse_kubernetes(document: dict[str, Json], faults: Faults) -> str | None:
    """The Kubernetes version that manifests are checked against."""
    value: Json = document.get("kubernetes")
    path: Path = ("kubernetes",)
    rule = 'a version, such as "1.34"'
    if "kubernetes" not in document:
        return None
    hint = "quote it: as a number, 1.30 is 1.3" if isinstance(value, float) else None
    if not faults.is_text(value, path, rule, hint):
        return None
    if not _KUBERNETES.fullmatch(value):
        near = re.match(r"v?(1\.[1-9][0-9]?)(?![0-9])", value)
        hint = f'did you mean "{near[1]}"?' if near else None
        faults.add("M113", path, "kubernetes is no version", found=quoted(value), expected=rule, hint=hint)
    return str(value)


def parse_waivers(value: Json, faults: Faults) -> tuple[Waiver, ...]:
    """The checks that are turned off."""
    path: Path = ("checks",)
    if not faults.is_object(value, path, "an object, such as {disable: [{code: P210, reason: ...}]}"):
        return ()
    faults.check_keys(value, path, ("disable",))
    raw = value.get("disable", [])
    if not faults.is_list(raw, (*path, "disable"), "a list of {code: ..., reason: ...}"):
        return ()
    waivers: list[Waiver] = []
    for index, item in enumerate(raw):
        here = (*path, "disable", index)
        hint = f'write {{code: {item}, reason: "..."}}' if isinstance(item, str) and _CODE.fullmatch(item) else None
        if not isinstance(item, dict):
            faults.wrong_type(here, item, "an object {code: ..., reason: ...}", hint)
        elif (waiver := _waiver(item, here, faults)) is not None:
            if any(waiver.code == other.code for other in waivers):
                faults.add("M121", (*here, "code"), f"{waiver.code} is disabled twice")
            waivers.append(waiver)
    return tuple(waivers)


def _waiver(item: dict[str, Json], path: Path, faults: Faults) -> Waiver | None:
    faults.check_keys(item, path, ("code", "reason"))
    texts = []
    for key, why in (
        ("code", "the code of a check, such as P210"),
        ("reason", "a text that says why the check is turned off"),
    ):
        if not faults.missing(item, key, path, why) and faults.is_text(item[key], (*path, key), why):
            texts.append(str(item[key]))
    if len(texts) < 2:
        return None
    code, reason = texts
    if not _CODE.fullmatch(code):
        hint = f"did you mean {code.upper()}?" if _CODE.fullmatch(code.upper()) else None
        rule = "a letter and three digits, such as P210"
        faults.add("M113", (*path, "code"), "there is no such code", found=quoted(code), expected=rule, hint=hint)
    return Waiver(code, reason)
