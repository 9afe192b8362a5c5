"""Parts of a product: covering arrays under constraints, and seeded random subsets. No I/O here.

A product is a tuple of sizes; a row holds one value's number a dimension. Everything here is deterministic, on every
machine and Python version. docs/adr/0004-covering-arrays.md says why this is not a library.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Row = tuple[int, ...]
# What a covering array covers: (dimensions, their values).
Target = tuple[tuple[int, ...], tuple[int, ...]]

MAX_TARGETS = 200_000
# Partial rows tried before giving up on whether one can be completed.
MAX_TRIES = 200_000
# Below this many combinations a random subset is drawn from the list of all that are allowed.
ENUMERABLE = 100_000
# Rows tried for every row of a covering array; the one that covers most is taken.
CANDIDATES = 8


class SamplingError(Exception):
    """The sample cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """Combinations that are not allowed: those whose values at `dimensions` (ascending) are `forbidden`."""

    dimensions: tuple[int, ...]
    forbidden: Callable[[Row], bool]


class Space:
    """A product with constraints: which partial rows can be completed to an allowed row."""

    def __init__(self, sizes: Sequence[int], constraints: Sequence[Constraint]) -> None:
        self.sizes = tuple(sizes)
        self.constraints = tuple(constraints)
        self._by_dimension: list[list[Constraint]] = [[] for _ in sizes]
        for constraint in constraints:
            for d in constraint.dimensions:
                self._by_dimension[d].append(constraint)
        # Only these decide whether a partial row can be completed; the fewest values first.
        self._bound = sorted((d for d, c in enumerate(self._by_dimension) if c), key=lambda d: (self.sizes[d], d))
        self._empty = any(not c.dimensions and c.forbidden(()) for c in constraints)
        self._known: dict[tuple[int, ...], bool] = {}

    def allows(self, row: Sequence[int]) -> bool:
        """Whether a whole row meets all constraints."""
        return not any(c.forbidden(tuple(row[d] for d in c.dimensions)) for c in self.constraints)

    def completable(self, row: list[int]) -> bool:
        """Whether a partial row (-1: open) can become an allowed one. Raises SamplingError when too hard to say."""
        key = tuple(row[d] for d in self._bound)
        if (answer := self._known.get(key)) is None:
            answer = self._known[key] = self._search(key)
        return answer

    def _search(self, key: tuple[int, ...]) -> bool:
        if self._empty:
            return False
        row = [-1] * len(self.sizes)
        for d, value in zip(self._bound, key, strict=True):
            row[d] = value
        if any(self._broken(c, row) for d in self._bound for c in self._by_dimension[d]):
            return False
        budget = [MAX_TRIES]
        return self._extend(row, [d for d in self._bound if row[d] < 0], budget)

    def _extend(self, row: list[int], open_dimensions: list[int], budget: list[int]) -> bool:
        if not open_dimensions:
            return True
        d, rest = open_dimensions[0], open_dimensions[1:]
        for value in range(self.sizes[d]):
            row[d] = value
            budget[0] -= 1
            if budget[0] < 0:
                raise SamplingError("the excludes are too entangled to say which combinations they leave")
            if not any(self._broken(c, row) for c in self._by_dimension[d]) and self._extend(row, rest, budget):
                return True
        row[d] = -1
        return False

    @staticmethod
    def _broken(constraint: Constraint, row: list[int]) -> bool:
        values = tuple([row[d] for d in constraint.dimensions])
        return min(values) >= 0 and constraint.forbidden(values)

    def targets(self, strength: int) -> Iterator[Target]:
        """Every combination of values of `strength` dimensions that some allowed row has, in order."""
        row = [-1] * len(self.sizes)
        for dimensions in combinations(range(len(self.sizes)), strength):
            for values in product(*(range(self.sizes[d]) for d in dimensions)):
                for d, value in zip(dimensions, values, strict=True):
                    row[d] = value
                if self.completable(row):
                    yield dimensions, values
            for d in dimensions:
                row[d] = -1


