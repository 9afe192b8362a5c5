"""Pattern: a user's own regular expression for a metric, from `results.patterns` of the matrix file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.logs.events import Measured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dlaasgen.logs.events import Event

DIRECTIONS = ("higher", "lower", "none")
NAME = "patterns"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A metric found by an RE2 expression: its group `value`, or else its first group, is the number.

    It is searched in what a line says without its prefixes. `direction` says which way is better: higher, lower, none.
    """

    name: str
    pattern: str
    unit: str = ""
    direction: str = "none"


def options(*, text: bool = True) -> Any:
    """RE2's options: quiet; for text, or for bytes of which each stands for itself."""
    import re2

    chosen = re2.Options()
    chosen.log_errors = False
    chosen.encoding = re2.Options.Encoding.UTF8 if text else re2.Options.Encoding.LATIN1
    return chosen


def fault_of(pattern: str) -> str | None:
    """What is wrong with an expression: RE2's own words, or that it has no group to take the number from."""
    import re2

    try:
        compiled = re2.compile(pattern, options=options())
    except re2.error as error:
        reason = error.args[0] if error.args else "not an RE2 expression"
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return None if compiled.groups else "no group"


class Compiled:
    """Patterns made ready. Those that RE2 refuses are left out: `fault_of` has told of them."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        import re2

        usable = [one for one in patterns if fault_of(one.pattern) is None]
        self._all = [(one, re2.compile(one.pattern, options=options())) for one in usable]

    def read(self, content: bytes) -> Iterator[Measured]:
        """What the patterns find in a line; something that is no number is NaN."""
        text = content.decode("utf-8", "replace")
        for pattern, compiled in self._all:
            match = compiled.search(text)
            if match:
                found = match["value"] if "value" in compiled.groupindex else match[1]
                yield Measured(pattern.name, _number(found), pattern.unit, pattern.direction)


def joined(found: tuple[str, Sequence[Event]] | None, measured: Sequence[Event]) -> tuple[str, Sequence[Event]]:
    """What the formats and a user's patterns find in one line."""
    name, events = found or (NAME, ())
    return (name, (*events, *measured)) if events else (NAME, measured)


def _number(text: str | None) -> float:
    try:
        return float((text or "").replace(",", ""))
    except ValueError:
        return math.nan
