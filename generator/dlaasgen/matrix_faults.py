"""Collecting what is wrong with a matrix file, each thing with its place, and showing values to people. No I/O here."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlaasgen.errors import MatrixError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dlaasgen.matrix import Json, Path, Where

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
SHOWN = 60


def printable(text: str) -> str:
    """The text with everything that a terminal would not print as an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def quoted(value: Json, limit: int = SHOWN) -> str:
    """JSON text, cut to `limit` characters, with everything that a terminal would not print as an escape."""
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def named(key: str) -> str:
    """A key as a message shows it: plain when it is an ordinary word, else quoted."""
    return key if _PLAIN.fullmatch(key) and len(key) <= SHOWN else quoted(key)


def described(value: Json) -> str:
    """A value with its type: ``the string "x"``, ``a list of 2``, ``an object with the keys a, b``."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return quoted(value)
        case str():
            return f"the string {quoted(value)}"
        case int() | float():
            return f"the number {quoted(value)}"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case _ if value:
            more = ", …" if len(value) > 3 else ""
            return f"an object with the key{'s' * (len(value) > 1)} {', '.join(map(named, list(value)[:3]))}{more}"
        case _:
            return "an empty object"


def listed(names: Iterable[str], limit: int = 10, last: str = "or") -> str:
    """`a, b or c`, at most `limit` of them."""
    names = list(names)
    if len(names) > limit:
        return f"{', '.join(names[:limit])}, … ({len(names):,} in all)"
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), names[-1] if names else "")))


def near_key(key: str, choices: Iterable[str]) -> str | None:
    """The choice that `key` most likely is a slip of; stricter than findings.nearest, since keys are short."""
    close = difflib.get_close_matches(key.lower(), list(choices), n=1, cutoff=0.7)
    return close[0] if close else None


def meant(key: str, choices: Iterable[str]) -> str | None:
    """A hint that names the choice that `key` most likely is a slip of, or None."""
    close = near_key(key, choices)
    return None if close is None else f"did you mean {named(close)}?"


def path_text(path: Path) -> str:
    """A key path as findings have it: ``axes.image[0].id``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{quoted(step)}]"
    return text


@dataclass(slots=True)
class Faults:
    """The problems found so far. `known` came before, from the YAML reader; nothing more is said of their places."""

    file: str | None = None
    where: Where | None = None
    known: tuple[Finding, ...] = ()
    added: list[Finding] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.known or self.added)

    def at(self, path: Path, *, key: bool = False) -> tuple[int | None, int | None]:
        """Line and column of a value, or of its key."""
        return self.where(path, key=key) if self.where else (None, None)

    def add(
        self,
        code: str,
        path: Path,
        message: str,
        *,
        found: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
        key: bool = False,
    ) -> None:
        """One more problem: with the value at `path`, or with key=True with its key."""
        line, column = self.at(path, key=key)
        if any((line, column) == (f.line, f.column) for f in self.known):
            return
        finding = Finding(
            code,
            message,
            file=self.file,
            line=line,
            column=column,
            path=path_text(path),
            found=found,
            expected=expected,
            hint=hint,
        )
        self.added.append(finding)

    def raise_any(self) -> None:
        """Raises MatrixError when there is anything, in the order of the file."""
        if everything := [*self.known, *self.added]:
            raise MatrixError(sorted(everything, key=lambda f: (f.line or 0, f.column or 0)))

    def wrong_type(self, path: Path, value: Json, expected: str, hint: str | None = None) -> None:
        """The value at `path` is of another type than it must be."""
        name = path_text(path) or "a matrix file"
        if value is None and hint is None and len(path) == 1:
            hint = "leave the key out, or give it a value"
        self.add("M112", path, f"{name} has the wrong type", found=described(value), expected=expected, hint=hint)

    def is_object(self, value: Json, path: Path, expected: str) -> bool:
        """Whether the value is an object; if not, says so."""
        if not isinstance(value, dict):
            self.wrong_type(path, value, expected)
        return isinstance(value, dict)

    def is_list(self, value: Json, path: Path, expected: str, hint: str | None = None) -> bool:
        """Whether the value is a list; if not, says so."""
        if not isinstance(value, list):
            self.wrong_type(path, value, expected, hint)
        return isinstance(value, list)

    def is_text(self, value: Json, path: Path, expected: str, hint: str | None = None) -> bool:
        """Whether the value is a string that is not blank; if not, says so."""
        if not isinstance(value, str):
            if value is not None and not isinstance(value, list | dict):
                hint = hint or f'quote it: "{quoted(value)}"'
            self.wrong_type(path, value, expected, hint)
        elif not value.strip():
            self.add("M113", path, f"{path_text(path)} is empty", found=quoted(value), expected=expected)
        else:
            return True
        return False

    def is_integer(self, value: Json, path: Path, low: int, high: int) -> bool:
        """Whether the value is an integer within bounds; if not, says so."""
        expected = f"an integer from {low:,} to {high:,}"
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            digits = isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value)
            self.wrong_type(path, value, expected, "write it without quotes" if digits else None)
        elif not low <= value <= high:
            self.add("M114", path, f"{path_text(path)} is out of range", found=quoted(value), expected=expected)
        else:
            return True
        return False

    def missing(self, holder: dict[str, Json], key: str, path: Path, expected: str) -> bool:
        """Whether an object lacks a key; if so, says it, unless `check_keys` tells of a slip of it."""
        if key in holder:
            return False
        if not any(near_key(other, [key]) for other in holder):
            self.add("M111", path, f"{path_text((*path, key))} is missing", expected=expected)
        return True

    def check_keys(self, value: dict[str, Json], path: Path, allowed: Sequence[str]) -> None:
        """Says which keys are not among the allowed ones."""
        for key in value:
            if key not in allowed:
                hint = meant(key, allowed)
                expected = None if hint else listed(allowed, 20)
                message = f"{path_text(path)} has no key {named(key)}"
                self.add("M110", (*path, key), message, expected=expected, hint=hint, key=True)