def covering_rows(sizes: Sequence[int], strength: int, constraints: Sequence[Constraint] = ()) -> list[Row]:
    """Allowed rows, ascending, that have every allowed combination of values of any `strength` dimensions.

    Greedy, so small but seldom the smallest. Raises SamplingError when there are too many combinations to cover.
    """
    strength = min(strength, len(sizes))
    groups = comb(len(sizes), strength)
    # Counted one by one only when that is cheap; every group has a combination at least.
    count = groups if groups > MAX_TARGETS else sum(map(prod, combinations(sizes, strength)))
    if count > MAX_TARGETS:
        raise SamplingError(
            f"{len(sizes)} axes have {count:,} combinations of {strength} values or more, and at most {MAX_TARGETS:,} "
            "can be covered"
        )
    space = Space(sizes, constraints)
    targets = list(space.targets(strength))
    rows = _cover(space, targets, strength)
    if missing := uncovered(rows, targets) + [((), row) for row in rows if not space.allows(row)]:
        raise AssertionError(f"covering array misses {missing[0]}")
    return sorted(rows)


def uncovered(rows: Sequence[Row], targets: Sequence[Target]) -> list[Target]:
    """The targets that no row has: the check of a covering array, apart from what made it."""
    seen: dict[tuple[int, ...], set[Row]] = {}
    for dimensions, _ in targets:
        if dimensions not in seen:
            seen[dimensions] = {tuple([row[d] for d in dimensions]) for row in rows}
    return [(dimensions, values) for dimensions, values in targets if values not in seen[dimensions]]


def _cover(space: Space, targets: list[Target], strength: int) -> list[Row]:
    left: dict[tuple[int, ...], set[Row]] = {}
    for dimensions, values in targets:
        left.setdefault(dimensions, set()).add(values)
    random = Random(strength)  # noqa: S311  (spreads choices; nothing secret)
    candidates = CANDIDATES if len(targets) < 5000 else 1
    rows = []
    for dimensions, values in targets:
        while values in left[dimensions]:
            drawn = [_candidate(space, left, dimensions, values, random) for _ in range(candidates)]
            row = max(drawn)[1]
            for chosen, open_values in left.items():
                open_values.discard(tuple([row[d] for d in chosen]))
            rows.append(row)
    return rows


def _candidate(
    space: Space, left: dict[tuple[int, ...], set[Row]], dimensions: tuple[int, ...], values: Row, random: Random
) -> tuple[int, Row]:
    """(targets newly covered, a row) that begins with one target and takes the best value dimension by dimension."""
    row = [-1] * len(space.sizes)
    for d, value in zip(dimensions, values, strict=True):
        row[d] = value
    assigned = list(dimensions)
    rest = sorted((random.random(), d) for d in range(len(row)) if d not in dimensions)
    covered = 1
    for _, d in rest:
        best, best_rank = -1, (-1, 0.0)
        partners = list(combinations(sorted(assigned), len(dimensions) - 1))
        for value in range(space.sizes[d]):
            row[d] = value
            if not space.completable(row):
                continue
            gain = 0
            for partner in partners:
                chosen = tuple(sorted((*partner, d)))
                gain += tuple([row[c] for c in chosen]) in left[chosen] if chosen in left else 0
            rank = (gain, random.random())
            if rank > best_rank:
                best, best_rank = value, rank
        row[d] = best
        assigned.append(d)
        covered += best_rank[0]
    return covered, tuple(row)


def random_rows(sizes: Sequence[int], count: int, seed: int, allowed: Callable[[Row], bool]) -> list[Row]:
    """`count` different allowed rows drawn evenly with `seed`, ascending; all of them when there are fewer.

    A larger count with the same seed keeps the rows of a smaller one. Only Random.random() is used, whose sequence
    Python promises to keep. Raises SamplingError when allowed rows are too rare to be found.
    """
    random = Random(seed)  # noqa: S311  (a reproducible draw; nothing secret)
    if prod(sizes) <= ENUMERABLE:
        pool = [row for row in product(*map(range, sizes)) if allowed(row)]
        for i in range(min(count, len(pool))):
            j = i + int(random.random() * (len(pool) - i))
            pool[i], pool[j] = pool[j], pool[i]
        return sorted(pool[:count])
    drawn: dict[Row, None] = {}
    for _ in range(max(20 * count, ENUMERABLE)):
        row = tuple([int(random.random() * size) for size in sizes])
        if row not in drawn and allowed(row):
            drawn[row] = None
            if len(drawn) == count:
                return sorted(drawn)
    raise SamplingError(f"only {len(drawn):,} of {count:,} random cells found: the excludes leave too few")
