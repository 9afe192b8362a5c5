"""Check matrices, rendered trees and manifest files; explain the codes of findings."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import manifest_files, tree_files
from dlaasgen.dialects_faults import steps_of
from dlaasgen.errors import CheckError, DlaasgenError, UsageError
from dlaasgen.findings import Finding, did_you_mean
from dlaasgen.ksonnet.rendered import is_application
from dlaasgen.pipeline.checking import checker, context_for, context_of
from dlaasgen.pipeline.evaluation import Request
from dlaasgen.pipeline.places import shown, tree_index
from dlaasgen.pipeline.render import render_matrix
from dlaasgen.tree import INDEX, compare, owned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dlaasgen.tree import Index

# A matrix says so; one whose apiVersion is misspelt or missing has axes, or a prototype, and no kind.
_MATRIX = re.compile(rb"""(?:^|\A\s*\{\s*)["']?[A-Za-z_]+["']?\s*:\s*["']?dlaasgen/v""", re.MULTILINE)
_LIKE_MATRIX = re.compile(rb"""^(?:axes|prototype)\s*:""", re.MULTILINE)
_KIND = re.compile(rb"""^["']?kind["']?\s*:""", re.MULTILINE)
_SNIFF = 1 << 16


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `exit_code` is 0 when there is no error; `manifests` and `matrices` count what was looked at."""

    findings: tuple[Finding, ...]
    manifests: int
    matrices: int
    exit_code: int


def check_paths(paths: Sequence[str], kubernetes: str | None = None) -> Report:
    """The findings of everything that `paths` name. Raises UsageError when one names nothing."""
    findings: list[Finding] = []
    manifests = matrices = code = 0
    for path in paths:
        rest: list[str] = []
        for file in manifest_files.find(path):
            if not _is_matrix(file):
                rest.append(file)
                continue
            matrices += 1
            found, failed = _matrix(file, kubernetes)
            code = code or failed
            findings += found
        found, count = _manifests(rest, kubernetes, named=not os.path.isdir(path))
        findings += found
        manifests += count
        findings += [f for tree, index in _trees(path) for f in _integrity(tree, index)]
    if not code and any(f.severity == "error" for f in findings):
        code = CheckError.exit_code
    return Report(tuple(findings), manifests, matrices, code)


def _is_matrix(file: str) -> bool:
    try:
        with open(file, "rb") as handle:
            text = handle.read(_SNIFF)
            if _KIND.search(text) is not None:
                return False
            return _MATRIX.search(text) is not None or _LIKE_MATRIX.search(text) is not None
    except OSError:
        return False


def _matrix(file: str, kubernetes: str | None) -> tuple[Sequence[Finding], int]:
    """(findings, exit code) of a matrix: all that a render of it would find."""
    try:
        return render_matrix(Request(file, mode="dry-run", cache=False, kubernetes=kubernetes)).findings, 0
    except UsageError:
        raise
    except DlaasgenError as error:
        return error.findings, error.exit_code


def _manifests(files: Sequence[str], kubernetes: str | None, *, named: bool) -> tuple[list[Finding], int]:
    """(findings, number of manifests) of manifest files, each in the context of the tree that it lies in.

    `named`: each was asked for, and not found in a folder, where other files may lie.
    """
    from dlaasgen.checks import check_set

    findings: list[Finding] = []
    by_tree: dict[str, list[str]] = {}
    for file in files:
        by_tree.setdefault(_tree_of(file), []).append(file)
    count = 0
    for tree, members in by_tree.items():
        checks = context_of(tree_index(tree) if tree else None, kubernetes)
        check = checker(checks)
        objects: list[tuple[str | None, Mapping[str, Any]]] = []
        for file in members:
            empty = True
            for document in manifest_files.documents(file):
                if document.finding is not None:
                    findings.append(replace(document.finding, file=shown(file)))
                empty = empty and document.data is None and document.finding is None
                whole = manifest_files.is_list(document.data)
                objects_in = () if is_application(document.data) else manifest_files.objects(document.data)
                for n, data in enumerate(objects_in):
                    if not named and isinstance(data, dict) and not {"apiVersion", "kind"} & data.keys():
                        message = "this is no manifest, and is left out: it has neither apiVersion nor kind"
                        findings.append(Finding("R124", message, "note", file=shown(file), line=document.line))
                        continue
                    count += 1
                    within: list[str | int] = ["items", n] if whole else []
                    found = [_placed(f, document, within) for f in check(data)]
                    findings += sorted(found, key=lambda f: (f.line or 0, f.column or 0))
                    if isinstance(data, dict):
                        line, _ = document.place([*within, "metadata", "name"])
                        objects.append((f"{shown(file)}:{line}", data))
            if empty:
                findings.append(
                    Finding(
                        "R123", "the file holds neither a matrix nor a manifest", "warning", file=shown(file), line=1
                    )
                )
        findings += map(_of_several, check_set(objects, context_for(checks)))
    return findings, count


def _placed(finding: Finding, document: manifest_files.Document, within: Sequence[str | int]) -> Finding:
    """A finding of an object with the place of its field in the document, which holds the object at `within`."""
    line, column = document.place([*within, *steps_of(finding.path)])
    return replace(finding, file=shown(document.file), line=line, column=column)


def _of_several(finding: Finding) -> Finding:
    """A finding of check_set, whose file is a name with a line."""
    if finding.file is None:
        return finding
    file, _, line = finding.file.rpartition(":")
    return replace(finding, file=file, line=int(line))


def _tree_of(file: str) -> str:
    """The rendered tree that a file lies in, or ""."""
    folder = os.path.dirname(file)
    for candidate in (folder, os.path.dirname(folder)):
        if os.path.isfile(os.path.join(candidate or ".", INDEX)):
            return candidate or "."
    return ""


def _trees(path: str) -> Iterator[tuple[str, Index]]:
    """The rendered trees at or below a folder, with their indexes."""
    if os.path.isdir(path):
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            index = tree_index(folder) if INDEX in files else None
            if index is not None:
                folders.clear()
                yield folder, index


def _integrity(tree: str, index: Index) -> Iterator[Finding]:
    """How a tree differs from its own index. (Whether the index is what the matrix says, `render --check` tells.)"""
    present = {p: d for p, d in tree_files.digests(tree)[0].items() if p != INDEX}
    drift = compare(owned(index), present)
    hint = f"run: dlaasgen render {index.source}"
    for path in drift.missing:
        yield Finding("R111", "a file of the index is missing", file=shown(os.path.join(tree, path)), hint=hint)
    for path in drift.changed:
        yield Finding("R112", "a file is not what the index says", file=shown(os.path.join(tree, path)), hint=hint)
    for path in drift.extra:
        yield Finding("R113", "a file is not in the index", "warning", file=shown(os.path.join(tree, path)))


def codes() -> dict[str, tuple[str, str]]:
    """Every code that a finding can have: code -> (title, explanation)."""
    from dlaasgen import (
        cells_codes,
        checks,
        cluster_codes,
        conversion_codes,
        dialects_codes,
        images_codes,
        matrix_codes,
        prototypes,
        tree_codes,
    )
    from dlaasgen.ksonnet import codes as ksonnet_codes

    tables = (
        matrix_codes,
        cells_codes,
        prototypes,
        dialects_codes,
        conversion_codes,
        checks,
        cluster_codes,
        tree_codes,
        images_codes,
        ksonnet_codes,
    )
    return {code: text for table in tables for code, text in table.CODES.items()}


def explain(code: str) -> str:
    """The page of a code. Raises UsageError for one that does not exist."""
    known = codes()
    wanted = code.upper()
    if wanted not in known:
        hint = did_you_mean(wanted, known) or "docs/reference/findings.md lists them"
        if not re.fullmatch(r"[A-Z][0-9]{1,4}", wanted):
            hint = "of a cell: dlaasgen cells MATRIX --explain CELL"
        raise UsageError([Finding("R120", f"no finding has the code {code}", hint=hint)])
    title, text = known[wanted]
    return f"{wanted}: {title}\n\n{text}"
