"""Cells: products, excludes, includes, repeats, samples, and how many there are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dlaasgen import rows
from dlaasgen.cells import Cell, Origin, expand, expand_with_notes, github_matrix
from dlaasgen.cells_codes import CODES
from dlaasgen.errors import MatrixError
from dlaasgen.matrix import AxisValue, Exclude, Sample
from studies import axis, exclude, ids, include, matrix, nightly, told, warnings


def test_product_in_order_first_axis_outermost() -> None:
    assert ids(nightly()) == [
        "resnet50-bs32-eigen", "resnet50-bs32-mkl", "resnet50-bs64-eigen", "resnet50-bs64-mkl",
        "alexnet-bs32-eigen", "alexnet-bs32-mkl", "alexnet-bs64-eigen", "alexnet-bs64-mkl",
    ]  # fmt: skip


def test_a_cell_has_its_axes_ids_and_parameters() -> None:
    assert expand(nightly())[1] == Cell(
        "resnet50-bs32-mkl",
        {"model": "resnet50", "batch_size": "32", "image": "mkl"},
        {
            "namespace": "dlaas",
            "mkl": True,
            "model": "resnet50",
            "batch_size": 32,
            "image": "docker.io/mkl@sha256:2",
            "data_format": "NCHW",
        },
        1,
    )
    assert list(expand(nightly())[1].params) == ["namespace", "mkl", "model", "batch_size", "image", "data_format"]


def test_default_ids() -> None:
    made = matrix(axis("Model", "ResNet 50"), axis("batch_size", 32), axis("mkl", *[True]), axis("lr", -0.1))
    assert ids(made) == ["resnet-50-batch-size32-mkltrue-lrm0.1"]


def test_zipped_axes_advance_together_at_the_first_ones_place() -> None:
    made = matrix(axis("lr", 1, 2), axis("model", "a", "b"), axis("warmup", 10, 20), zip=(("warmup", "lr"),))
    cells = expand(made)
    assert [c.id for c in cells] == ["lr1-a-warmup10", "lr1-b-warmup10", "lr2-a-warmup20", "lr2-b-warmup20"]
    assert list(cells[0].axes) == ["lr", "model", "warmup"]
    assert list(cells[0].params) == ["lr", "model", "warmup"]


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (exclude(model="alexnet", image=["eigen", "mkl"]), ["resnet50-bs32-eigen", "resnet50-bs32-mkl"]),
        (exclude(image="mkl"), ["resnet50-bs32-eigen", "alexnet-bs32-eigen"]),
        (exclude(image="docker.io/mkl@sha256:2"), ["resnet50-bs32-eigen", "alexnet-bs32-eigen"]),
        (exclude(data_format="NCHW"), ["resnet50-bs32-eigen", "alexnet-bs32-eigen"]),
        (exclude(mkl=False, namespace="dlaas"), ["resnet50-bs32-mkl", "alexnet-bs32-mkl"]),
        (exclude(when="mkl && model == 'alexnet'"), ["resnet50-bs32-eigen", "resnet50-bs32-mkl", "alexnet-bs32-eigen"]),
        (
            exclude(model="alexnet", when="cell.image == 'mkl'"),
            ["resnet50-bs32-eigen", "resnet50-bs32-mkl", "alexnet-bs32-eigen"],
        ),
    ],
)  # fmt: skip
def test_exclude(rule: Exclude, left: list[str]) -> None:
    made = nightly(exclude=(exclude(1, batch_size="64"), rule))
    assert ids(made) == left
    assert warnings(made) == []


def test_values_of_other_json_types_do_not_match() -> None:
    made = matrix(axis("a", "x", "y"), params={"flag": 1, "l": [1, {"x": None}]}, exclude=(exclude(a="x", flag=True),))
    assert ids(made) == ["x", "y"]
    assert ids(matrix(axis("a", "x", "y"), params={"flag": 1}, exclude=(exclude(a="x", flag=1.0),))) == ["y"]
    made = matrix(
        axis("a", "x", "y"), params={"l": [1, {"x": None}]}, exclude=(exclude(a="x", l=[[1.0, {"x": None}]]),)
    )
    assert ids(made) == ["y"]


def test_excludes_that_remove_nothing_are_warned_of() -> None:
    made = nightly(
        exclude=(
            exclude(0, model="resnet5"),
            exclude(1, modle="resnet50"),
            exclude(2, namespace="other"),
            exclude(3, when="batch_size > 1000"),
            exclude(4, model="alexnet", batch_size=[32, 64], image="mkl", data_format="NHWC"),
            exclude(5, when="batch_size == 64"),
        )
    )
    assert warnings(made) == [
        "m.yaml:10:5: exclude[0]: warning[M220]: exclude[0] removes no combination; did you mean resnet50?",
        "m.yaml:11:5: exclude[1]: warning[M220]: exclude[1] removes no combination; did you mean model?",
        "m.yaml:12:5: exclude[2]: warning[M220]: exclude[2] removes no combination",
        "m.yaml:13:5: exclude[3]: warning[M220]: exclude[3] removes no combination",
        "m.yaml:14:5: exclude[4]: warning[M220]: exclude[4] removes no combination",
    ]


def test_githubs_documented_example() -> None:
    made = matrix(
        axis("fruit", "apple", "pear"),
        axis("animal", "cat", "dog"),
        include=(
            include(0, color="green"),
            include(1, color="pink", animal="cat"),
            include(2, fruit="apple", shape="circle"),
            include(3, fruit="banana"),
            include(4, fruit="banana", animal="cat"),
        ),
    )
    assert [dict(cell.params) for cell in expand(made)] == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]
    assert ids(made) == ["apple-cat", "apple-dog", "pear-cat", "pear-dog", "banana", "banana-cat"]
    assert expand_with_notes(made).origins == [
        Origin("product", (0, 1, 2)),
        Origin("product", (0, 2)),
        Origin("product", (0, 1)),
        Origin("product", (0,)),
        Origin("include", (3,)),
        Origin("include", (4,)),
    ]


def test_a_matrix_of_includes_alone() -> None:
    made = matrix(include=(include(0, site="Production", n=1), include(1, site="staging", x=[1])), params={"p": 1})
    assert expand(made) == [
        Cell("production-n1", {}, {"p": 1, "site": "Production", "n": 1}),
        Cell("staging", {}, {"p": 1, "site": "staging", "x": [1]}),
    ]
    made = matrix(include=(include(0, site="a", dc=2), include(1, site="b", dc=3)), id="{{ site }}-{{ dc }}")
    assert ids(made) == ["a-2", "b-3"]


def test_an_included_cell_takes_an_axis_value_with_all_that_comes_with_it() -> None:
    made = nightly(
        exclude=(exclude(image="mkl"),),
        include=(include(model="resnet50", batch_size=256, image="mkl", note="x"),),
    )
    assert expand(made)[-1] == Cell(
        "resnet50-bs256-mkl",
        {"model": "resnet50", "batch_size": "256", "image": "mkl"},
        {
            "namespace": "dlaas",
            "mkl": True,
            "model": "resnet50",
            "batch_size": 256,
            "image": "docker.io/mkl@sha256:2",
            "data_format": "NCHW",
            "note": "x",
        },
    )


def test_an_include_may_bring_an_object_value() -> None:
    new = {"id": "gpu", "value": "docker.io/gpu", "data_format": "NCHW"}
    cell = expand(nightly(include=(include(model="vgg", batch_size=1, image=new),)))[-1]
    assert (cell.id, cell.axes["image"], cell.params["image"]) == ("vgg-bs1-gpu", "gpu", "docker.io/gpu")
    assert cell.params["data_format"] == "NCHW"
    assert (
        expand(nightly(include=(include(model={"id": "vgg"}, batch_size=1, image="mkl"),)))[-1].params["model"] == "vgg"
    )
    known = {"id": "mkl", "value": "docker.io/mkl@sha256:2"}
    assert len(expand(nightly(include=(include(image=known, note=1),)))) == 8


@pytest.mark.parametrize("value", [["a"], {"value": 1}, {"id": 3, "value": 1}])
def test_other_new_values_are_refused(value: Any) -> None:
    (text,) = told(nightly(include=(include(image=value),)))
    assert text.startswith(
        "m.yaml:20:5: include[0].image: error[M225]: a new value of axis image cannot be this; found "
    )
    assert text.endswith("; expected a scalar, or an object with an id")


def test_include_prefers_a_value_to_an_id() -> None:
    made = matrix(axis("a", AxisValue("x", "y"), AxisValue("y", "x")), include=(include(a="x", note=1),))
    assert [cell.params.get("note") for cell in expand(made)] == [None, 1]


def test_include_with_when_merges_only_and_never_adds() -> None:
    made = nightly(include=(include(0, when="batch_size > 32", steps=7), include(1, when="batch_size > 99", steps=9)))
    assert [cell.params.get("steps") for cell in expand(made)] == [None, None, 7, 7, None, None, 7, 7]
    assert warnings(made) == [
        "m.yaml:21:5: include[1]: warning[M221]: include[1] merges into no cell, and adds none because it has a when"
    ]


def test_includes_come_after_excludes() -> None:
    made = nightly(exclude=(exclude(model="alexnet"),), include=(include(model="alexnet", batch_size=32, image="mkl"),))
    assert ids(made)[-1] == "alexnet-bs32-mkl"
    assert len(ids(made)) == 5


def test_repeats() -> None:
    cells = expand(matrix(axis("a", "x", "y"), repeats=2))
    assert [(c.id, c.repeat) for c in cells] == [("x-r1", 1), ("x-r2", 2), ("y-r1", 1), ("y-r2", 2)]
    assert cells[0].params is cells[1].params
    assert ids(matrix(axis("a", "x"), repeats=2, id="n{{ repeat }}-{{ a }}")) == ["n1-x", "n2-x"]
    assert len(expand_with_notes(matrix(axis("a", "x"), repeats=2)).origins) == 2
    assert told(matrix(axis("a", "x"), id="{{ a }}-{{ repeat }}")) == [
        (
            "m.yaml: id: error[M205]: the id template names repeat, which is no axis or parameter; "
            "found '{{ a }}-{{ repeat }}'"
        )
    ]


def test_no_cells() -> None:
    assert told(matrix()) == [
        "m.yaml: axes: error[M201]: the matrix has neither axes nor include entries, so it has no cells"
    ]
    assert told(nightly(exclude=(exclude(batch_size=[32, 64]),))) == [
        "m.yaml: exclude: error[M201]: the excludes leave no cell"
    ]
    assert told(nightly(exclude=(exclude(when="true"),))) == [
        "m.yaml: exclude: error[M201]: the excludes leave no cell"
    ]
    assert told(nightly(exclude=(exclude(),))) == ["m.yaml: exclude: error[M201]: the excludes leave no cell"]


def too_many(count: str, limit: str) -> str:
    return (
        f"m.yaml: limits.max_cells: error[M202]: the matrix would have {count} cells; expected at most {limit}; "
        "sample the product, exclude combinations, or raise limits.max_cells"
    )


def test_too_many_cells_are_counted_not_built() -> None:
    axes = [axis(name, *range(1000)) for name in "abcd"]
    assert told(matrix(*axes, repeats=2)) == [too_many("2,000,000,000,000", "5,000")]
    assert told(matrix(*axes, exclude=(exclude(a=list(range(1, 1000))), exclude(1, b=0, c=1)))) == [
        too_many("999,999,000", "5,000")
    ]
    assert told(matrix(*axes, exclude=(exclude(when="a > 1"),))) == [too_many("up to 1,000,000,000,000", "5,000")]
    assert told(matrix(*axes, sample=Sample(random=9000))) == [too_many("9,000", "5,000")]


def test_a_huge_product_of_which_excludes_leave_little() -> None:
    axes = [axis(name, *range(1000)) for name in "abcd"]
    rules = tuple(exclude(i, None, **{name: list(range(1, 1000))}) for i, name in enumerate("abcd"))
    assert ids(matrix(*axes, exclude=rules)) == ["a0-b0-c0-d0"]
    assert told(matrix(*axes, exclude=(*rules, exclude(4, d=0)))) == [
        "m.yaml: exclude: error[M201]: the excludes leave no cell"
    ]


def test_the_count_is_exact_after_conditions_and_includes() -> None:
    axes = [axis("a", *range(10)), axis("b", *range(10))]
    made = matrix(*axes, max_cells=20, exclude=(exclude(when="a > 5"),), include=(include(a=11), include(1, a=1, x=1)))
    assert told(made) == [too_many("61", "20")]


def test_entangled_excludes_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_MAX_STATES", 3)
    axes = [axis(name, *range(10)) for name in "abc"]
    rules = tuple(exclude(i, a=i, c=i) for i in range(9))
    assert len(expand(matrix(*axes, exclude=rules))) == 910


def test_faults_of_expressions_are_told_once_a_rule() -> None:
    made = nightly(
        exclude=(exclude(0, when="batch_size > 'x'"), exclude(1, when="batch_size + 1"), exclude(2, when="true"))
    )
    assert told(made) == [
        (
            "m.yaml: exclude[0].when: error[M211]: > does not combine int and string for cell model=resnet50, "
            "batch_size=32, image=eigen; found \"batch_size > 'x'\"; convert with string(), int() or double()"
        ),
        (
            "m.yaml: exclude[1].when: error[M212]: the expression gives 33, which is neither true nor false for "
            "cell model=resnet50, batch_size=32, image=eigen; found 'batch_size + 1'; expected true or false"
        ),
    ]
    assert [text[:50] for text in told(nightly(exclude=(exclude(when="a"),), include=(include(when="b"),)))] == [
        "m.yaml: exclude[0].when: error[M210]: there is no ",
        "m.yaml: include[0].when: error[M210]: there is no ",
    ]


def test_an_axis_in_expressions_is_its_value_or_its_id() -> None:
    assert len(ids(nightly(exclude=(exclude(when="image == 'mkl' && batch_size == 32"),)))) == 6
    made = matrix(axis("a", AxisValue("x", {"k": 1}), AxisValue("y", [1])), exclude=(exclude(when="a == 'x'"),))
    assert ids(made) == ["y"]


def test_two_axes_that_set_one_parameter() -> None:
    made = matrix(axis("a", AxisValue("x", 1, {"p": 1, "b": 2})), axis("b", AxisValue("y", 1, {"p": 1, "b": 3})))
    assert told(made) == [
        "m.yaml: axes.a: error[M223]: axes a and b both set the parameter b; rename one of them",
        "m.yaml: axes.b: error[M223]: axes b and a both set the parameter p; rename one of them",
        "m.yaml: axes.b: error[M223]: a value of axis b sets b twice; rename one of them",
    ]


def test_wrong_zips() -> None:
    made = matrix(axis("a", 1, 2), axis("b", 1), axis("c", 1), zip=(("a", "b"), ("c", "bb"), ("b", "c")))
    assert told(made) == [
        "m.yaml: zip[0]: error[M224]: zipped axes have different numbers of values; found a 2, b 1",
        "m.yaml: zip[1]: error[M224]: zip names bb, which is no axis; did you mean b?",
        "m.yaml: zip[2]: error[M224]: axis b is zipped twice",
        "m.yaml: zip[2]: error[M224]: axis c is zipped twice",
    ]


SPACE = [axis(name, *range(5)) for name in "abcdef"]


def test_samples() -> None:
    pairwise = expand_with_notes(matrix(*SPACE, sample=Sample(strength=2), exclude=(exclude(when="a > b"),)))
    assert 25 <= len(pairwise.cells) < 60
    assert {origin.kind for origin in pairwise.origins} == {"sample"}
    pairs = {(cell.axes["a"], cell.axes["b"]) for cell in pairwise.cells}
    assert pairs == {(str(a), str(b)) for a in range(5) for b in range(a, 5)}
    drawn = expand(matrix(*SPACE, sample=Sample(random=50, seed=7), exclude=(exclude(a=[0, 1]), exclude(1, a=2, b=0))))
    assert len(drawn) == 50
    assert all(cell.params["a"] > 1 for cell in drawn)
    assert drawn == expand(
        matrix(*SPACE, sample=Sample(random=50, seed=7), exclude=(exclude(1, a=2, b=0), exclude(a=[0, 1])))
    )
    assert drawn != expand(
        matrix(*SPACE, sample=Sample(random=50, seed=8), exclude=(exclude(a=[0, 1]), exclude(1, a=2, b=0)))
    )


def test_samples_and_rules() -> None:
    made = matrix(
        *SPACE, sample=Sample(), exclude=(exclude(a=9), exclude(1, when="a == 3", b=3)), include=(include(a=1, note=1),)
    )
    expansion = expand_with_notes(made)
    assert [f.code for f in expansion.findings] == ["M220"]
    assert all(("note" in cell.params) == (cell.params["a"] == 1) for cell in expansion.cells)
    assert told(matrix(*(axis(f"a{i}", *range(10)) for i in range(12)), sample=Sample(strength=4))) == [
        (
            "m.yaml: sample: error[M222]: the sample cannot be made: 12 axes have 4,950,000 combinations of 4 values "
            "or more, and at most 200,000 can be covered"
        )
    ]
    assert ids(matrix(include=(include(x=1),), sample=Sample(strength=2))) == ["x1"]
    assert told(matrix(*SPACE, sample=Sample(), max_cells=9))[0].startswith("m.yaml: limits.max_cells: error[M202]")


def test_github_matrix() -> None:
    made = nightly(
        params={"namespace": "dlaas", "args": ["x"], "id": 3},
        exclude=(exclude(model="alexnet"), exclude(1, batch_size=64)),
    )
    value = github_matrix(expand(made))
    assert value == {
        "include": [
            {
                "id": "resnet50-bs32-eigen", "repeat": 1, "namespace": "dlaas", "model": "resnet50", "batch_size": 32,
                "image": "eigen", "data_format": "NHWC",
            },
            {
                "id": "resnet50-bs32-mkl", "repeat": 1, "namespace": "dlaas", "model": "resnet50", "batch_size": 32,
                "image": "mkl", "data_format": "NCHW", "mkl": True,
            },
        ]
    }  # fmt: skip
    assert json.loads(json.dumps(value)) == value


def test_every_code_is_told_of() -> None:
    assert all(code.startswith("M2") and title and text for code, (title, text) in CODES.items())


def test_a_thousand_rules() -> None:
    axes = [axis(name, *range(10)) for name in "abcd"]
    rules = tuple(exclude(i, a=i % 10, b=i % 7, c=99) for i in range(1000))
    merges = tuple(include(i, a=i % 10, b=i % 7, x=i) for i in range(1000))
    made = matrix(*axes, id="{{ a }}-{{ b }}-{{ c }}-{{ d }}", max_cells=10_000, exclude=rules, include=merges)
    assert len(expand(made)) == 10_000


def test_errors_are_matrix_errors() -> None:
    with pytest.raises(MatrixError):
        expand(matrix())
