"""Tree: what stands under rendered/<matrix>/, as data. Index, README, kustomization, and the diff of two. No I/O here.

Everything is a function of the matrix, the prototypes and dlaasgen's version: no time, user, host or absolute path.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from dlaasgen.canonical import dump
from dlaasgen.findings import grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dlaasgen.findings import Finding

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


def owned(index: Index) -> dict[str, str]:
    """Every file that the index owns, but for itself: path -> digest."""
    files = dict(index.files)
    for entry in index.entries:
        files.update(entry.files)
    return files


def kustomization(files: Iterable[str]) -> str:
    """kustomization.yaml: `kubectl apply -k` of all manifests, in the order of the cells."""
    return dump({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": list(files)})


def readme(index: Index, findings: Sequence[Finding]) -> str:
    """README.md: the table that a reviewer reads."""
    axes = list(dict.fromkeys(axis for e in index.entries for axis in e.axes))
    lines = [
        f"# {_cell(index.matrix)}",
        "",
        (
            f"Generated by dlaasgen from {_code(index.source)}: do not edit. "
            f"{_code('dlaasgen render ' + index.source)} writes it anew."
        ),
        "",
        (
            f"{len(index.entries)} cells, prototype {_code(index.prototype)}, "
            f"{f'dialect {_code(index.dialect)}, ' if index.dialect else ''}run {_code(str(index.options.get('run')))}."
        ),
        "",
    ]
    if index.params:
        lines += ["| parameter of every cell | value |", "|---|---|"]
        lines += [f"| {_cell(k)} | {_cell(_plain(v))} |" for k, v in index.params.items()]
        lines.append("")
    named = {(a, i): e.params[a] for e in index.entries for a, i in e.axes.items() if e.params.get(a, i) != i}
    behind = {name: text for name, value in named.items() if (text := _plain(value)) != name[1]}
    if behind:
        lines += ["| axis | value's id | value |", "|---|---|---|"]
        rows = sorted(behind.items(), key=lambda row: axes.index(row[0][0]))
        lines += [f"| {_cell(a)} | {_cell(i)} | {_cell(text)} |" for (a, i), text in rows]
        lines.append("")
    more = [{k: v for k, v in e.params.items() if k not in e.axes} for e in index.entries]
    names = list(dict.fromkeys(k for m in more for k in m))
    head = ["cell", *axes, *names, "job"]
    lines += ["| " + " | ".join(map(_cell, head)) + " |", "|" + "---|" * len(head)]
    for entry, extra in zip(index.entries, more, strict=True):
        row = [f"[{entry.id}]({next(iter(entry.files), '')})"]
        row += [_cell(entry.axes.get(a, "")) for a in axes]
        row += [_cell(_plain(extra[n])) if n in extra else "" for n in names]
        row.append(entry.job)
        lines.append(f"| {' | '.join(row)} |")
    lines += ["", "## Findings", ""]
    if findings:
        lines += ["| code | severity | where | finding |", "|---|---|---|---|"]
        for f, others in grouped(findings):
            text = f.message + (f"; found {f.found}" if f.found else "") + (f"; {f.hint}" if f.hint else "")
            where = (f.cell or f.where or "all cells") + (f" and {others} more" if others else "")
            lines.append(f"| {f.code} | {f.severity} | {_cell(where)} | {_cell(text)} |")
    else:
        lines.append("None.")
    return "\n".join([*lines, ""])


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_ESCAPES = str.maketrans(
    {
        "|": "\\|",
        "<": "&lt;",
        ">": "&gt;",
        "&": "&amp;",
        "`": "\\`",
        "[": "\\[",
        "]": "\\]",
        "*": "\\*",
        "~": "\\~",
        "\\": "\\\\",
    }
)
# Elsewhere than inside a word, where it means nothing to Markdown.
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


@lru_cache(maxsize=4096)
def _cell(text: str) -> str:
    """Untrusted text inside a Markdown table: no HTML, hidden link, image, emphasis, code or new cell comes of it."""
    return _UNDERSCORE.sub(r"\\_", _printable(text).translate(_ESCAPES))


def _code(text: str) -> str:
    """Untrusted text as code in a Markdown line."""
    plain = _printable(text).replace("`", "'")
    return f"`{plain}`"


def _printable(text: str) -> str:
    """Text on one line; what has no form of its own, or turns the writing around, as its code point."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else f"\\u{ord(c):04x}" for c in text)


def compare(wanted: Mapping[str, str], present: Mapping[str, str]) -> Drift:
    """The drift between two maps of path -> digest."""
    return Drift(
        missing=tuple(sorted(wanted.keys() - present.keys())),
        changed=tuple(sorted(p for p, d in wanted.items() if p in present and present[p] != d)),
        extra=tuple(sorted(present.keys() - wanted.keys())),
    )
