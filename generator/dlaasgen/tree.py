"""Tree: what stands under rendered/<matrix>/, as data. Index, kustomization, and the diff of two. No I/O here.

Everything is a function of the matrix, the prototypes and dlaasgen's version: no time, user, host or absolute path.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from dlaasgen.canonical import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

INDEX = "index.json"
README = "README.md"
KUSTOMIZATION = "kustomization.yaml"


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell in the index. `files` maps each of its files (relative to the tree) to its digest, the job's first.

    objects  what is in those of jobs/, as `gitops.object_text` has it; only where a matrix renders for GitOps
    """

    id: str
    job: str
    axes: Mapping[str, str]
    params: Mapping[str, Any]
    files: Mapping[str, str]
    repeat: int = 1
    objects: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """The index's form of it."""
        form: dict[str, Any] = {
            "id": self.id,
            "job": self.job,
            "axes": self.axes,
            "params": self.params,
            "files": self.files,
        }
        if self.repeat > 1:
            form["repeat"] = self.repeat
        if self.objects:
            form["objects"] = self.objects
        return form


@dataclass(frozen=True, slots=True)
class Index:
    """index.json: which inputs made the tree, and which cell made which file.

    inputs  digests of what the tree is a function of: matrix (the file), prototypes (all files), dlaasgen (version)
    options what the command line chose: run, format, select, kubernetes
    findings  as `findings_rows.rows_of` has them
    params  parameters that all cells have in common (the matrix's `params`); an entry holds the others
    """

    matrix: str
    source: str
    prototype: str
    dialect: str | None
    inputs: Mapping[str, str]
    options: Mapping[str, Any]
    params: Mapping[str, Any]
    entries: Sequence[Entry]
    files: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """How a tree on disk differs from what it should be. Paths relative to the tree, sorted."""

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.missing or self.changed or self.extra)


def dump_index(index: Index) -> str:
    """index.json: one cell a line, so that a diff shows the cells that changed."""
    head = {
        "apiVersion": "dlaasgen/v1",
        "kind": "Index",
        "matrix": index.matrix,
        "source": index.source,
        "prototype": index.prototype,
        "dialect": index.dialect,
        "options": index.options,
        "inputs": index.inputs,
        "params": index.params,
        "files": index.files,
    }
    lines = ["{"]
    lines += [f"  {json.dumps(key)}: {_line(value)}," for key, value in head.items()]
    lines.append('  "findings": [')
    lines += _rows(index.findings)
    lines += ["  ],", '  "cells": [']
    lines += _rows(e.as_json() for e in index.entries)
    lines += ["  ]", "}", ""]
    return "\n".join(lines)


def _rows(values: Iterable[Any]) -> list[str]:
    rows = [f"    {_line(v)}," for v in values]
    if rows:
        rows[-1] = rows[-1][:-1]
    return rows


def _line(value: Any) -> str:
    return orjson.dumps(value).decode()


def load_index(document: Any) -> Index | None:
    """The Index in parsed JSON, or None when the document is not one that this version wrote."""
    try:
        if document["apiVersion"] != "dlaasgen/v1" or document["kind"] != "Index":
            return None
        entries = [
            Entry(c["id"], c["job"], c["axes"], c["params"], c["files"], c.get("repeat", 1), c.get("objects", ()))
            for c in document["cells"]
        ]
        index = Index(
            matrix=document["matrix"],
            source=document["source"],
            prototype=document["prototype"],
            dialect=document["dialect"],
            inputs=document["inputs"],
            options=document["options"],
            params=document["params"],
            entries=entries,
            files=document["files"],
            findings=document["findings"],
        )
    except (KeyError, TypeError, AttributeError):
        return None
    return index if _sound(index) else None


def _sound(index: Index) -> bool:
    """Whether the parts of an index that was read are of their types."""
    texts = [index.matrix, index.source, index.prototype, index.dialect or ""]
    maps: list[Any] = [index.inputs, index.options, index.params, index.files]
    for e in index.entries:
        texts += (e.id, e.job)
        maps += (e.axes, e.params, e.files)
    whole = (
        all(e.repeat.__class__ is int and _texts(e.objects) for e in index.entries) and index.findings.__class__ is list
    )
    return whole and {t.__class__ for t in texts} == {str} and {m.__class__ for m in (*maps, *index.findings)} == {dict}


def _texts(values: Any) -> bool:
    """Whether these are what `gitops.object_text` made."""
    return values.__class__ in (list, tuple) and all(v.__class__ is str and v.count(" ") == 2 for v in values)


_MANIFESTS = re.compile(r"(?:- jobs/[a-z0-9._-]+\.(?:yaml|json)\n)+").fullmatch


def owned(index: Index) -> dict[str, str]:
    """Every file that the index owns, but for itself: path -> digest."""
    files = dict(index.files)
    for entry in index.entries:
        files.update(entry.files)
    return files


def kustomization(files: Iterable[str]) -> str:
    """kustomization.yaml: `kubectl apply -k` of all manifests, in the order of the cells."""
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    every = list(files)
    listed = "".join([f"- {path}\n" for path in every])
    # Thousands of manifests, whose names need no quotes, at once.
    return f"{dump(head)}resources:\n{listed}" if _MANIFESTS(listed) else dump({**head, "resources": every})


def compare(wanted: Mapping[str, str], present: Mapping[str, str]) -> Drift:
    """The drift between two maps of path -> digest."""
    return Drift(
        missing=tuple(sorted(wanted.keys() - present.keys())),
        changed=tuple(sorted(p for p, d in wanted.items() if p in present and present[p] != d)),
        extra=tuple(sorted(present.keys() - wanted.keys())),
    )
