from __future__ import annotations

import pytest

from dlaasgen import sampling
from dlaasgen.sampling import Constraint, SamplingError, Space, covering_rows, random_rows, uncovered


def test_a_pairwise_array_is_much_smaller_than_the_product() -> None:
    assert len(covering_rows([4] * 5, 2)) <= 24
    assert len(covering_rows([3] * 8, 2)) <= 20
    assert len(covering_rows([4] * 6, 3)) <= 120


def test_the_whole_product_when_the_strength_is_the_number_of_dimensions_or_more() -> None:
    product = [(a, b) for a in range(2) for b in range(3)]
    assert covering_rows([2, 3], 2) == covering_rows([2, 3], 4) == product


def test_what_is_not_covered_is_found() -> None:
    targets = list(Space([2, 2], []).targets(2))
    assert uncovered([(0, 0), (1, 1)], targets) == [((0, 1), (0, 1)), ((0, 1), (1, 0))]


def test_values_that_no_allowed_row_has_are_no_targets() -> None:
    # 0 and 1 forbid each other by way of dimension 1, which no single constraint says.
    constraints = [Constraint((0, 1), lambda v: v == (0, 0)), Constraint((1, 2), lambda v: v == (1, 0))]
    rows = covering_rows([2, 2, 2], 2, constraints)
    assert all((row[0], row[2]) != (0, 0) for row in rows)
    assert rows == [(0, 1, 1), (1, 0, 0), (1, 0, 1), (1, 1, 1)]


def test_nothing_is_allowed() -> None:
    assert covering_rows([2, 2], 2, [Constraint((), lambda _: True)]) == []
    assert covering_rows([2, 2], 2, [Constraint((0,), lambda _: True)]) == []


def test_a_large_product_with_a_constraint() -> None:
    rows = covering_rows([5] * 20, 2, [Constraint((0, 1), lambda v: v[0] > v[1])])
    assert all(row[0] <= row[1] for row in rows)


def test_too_much_to_cover() -> None:
    with pytest.raises(SamplingError) as caught:
        covering_rows([10] * 12, 4)
    assert str(caught.value) == (
        "12 axes have 4,950,000 combinations of 4 values or more, and at most 200,000 can be covered"
    )
    with pytest.raises(SamplingError, match="5000 axes have 26,010,428,123,750 combinations of 4 values or more"):
        covering_rows([1] * 5000, 4)


def test_entangled_constraints_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MAX_TRIES", 50)
    constraints = [Constraint(tuple(range(8)), lambda _: True)]
    with pytest.raises(SamplingError, match="the excludes are too entangled to say which combinations they leave"):
        covering_rows([3] * 8, 2, constraints)


def test_an_array_that_misses_something_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_cover", lambda *_: [(0, 0)])
    with pytest.raises(AssertionError, match="covering array misses"):
        covering_rows([2, 2], 2)


def test_random_rows_are_pinned() -> None:
    assert random_rows([3, 3, 3], 4, 7, lambda _: True) == [(0, 0, 1), (0, 1, 1), (0, 2, 2), (2, 0, 0)]
    assert random_rows([1000] * 4, 2, 7, lambda _: True) == [(323, 150, 650, 72), (535, 365, 57, 507)]


def test_a_larger_draw_keeps_the_smaller_one() -> None:
    for sizes in ([5, 5, 5], [1000] * 4):
        small, large = (set(random_rows(sizes, n, 3, lambda row: row[0] > 0)) for n in (5, 20))
        assert len(small) == 5
        assert len(large) == 20
        assert small < large
        assert all(row[0] > 0 for row in large)


def test_all_rows_when_fewer_are_allowed() -> None:
    assert random_rows([2, 2], 100, 0, lambda row: row != (0, 0)) == [(0, 1), (1, 0), (1, 1)]


def test_rare_rows_are_given_up() -> None:
    with pytest.raises(SamplingError) as caught:
        random_rows([1000] * 4, 2, 0, lambda _: False)
    assert str(caught.value) == "only 0 of 2 random cells found: the excludes leave too few"
