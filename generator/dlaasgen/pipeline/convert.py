"""Convert manifest files from the dialects that they are written in to another."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import manifest_files, object_files
from dlaasgen.canonical import dump
from dlaasgen.dialects import DIALECTS
from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean
from dlaasgen.pipeline.places import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Conversion:
    """One object. `text` is its YAML in the new dialect; None when it could not be read or meaning would be lost.

    source  the dialect that it was written in; None when it is no job, and unchanged
    """

    file: str
    line: int
    source: str | None
    data: Any
    text: str | None
    findings: tuple[Finding, ...]


def convert_files(paths: Sequence[str], to: str, *, lossy: bool = False) -> list[Conversion]:
    """Every object that `paths` name, converted. With `lossy`, what cannot be carried is a warning.

    Raises UsageError when there is no such dialect or file.
    """
    if to not in DIALECTS:
        expected = ", ".join(DIALECTS)
        hint = did_you_mean(to, DIALECTS)
        raise UsageError([Finding("R120", f"there is no dialect {to}", expected=expected, hint=hint)])
    files = [f for path in paths for f in ([path] if path == manifest_files.STDIN else manifest_files.find(path))]
    return [made for file in dict.fromkeys(files) for made in _file(file, to, lossy=lossy)]


def _file(file: str, to: str, *, lossy: bool) -> Iterator[Conversion]:
    name = file if file == manifest_files.STDIN else shown(file)
    for document in manifest_files.documents(file):
        if document.finding is not None:
            yield Conversion(name, document.line, None, None, None, (replace(document.finding, file=name),))
        for data in manifest_files.objects(document.data):
            yield _object(name, document.line, data, to, lossy=lossy)


def _object(file: str, line: int, data: Any, to: str, *, lossy: bool) -> Conversion:
    from dlaasgen.conversion import convert

    converted = convert(data, to)
    findings = [replace(f, file=file, line=line) for f in converted.findings]
    if lossy:
        findings = [replace(f, severity="warning") if _is_loss(f) else f for f in findings]
    text = None
    if not any(f.severity == "error" for f in findings):
        try:
            text = dump(converted.data)
        except ValueError as error:
            message = f"the object cannot be written as YAML: {error}"
            findings.append(Finding("K209", message, file=file, line=line))
    return Conversion(file, line, converted.source, converted.data, text, tuple(findings))


def _is_loss(finding: Finding) -> bool:
    return finding.severity == "error" and finding.code != "K209"


def documents(conversions: Sequence[Conversion]) -> str:
    """All objects as one YAML stream."""
    return "---\n".join(c.text for c in conversions if c.text is not None)


def write(conversions: Sequence[Conversion], folder: str, *, force: bool) -> tuple[list[str], list[str]]:
    """(each object's path, those of them that were written). Raises TreeError; then nothing has been written."""
    names = _names([c.data for c in conversions])
    files = {n: c.text.encode() for n, c in zip(names, conversions, strict=True) if c.text is not None}
    written = object_files.write(folder, files, force=force)
    return [f"{folder}/{name}" for name in names], written


def _names(objects: Sequence[Any]) -> list[str]:
    """A file's name for each object, by its kind and name; no two are the same, and none leads elsewhere."""
    found: list[str] = []
    for data in objects:
        whole = data if isinstance(data, dict) else {}
        metadata: Mapping[str, Any] = whole["metadata"] if isinstance(whole.get("metadata"), dict) else {}
        parts = (whole.get("kind"), metadata.get("name"))
        stem = "-".join(_part(p) for p in parts if isinstance(p, str) and _part(p)) or "object"
        name, number = f"{stem}.yaml", 1
        while name in found:
            number += 1
            name = f"{stem}-{number}.yaml"
        found.append(name)
    return found


def _part(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_LONGEST_NAME].strip("-")
