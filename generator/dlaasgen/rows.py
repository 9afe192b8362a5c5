"""The combinations of a matrix that its excludes leave, in product order, all of them or a sample. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from dlaasgen.cells_codes import Place
from dlaasgen.errors import MatrixError
from dlaasgen.rules import picked
from dlaasgen.sampling import Constraint, SamplingError, covering_rows, random_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dlaasgen.dimensions import Option
    from dlaasgen.matrix import Json, Sample
    from dlaasgen.rules import Rule, Rules
    from dlaasgen.sampling import Row

# More combinations than this are not tried one by one, whatever the excludes would leave of them.
MAX_TRIED = 2_000_000
# States of the exact count before it is given up.
_MAX_STATES = 50_000


@dataclass(frozen=True, slots=True)
class Prefix:
    """All of a combination but its last option. `excluding` and `including` are masks of the rules still possible."""

    combo: tuple[Option, ...]
    ids: Mapping[str, str]
    params: Mapping[str, Json]
    parts: tuple[str, ...]
    excluding: int
    including: int

    def and_option(self, option: Option, excluding: int, including: int) -> Prefix:
        """The prefix one option longer."""
        return Prefix(
            (*self.combo, option),
            {**self.ids, **option.ids},
            {**self.params, **option.params},
            self.parts + option.parts,
            self.excluding & excluding,
            self.including & including,
        )


# A combination that stays: its prefix, its last option, and the mask of the include entries that may merge into it.
Kept = tuple[Prefix, "Option", int]


def count_rows(rules: Rules) -> tuple[int, bool]:
    """(how many combinations the excludes without `when` leave, whether that is the exact number of rows).

    Counted without building them, so products of any size cost little. Not exact with `when`, or when the excludes are
    too many to count with: then it is an upper bound.
    """
    sizes = [len(dimension.options) for dimension in rules.dimensions]
    if not sizes:
        return 0, True
    outright = rules.exclude_start & rules.outright
    exact = rules.exclude_start == outright
    # mask of excludes that still can match -> how many prefixes have it
    states = {outright: 1}
    for d, masks in enumerate(rules.exclude_masks):
        following: dict[int, int] = {}
        for state, count in states.items():
            for mask in masks:
                key = state & mask
                following[key] = following.get(key, 0) + count
        states = following
        if len(states) * max(sizes) > _MAX_STATES and d + 1 < len(sizes):
            return prod(sizes), False
    return states.get(0, 0), exact


def rows_of(rules: Rules) -> Iterator[Kept]:
    """The combinations that stay, in product order. Raises MatrixError for samples that cannot be made."""
    if not rules.dimensions:
        return iter(())
    sample = rules.matrix.sample
    if sample is None and count_rows(rules)[0] == 0:
        # The excludes leave nothing, however large the product is.
        return iter(())
    return _product(rules) if sample is None else _sample(rules, sample)


def _start(rules: Rules) -> Prefix:
    # Names first, in the matrix's order: zip groups would else bring a later axis forward.
    names = [axis.name for axis in rules.matrix.axes]
    params = {**rules.matrix.params, **dict.fromkeys(names)}
    return Prefix((), dict.fromkeys(names, ""), params, (), rules.exclude_start, rules.include_start)


def _product(rules: Rules) -> Iterator[Kept]:
    last = rules.dimensions[-1].options
    steps = list(zip(last, rules.exclude_masks[-1], rules.include_masks[-1], strict=True))
    outright, excludes, base = rules.outright, rules.excludes, rules.matrix.params
    # Excludes that say nothing about later dimensions decide about the whole subtree.
    settled = _settled(rules)
    for prefix in _prefixes(rules, _start(rules), 0, settled):
        excluding, including = prefix.excluding, prefix.including
        if not excluding:
            for option, _, mask in steps:
                yield prefix, option, including & mask
            continue
        for option, not_excluded, mask in steps:
            if matching := excluding & not_excluded:
                if matching & outright:
                    continue
                # All are asked, so that which of them are idle does not depend on their order.
                combo = (*prefix.combo, option)
                if sum([rule.holds(combo, base) for rule in picked(excludes, matching)]):
                    continue
            yield prefix, option, including & mask


def _prefixes(rules: Rules, prefix: Prefix, d: int, settled: Sequence[int]) -> Iterator[Prefix]:
    if prefix.excluding & settled[d]:
        return
    if d == len(rules.dimensions) - 1:
        yield prefix
        return
    for option, excluding, including in zip(
        rules.dimensions[d].options, rules.exclude_masks[d], rules.include_masks[d], strict=True
    ):
        yield from _prefixes(rules, prefix.and_option(option, excluding, including), d + 1, settled)


def _settled(rules: Rules) -> list[int]:
    """For each dimension, the outright excludes that dimensions from there on cannot change."""
    free = rules.outright
    settled = []
    for d in reversed(range(len(rules.dimensions))):
        for i, rule in enumerate(rules.excludes):
            if d in rule.sets:
                free &= ~(1 << i)
        settled.append(free)
    return settled[::-1]


def _sample(rules: Rules, sample: Sample) -> Iterator[Kept]:
    sizes = [len(dimension.options) for dimension in rules.dimensions]
    try:
        if sample.random is not None:
            chosen = random_rows(sizes, sample.random, sample.seed, _allowed(rules))
        else:
            constraints = [c for rule in rules.excludes if (c := _constraint(rules, rule))]
            chosen = covering_rows(sizes, sample.strength or 2, constraints)
    except SamplingError as error:
        place = Place("sample", rules.matrix.file)
        raise MatrixError([place.finding("M222", f"the sample cannot be made: {error}")]) from None
    start = _start(rules)
    for row in chosen:
        prefix = start
        *head, last = _combo(rules, row)
        for d, option in enumerate(head):
            prefix = prefix.and_option(option, 0, rules.include_masks[d][option.index])
        yield prefix, last, prefix.including & rules.include_masks[-1][last.index]


def _allowed(rules: Rules) -> Callable[[Row], bool]:
    return lambda row: not rules.excluded_by(_combo(rules, row))


def _combo(rules: Rules, row: Row) -> list[Option]:
    return [dimension.options[o] for dimension, o in zip(rules.dimensions, row, strict=True)]


def _constraint(rules: Rules, rule: Rule) -> Constraint | None:
    """An exclude entry as the sampler sees it."""
    if rule.never:
        return None
    needs = range(len(rules.dimensions)) if rule.needs is None else rule.needs
    dimensions = tuple(sorted({*rule.sets, *needs}))
    first = [dimension.options[0] for dimension in rules.dimensions]

    def forbidden(values: tuple[int, ...]) -> bool:
        combo = list(first)
        for d, value in zip(dimensions, values, strict=True):
            if d in rule.sets and value not in rule.sets[d]:
                return False
            combo[d] = rules.dimensions[d].options[value]
        return rule.holds(combo, rules.matrix.params)

    return Constraint(dimensions, forbidden)
