from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from dlaasgen.errors import MatrixError
from dlaasgen.findings import Finding
from dlaasgen.matrix import Axis, AxisValue, Cluster, Exclude, Include, Matrix, Sample, Waiver, same, scalar_text
from dlaasgen.matrix_codes import CODES
from dlaasgen.matrix_faults import Faults, described, listed, named, path_text, quoted
from dlaasgen.matrix_parser import parse
from dlaasgen.quantities import nearest_quantity, quantity

HEAD = {"apiVersion": "dlaasgen/v1", "name": "m", "prototype": "p"}


def made(**sections: Any) -> Matrix:
    return parse({**HEAD, "axes": {"a": [1, 2], "b": ["x", "y"]}, **sections})


def faults(**sections: Any) -> list[str]:
    with pytest.raises(MatrixError) as caught:
        made(**sections)
    return [str(f) for f in caught.value.findings]


def test_what_is_left_out_has_defaults() -> None:
    axes = (
        Axis("a", (AxisValue("1", 1), AxisValue("2", 2))),
        Axis("b", (AxisValue("x", "x"), AxisValue("y", "y"))),
    )
    assert made() == Matrix(
        name="m",
        prototype="p",
        dialect=None,
        axes=axes,
        params={},
        zip=(),
        exclude=(),
        include=(),
        sample=None,
        repeats=1,
        id=None,
        max_cells=5000,
        cluster=None,
        gitops={},
        kubernetes=None,
        waivers=(),
        file=None,
    )


def test_every_section_is_read() -> None:
    matrix = made(
        dialect="job",
        params={"p": [1]},
        zip=[["a", "b"]],
        exclude=[{"a": [1, 2], "when": "a > 1"}],
        include=[{"a": 3}],
        sample={"random": 5, "seed": 7},
        repeats=3.0,
        id="{{ a }}",
        limits={"max_cells": 10},
        cluster={"nodes": 3, "cpu": "500m", "memory": "192Gi", "sockets": 2, "cores_per_socket": 18},
        gitops={"self_heal": True},
        target={"context": "lab"},
        kubernetes="1.34",
        checks={"disable": [{"code": "P210", "reason": "why"}]},
    )
    assert matrix.dialect == "job"
    assert matrix.params == {"p": [1]}
    assert matrix.zip == (("a", "b"),)
    assert matrix.exclude == (Exclude(0, {"a": (1, 2)}, "a > 1"),)
    assert matrix.include == (Include(0, {"a": 3}),)
    assert matrix.sample == Sample(random=5, seed=7)
    assert (matrix.repeats, type(matrix.repeats)) == (3, int)
    assert matrix.id == "{{ a }}"
    assert matrix.max_cells == 10
    assert matrix.cluster == Cluster(3, 0.5, 192 * 2**30, 2, 18)
    assert matrix.gitops == {"self_heal": True}
    assert matrix.target == {"context": "lab"}
    assert matrix.kubernetes == "1.34"
    assert matrix.waivers == (Waiver("P210", "why"),)


def test_a_covering_array_is_asked_for_by_its_strength() -> None:
    assert made(sample={"pairwise": 2}).sample == Sample(strength=2)


def test_a_misspelt_key_is_told_once_and_nothing_that_follows_from_it() -> None:
    document = {**HEAD, "axis": {"a": [1]}, "exclude": [{"a": 1}], "id": "x{{ a }}"}
    with pytest.raises(MatrixError) as caught:
        parse(document)
    assert [str(f) for f in caught.value.findings] == [
        "axis: error[M110]: a matrix file has no key axis; did you mean axes?"
    ]


def test_include_only() -> None:
    matrix = parse({**HEAD, "include": [{"site": "a"}, {"site": ["a", "b"]}]})
    assert matrix.axes == ()
    assert [entry.values for entry in matrix.include] == [{"site": "a"}, {"site": ["a", "b"]}]


