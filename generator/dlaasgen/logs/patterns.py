"""Pattern: a user's own regular expression for a metric, from `results.patterns` of the matrix file."""

from __future__ import annotations

from dataclasses import dataclass

DIRECTIONS = ("higher", "lower", "none")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A metric found by an RE2 expression: its group `value`, or its first group, is the number.

    `direction` says which way is better: higher, lower, or none.
    """

    name: str
    pattern: str
    unit: str = ""
    direction: str = "none"
