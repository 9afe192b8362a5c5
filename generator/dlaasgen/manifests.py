"""Manifest: one Kubernetes object as data, and its identity: name, labels, annotations, digest. No I/O here.

A job's name ends in a hash over its manifests and its run, so that a changed spec is a new object and an unchanged one
is the same (docs/adr/0005-names-by-content.md). A prototype must know the name before there is a manifest to hash. It
is given a stand-in of the same length, which is replaced by the name once that is known.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dlaasgen.canonical import dump

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.cells import Cell
    from dlaasgen.matrix import Matrix

LONGEST_NAME = 50
"""Characters of a job's name. Pods are `<job>-<type>-<index>`, which must stay within 63."""
_HASH = 8
_STAND_IN = "z" * _HASH
_LONGEST_LABEL = 63
_POD_TEMPLATE_DEPTH = 12
_LONGEST_PART = 63


@dataclass(frozen=True, slots=True)
class Identity:
    """What dlaasgen gives to every object of a cell. `stand_in` is the name before the hash is known."""

    stand_in: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object. `file` is relative to the tree, with forward slashes; `text` its canonical YAML or JSON."""

    file: str
    data: Mapping[str, Any]
    text: str

    @property
    def digest(self) -> str:
        """`sha256:` and the hexadecimal SHA-256 of the file's bytes."""
        return digest(self.text.encode())


def digest(data: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256 of some bytes: how the index and results name a content."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


@lru_cache(maxsize=4096)
def label_value(text: str) -> str:
    """The nearest label value: at most 63 of A-Z a-z 0-9 - _ . beginning and ending alphanumeric."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:_LONGEST_LABEL].strip("-_.")


def identity(matrix: Matrix, cell: Cell, run: str, params: str) -> Identity:
    """The identity of a cell's objects in one run. `params` is canonical JSON: all parameters, with the defaults."""
    stem = f"{matrix.name}-{cell.id}".replace(".", "-")[: LONGEST_NAME - _HASH - 1].rstrip("-")
    labels = {"dlaasgen/cell": cell.id, "dlaasgen/matrix": matrix.name, "dlaasgen/run": run}
    if matrix.repeats > 1:
        labels["dlaasgen/repeat"] = str(cell.repeat)
    for axis, value in cell.axes.items():
        labels["axis.dlaasgen/" + axis] = label_value(value)
    return Identity(f"{stem}-{_STAND_IN}", labels, {"dlaasgen/params": params})


def adopt(data: dict[str, Any], own: Identity) -> None:
    """See to it that an object and its pod templates carry the identity.

    Identity labels win over the prototype's; its other labels and its annotations stay.
    """
    _mark(data, own)
    if "spec" in data:
        _adopt_templates(data["spec"], own, _POD_TEMPLATE_DEPTH)


def _adopt_templates(node: Any, own: Identity, depth: int) -> None:
    """Mark every pod template at or below `node`: a mapping whose spec has containers, under a key `template`."""
    if not depth:
        return
    if node.__class__ is list:
        for child in node:
            _adopt_templates(child, own, depth - 1)
    elif node.__class__ is dict:
        for key, child in node.items():
            spec = child.get("spec") if key == "template" and child.__class__ is dict else None
            if spec.__class__ is dict and "containers" in spec:
                _mark(child, own)
            elif child.__class__ in (dict, list):
                _adopt_templates(child, own, depth - 1)


def _mark(holder: dict[str, Any], own: Identity) -> None:
    metadata = holder.get("metadata")
    if metadata is None:
        metadata = holder["metadata"] = {}
    elif metadata.__class__ is not dict:
        return
    for field, marks in (("labels", own.labels), ("annotations", own.annotations)):
        present = metadata.get(field)
        if present.__class__ is not dict:
            metadata[field] = dict(marks)
        elif not marks.items() <= present.items():
            metadata[field] = {**present, **marks}


def finish(
    cell: Cell, objects: list[dict[str, Any]], own: Identity, suffix: str, texts: Sequence[str] | None = None
) -> tuple[str, list[Manifest]]:
    """(name, manifests) of a cell's objects: the name by their content, and their texts with the name in place.

    `suffix` is ".yaml" or ".json"; the name is the same in both. `texts` are the objects as canonical YAML, when they
    are known already. Raises ValueError for what has no YAML form.
    """
    if texts is None:
        texts = [dump(data) for data in objects]
    name = own.stand_in[:-_HASH] + hashlib.sha256("---\n".join(texts).encode()).hexdigest()[:_HASH]
    manifests = []
    for number, (data, text) in enumerate(zip(objects, texts, strict=True)):
        part = "" if number == 0 else f"_{number}-{_part(data['kind'])}"
        shown = text if suffix == ".yaml" else json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        manifests.append(Manifest(f"jobs/{cell.id}{part}{suffix}", data, shown.replace(own.stand_in, name)))
    return name, manifests


def _part(kind: str) -> str:
    """A kind inside a file's name, where it may not lead elsewhere."""
    return re.sub(r"[^a-z0-9]+", "-", kind.lower())[:_LONGEST_PART].strip("-") or "object"