def test_lists_of_axis_values_in_include_become_entries_the_first_key_outermost() -> None:
    matrix = made(include=[{"a": [3, 4], "b": ["u", "v"], "new": [1, 2], "when": "a > 1"}, {"b": "w"}])
    assert [(e.index, tuple(e.values.values()), e.when) for e in matrix.include] == [
        (0, (3, "u", [1, 2]), "a > 1"),
        (0, (3, "v", [1, 2]), "a > 1"),
        (0, (4, "u", [1, 2]), "a > 1"),
        (0, (4, "v", [1, 2]), "a > 1"),
        (1, ("w",), None),
    ]


def test_axis_values_that_are_objects() -> None:
    item = {"id": "mkl", "value": ["x"], "data_format": "NCHW", "mkl": True}
    (axis,) = parse({**HEAD, "axes": {"image": [item, {"id": "bare"}, {"id": "null", "value": None}]}}).axes
    assert axis.values == (
        AxisValue("mkl", ["x"], {"data_format": "NCHW", "mkl": True}),
        AxisValue("bare", "bare"),
        AxisValue("null", None),
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.01", "0.01"), (0.01, "0.01"), (1e-05, "1e-05"), (32, "32"), (True, "true"), (None, "null"), (1.0, "1.0")],
)
def test_a_scalar_names_itself(value: Any, text: str) -> None:
    assert scalar_text(value) == text


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        ("1", 1, False),
        (None, None, True),
        ([1, {"a": [2]}], [1.0, {"a": [2.0]}], True),
        ([1], [True], False),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, [1], False),
    ],
)
def test_equality_of_json_values(left: Any, right: Any, *, equal: bool) -> None:
    assert same(left, right) is equal
    assert same(right, left) is equal


def test_exclude_takes_a_value_by_id_by_value_or_by_its_text() -> None:
    axes = {"image": [{"id": "mkl", "value": {"n": 1}}], "n": [1, 0.5], "t": ["3"]}
    rules = [{"image": "mkl"}, {"image": {"n": 1.0}}, {"n": [1.0, "1", 0.5, "0.5"]}, {"t": 3}]
    matrix = parse({**HEAD, "axes": axes, "exclude": rules})
    assert [dict(entry.match) for entry in matrix.exclude] == [
        {"image": ("mkl",)},
        {"image": ({"n": 1.0},)},
        {"n": (1.0, "1", 0.5, "0.5")},
        {"t": (3,)},
    ]


def test_values_of_an_axis_that_is_wrong_are_not_asked_for_again() -> None:
    assert faults(axes={"a": [[1]], "b": [1]}, exclude=[{"a": 5}]) == [
        (
            "axes.a[0]: error[M122]: a list needs an id to be a value; found a list of 1; "
            "expected {id: short-name, value: ...}"
        )
    ]


def test_a_parameter_of_the_matrix_may_look_like_an_axis() -> None:
    matrix = made(params={"aa": 1, "batchsize": 3}, include=[{"aa": 2, "a": 1}, {"batchsize": 4}])
    assert len(matrix.include) == 2


def test_known_findings_come_first_and_keep_others_of_their_place_away() -> None:
    known = Finding("M108", "too large", file="f", line=2, column=3)

    def where(path: tuple[str | int, ...], *, key: bool = False) -> tuple[int, int]:
        assert not key
        return (2, 3) if path == ("repeats",) else (1, 1)

    with pytest.raises(MatrixError) as caught:
        parse({**HEAD, "axes": {"a": [1]}, "repeats": "x", "gitops": 1}, where, "f", [known])
    assert [(f.code, f.line) for f in caught.value.findings] == [("M112", 1), ("M108", 2)]


def test_a_document_that_is_no_object() -> None:
    with pytest.raises(MatrixError) as caught:
        parse(None)
    assert str(caught.value) == (
        "error[M112]: a matrix file has the wrong type; found nothing (null); expected an object (key: value)"
    )


