"""Finding: one problem, told once, in data. No I/O here.

Every part of dlaasgen that can object to something (the matrix reader, the prototypes, the checks) says so with
this one type, so that one table, one JSON form and one SARIF form serve them all.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem found.

    code      stable identifier, e.g. ``M101``; `dlaasgen explain CODE` tells more
    severity  "error" makes the command fail; "warning" and "note" do not
    message   one sentence: what is wrong
    file      the file as the user named it, with forward slashes; None when the problem is in no file
    line      1-based; None when unknown
    column    1-based; None when unknown
    path      JSON path inside the document (``spec.template.spec.containers[0].image``), "" for the whole
    cell      the cell id, when the problem belongs to one cell
    found     what was there, shortened for people; None when nothing was
    expected  what should have been there
    hint      the nearest right thing to do ("did you mean batch_size?")
    """

    code: str
    message: str
    severity: Severity = "error"
    file: str | None = None
    line: int | None = None
    column: int | None = None
    path: str = ""
    cell: str | None = None
    found: str | None = None
    expected: str | None = None
    hint: str | None = None

    @property
    def where(self) -> str:
        """``file:line:column``, as far as it is known."""
        parts = [p for p in (self.file, self.line, self.column) if p is not None]
        return ":".join(str(p) for p in parts)

    def __str__(self) -> str:
        """One line for people: where, severity, code, message, found, expected, hint."""
        text = f"{self.severity}[{self.code}]: {self.message}"
        head = ": ".join(p for p in (self.where, self.path) if p)
        if head:
            text = f"{head}: {text}"
        if self.found is not None:
            text += f"; found {self.found}"
        if self.expected is not None:
            text += f"; expected {self.expected}"
        if self.hint is not None:
            text += f"; {self.hint}"
        return text


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like `word`, or None when none is near."""
    close = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return close[0] if close else None


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """A hint that names the nearest choice, or None."""
    close = nearest(word, choices)
    return None if close is None else f"did you mean {close}?"


def shown(value: object, limit: int = 60) -> str:
    """A value as a message shows it: its repr, cut to `limit` characters, control characters escaped."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def counted(number: int, noun: str) -> str:
    """How many, in words: "1 cell", "2 cells". The noun's plural ends in a plain s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def together(findings: Iterable[Finding]) -> list[Finding]:
    """For people: one finding for what many cells, and several places in their manifests, share.

    The first cell is named, and how many more have it.
    """
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for f in findings:
        key = (f.code, f.severity, f.message, f.found, f.expected, f.hint, f.line, f.column)
        groups.setdefault(key if f.cell else (*key, f.path, f.file), []).append(f)
    return [_first(group) for group in groups.values()]


def _first(group: list[Finding]) -> Finding:
    """The first of findings that differ in cell and place alone, which says how many there are."""
    first = group[0]
    if first.cell is None or f"cell {first.cell}" in first.message:  # told already
        return first
    more, places = len({f.cell for f in group}) - 1, len({f.path for f in group})
    told = f"cell {first.cell}" + (f" and {more} more" if more else "") + (f"; {places} places" if places > 1 else "")
    return replace(first, message=f"{first.message} ({told})")
