"""The section `results` of a matrix file: its limits. tests/examples holds the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.errors import MatrixError
from dlaasgen.logs.patterns import Pattern
from dlaasgen.matrix_parser import parse

if TYPE_CHECKING:
    from dlaasgen.matrix import Matrix


def matrix(*patterns: Any) -> Matrix:
    document = {"apiVersion": "dlaasgen/v1", "name": "a", "prototype": "tfjob", "axes": {"model": ["resnet50"]}}
    return parse(document | {"results": {"patterns": list(patterns)}})


def test_patterns_are_kept_in_order() -> None:
    assert matrix(
        {"name": "b", "pattern": "(x)", "unit": "s", "direction": "lower"}, {"name": "a", "pattern": "(y)"}
    ).patterns == (
        Pattern("b", "(x)", "s", "lower"),
        Pattern("a", "(y)"),
    )
    assert matrix().patterns == ()


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ([{"name": "m"}], r"patterns\[0\].pattern is missing"),
        (["m"], r"patterns\[0\]"),
        ([{"name": "m", "pattern": "(x)"}] * 2, 'the metric "m" is given twice'),
        ([{"name": "M-1", "pattern": "(x)"}], "no metric's name"),
        ([{"name": "m", "pattern": "(x)", "direction": "highr"}], "no direction"),
        ([{"name": "m", "pattern": "x"}], "no group"),
        ([{"name": "m", "pattern": "(x"}], "no RE2 expression"),
        (
            [{"name": f"m{n}", "pattern": "(x)"} for n in range(101)],
            "too many patterns; found 101; expected at most 100",
        ),
        (
            [{"name": "m", "pattern": "(" + "x" * 1000 + ")"}],
            "too long; found 1,002 characters; expected at most 1,000",
        ),
    ],
)
def test_limits(patterns: list[Any], message: str) -> None:
    with pytest.raises(MatrixError, match=message):
        matrix(*patterns)


@pytest.mark.parametrize("results", [[], {"patterns": {}}])
def test_the_section_is_an_object_with_a_list(results: Any) -> None:
    document = {"apiVersion": "dlaasgen/v1", "name": "a", "prototype": "tfjob", "axes": {"model": ["resnet50"]}}
    with pytest.raises(MatrixError, match="results"):
        parse(document | {"results": results})