def test_messages_without_places() -> None:
    assert faults(axes={"a": [1, 1]}) == [
        "axes.a[1]: error[M121]: the axis a has the value 1 twice; the first is number 1"
    ]
    assert faults(prototype="./a.libsonnet") == [
        (
            'prototype: error[M113]: prototype is no name; found "./a.libsonnet"; '
            "expected its name in a prototypes/ folder, without .jsonnet; did you mean a?"
        )
    ]
    assert faults(kubernetes="one") == [
        'kubernetes: error[M113]: kubernetes is no version; found "one"; expected a version, such as "1.34"'
    ]
    assert faults(name="---") == [
        (
            'name: error[M113]: name is no DNS label; found "---"; expected a letter, then lower-case letters, digits '
            "and '-', at most 40, ending with a letter or digit"
        )
    ]
    assert faults(dialect=["job"])[0].startswith("dialect: error[M112]: dialect has the wrong type; found a list of 1;")
    assert faults(params={" ": 1}) == ['params[" "]: error[M124]: a parameter has an empty name']
    assert faults(cluster=3)[0].startswith("cluster: error[M112]: cluster has the wrong type; found the number 3;")
    assert faults(limits=[])[0].startswith("limits: error[M112]: limits has the wrong type; found an empty list;")
    assert faults(checks="x")[0].startswith('checks: error[M112]: checks has the wrong type; found the string "x";')
    assert faults(checks={"disable": {}})[0].startswith("checks.disable: error[M112]")
    assert faults(checks={"disable": [{"code": "xx", "reason": "r"}]}) == [
        (
            'checks.disable[0].code: error[M113]: there is no such code; found "xx"; '
            "expected a letter and three digits, such as P210"
        )
    ]
    assert faults(axes={"a": [{"id": "///"}]})[0].startswith(
        'axes.a[0].id: error[M124]: an id must be a label value; found "///"; expected at most 63'
    )
    assert faults(zip=3) == [
        (
            "zip: error[M112]: zip has the wrong type; found the number 3; "
            "expected a list of groups, such as [[learning_rate, warmup]]"
        )
    ]


def test_values_as_messages_show_them() -> None:
    assert quoted("a\x1b\u2028\u202e\ud800é") == r'"a\u001b\u2028\u202e\ud800é"'
    assert quoted("x" * 100) == '"' + "x" * 58 + "…"
    assert named("batch_size") == "batch_size"
    assert named("batch size") == '"batch size"'
    assert [described(v) for v in (None, True, "s", 1.5, [], [1], {}, {"a": 1, "b": 2, "c": 3, "d": 4})] == [
        "nothing (null)",
        "true",
        'the string "s"',
        "the number 1.5",
        "an empty list",
        "a list of 1",
        "an empty object",
        "an object with the keys a, b, c, …",
    ]
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a or b", "a, b or c"]
    assert path_text(("axes", "data format", 0, "id")) == 'axes["data format"][0].id'
    assert path_text((0, "a")) == "[0].a"


def test_no_place_is_known_without_a_reader() -> None:
    assert Faults().at(("axes",)) == (None, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (36, Fraction(36)),
        (0.5, Fraction(1, 2)),
        ("500m", Fraction(1, 2)),
        ("1.5Gi", Fraction(3 * 2**29)),
        ("1e3", Fraction(1000)),
        ("12E-1", Fraction(6, 5)),
        ("1E", Fraction(10**18)),
        ("-.5k", Fraction(-500)),
        ("+5.", Fraction(5)),
        ("0", Fraction(0)),
        ("5n", Fraction(5, 10**9)),
        (True, None),
        (None, None),
        ("", None),
        (".", None),
        ("1e999999999", None),
        ("192GB", None),
        ("1 Gi", None),
        ("٣", None),
    ],
)
def test_quantities(text: object, number: Fraction | None) -> None:
    assert quantity(text) == number


@pytest.mark.parametrize(
    ("text", "near"), [("192GB", "192Gi"), ("1.5 gib", "1.5Gi"), ("8 megabytes", None), ("8mbytes", "8Mi"), ("x", None)]
)
def test_what_was_meant_by_something_that_is_no_quantity(text: str, near: str | None) -> None:
    assert nearest_quantity(text) == near


def test_every_code_is_explained() -> None:
    assert all(code.startswith("M1") and len(code) == 4 for code in CODES)
    assert list(CODES) == sorted(CODES)
    assert all(title and text.endswith(".") and "  " not in text for title, text in CODES.values())
