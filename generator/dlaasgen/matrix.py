"""Matrix: one study as the matrix file says it, parsed once into frozen values. No I/O here.

`matrix_parser.parse` makes a Matrix. The format is described for users in docs/reference/matrix.md and for editors in
schemas/matrix.schema.json.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen.logs.patterns import Pattern

# JSON data: None, bool, int, float, str, list, dict with str keys.
Json = Any
# A key path into the matrix file: ("axes", "image", 0, "id").
Path = tuple[str | int, ...]

API_VERSION = "dlaasgen/v1"
DEFAULT_DIALECT = "tfjob-v1"
DEFAULT_MAX_CELLS = 5000
# What Kubernetes takes as the value of a label, but for an empty one.
LABEL_VALUE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", re.ASCII)
DIALECTS = (
    "tfjob-v1alpha2",
    "tfjob-v1beta2",
    "tfjob-v1-flat",
    "tfjob-v1",
    "job",
    "trainjob-v1alpha1",
    "pytorchjob-v1",
    "mpijob-v1",
    "mpijob-v2beta1",
)


class Where(Protocol):
    """(line, column), both 1-based, of the value at a key path, or with key=True of the key itself."""

    def __call__(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """The place, or that of the nearest thing around it."""
        ...


@dataclass(frozen=True, slots=True)
class AxisValue:
    """One value of an axis. `id` names it in rules and cell ids; `extra` are parameters that come with it."""

    id: str
    value: Json
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Axis:
    """A named list of values, in the order of the file."""

    name: str
    values: tuple[AxisValue, ...]


@dataclass(frozen=True, slots=True)
class Exclude:
    """A cell goes when every key of `match` equals one of its alternatives and `when` (CEL) holds.

    Axis keys compare with the axis value's id or its value; params keys compare with the parameter's value.
    `line` and `column` are where the entry stands in the file; `index` is its number in the list.
    """

    index: int
    match: Mapping[str, tuple[Json, ...]]
    when: str | None = None
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Include:
    """GitHub Actions' include: merged into every original cell that it would not change, else a cell of its own.

    A list value for an axis key stands for one entry for each alternative (expanded by `parse`: `values` holds none).
    `when` restricts an entry to original cells for which the expression holds; such an entry never adds a cell.
    """

    index: int
    values: Mapping[str, Json]
    when: str | None = None
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A part of the product: a covering array of `strength` (2 = pairwise), or `random` cells drawn with `seed`."""

    strength: int | None = None
    random: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Cluster:
    """The shape of the cluster that the study is for. cpu in cores a node, memory in bytes a node."""

    nodes: int
    cpu: float | None = None
    memory: int | None = None
    sockets: int | None = None
    cores_per_socket: int | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A check turned off for this matrix (`checks: {disable: [{code: P110, reason: ...}]}`)."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """One study. `file` is the matrix file's name as given, for messages only.

    dialect  what the jobs are to be; None means as the prototype is written
    target   the cluster that the tree is for: `context`, `server`; empty when it is for any
    """

    name: str
    prototype: str
    dialect: str | None
    axes: tuple[Axis, ...]
    params: Mapping[str, Json] = field(default_factory=dict)
    zip: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[Exclude, ...] = ()
    include: tuple[Include, ...] = ()
    sample: Sample | None = None
    repeats: int = 1
    id: str | None = None
    max_cells: int = DEFAULT_MAX_CELLS
    cluster: Cluster | None = None
    gitops: Mapping[str, Json] = field(default_factory=dict)
    target: Mapping[str, str] = field(default_factory=dict)
    kubernetes: str | None = None
    waivers: tuple[Waiver, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    file: str | None = None
    # What each `image:NAME` of the file stood for, by the lock of images.
    images: Mapping[str, str] = field(default_factory=dict)


def scalar_text(value: Json) -> str:
    """The id of an axis value that has none: a string itself, anything else as JSON writes it (`0.01`, `true`)."""
    return value if isinstance(value, str) else json.dumps(value)


def same(left: Json, right: Json) -> bool:
    """Equality of JSON values: 1 equals 1.0, but true does not equal 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(v, right[k]) for k, v in left.items())
    return bool(left == right)
