from __future__ import annotations

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.sampling import Constraint, covering_rows, random_rows


@st.composite
def spaces(draw: st.DrawFn) -> tuple[list[int], list[dict[int, int]]]:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    value = st.integers(0, len(sizes) - 1).flatmap(lambda d: st.tuples(st.just(d), st.integers(0, sizes[d] - 1)))
    forbidden = draw(st.lists(st.lists(value, min_size=1, max_size=3).map(dict), max_size=6))
    return sizes, forbidden


def constraints(forbidden: list[dict[int, int]]) -> list[Constraint]:
    made = []
    for wanted in forbidden:
        values = tuple(wanted[d] for d in sorted(wanted))
        made.append(Constraint(tuple(sorted(wanted)), values.__eq__))
    return made


@given(spaces(), st.integers(1, 4))
def test_all_allowed_combinations_are_covered_and_no_other(
    space: tuple[list[int], list[dict[int, int]]], t: int
) -> None:
    sizes, forbidden = space
    rows = covering_rows(sizes, t, constraints(forbidden))
    allowed = [
        row
        for row in product(*map(range, sizes))
        if not any(all(row[d] == v for d, v in wanted.items()) for wanted in forbidden)
    ]
    assert set(rows) <= set(allowed)
    assert rows == sorted(set(rows))
    for dimensions in combinations(range(len(sizes)), min(t, len(sizes))):
        for row in allowed:
            assert any(all(row[d] == other[d] for d in dimensions) for other in rows)
    assert rows == covering_rows(sizes, t, constraints(forbidden))


@given(spaces(), st.integers(1, 20), st.integers(0, 2**32))
def test_random_rows_are_allowed_different_and_repeatable(
    space: tuple[list[int], list[dict[int, int]]], count: int, seed: int
) -> None:
    sizes, forbidden = space

    def allowed(row: tuple[int, ...]) -> bool:
        return not any(all(row[d] == v for d, v in wanted.items()) for wanted in forbidden)

    rows = random_rows(sizes, count, seed, allowed)
    assert len(set(rows)) == len(rows) == min(count, sum(map(allowed, product(*map(range, sizes)))))
    assert all(map(allowed, rows))
    assert rows == sorted(rows) == random_rows(sizes, count, seed, allowed)
