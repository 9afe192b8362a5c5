"""`dlaasgen explain CELL`: where a cell comes from, and why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.cells import expand, explain
from dlaasgen.matrix import Exclude, Sample
from studies import axis, exclude, include, matrix, nightly, told

if TYPE_CHECKING:
    import pytest


def test_explain_cells_that_are() -> None:
    made = nightly(
        repeats=2,
        include=(
            include(0, batch_size=32, steps=7, note="x"),
            include(1, image="mkl"),
            include(2, model="v", batch_size=1, image="e"),
        ),
    )
    assert explain(made, "resnet50-bs32-mkl-r2") == [
        "resnet50-bs32-mkl-r2: model=resnet50, batch_size=32, image=mkl",
        "  from the product of the axes",
        "  include[0] (m.yaml:20:5) adds steps=7, note='x'",
        "  include[1] (m.yaml:21:5) adds nothing",
        "  repeat 2 of 2",
    ]
    assert explain(nightly(), {"image": "docker.io/mkl@sha256:2", "batch_size": 32, "model": "alexnet"}) == [
        "alexnet-bs32-mkl: model=alexnet, batch_size=32, image=mkl",
        "  from the product of the axes",
    ]
    assert explain(made, {"model": "v", "batch_size": 1, "image": "e"})[:2] == [
        "v-bs1-e-r1: model=v, batch_size=1, image=e",
        "  added by include[2] (m.yaml:22:5), which merges into no cell of the axes",
    ]


def test_explain_cells_that_are_not() -> None:
    made = nightly(
        file=None,
        exclude=(
            exclude(0, model="alexnet"),
            exclude(1, model="alexnet", when="batch_size > 1"),
            exclude(2, when="mkl"),
        ),
    )
    for target in ("alexnet-bs64-eigen", {"model": "alexnet", "batch_size": 64, "image": "eigen"}):
        assert explain(made, target) == [
            "there is no cell model=alexnet, batch_size=64, image=eigen",
            "  removed by exclude[0] (10:5)",
            "  removed by exclude[1] (11:5), because batch_size > 1 holds",
        ]
    sampled = matrix(
        axis("b", 1, 2), axis("c", 1, 2), axis("a", 1, 2), zip=(("a", "b"),), sample=Sample(random=1), repeats=2
    )
    (chosen,) = {cell.axes["b"] + cell.axes["c"] for cell in expand(sampled)}
    other = "b1-c1-a1-r1" if chosen != "11" else "b2-c2-a2-r1"
    assert explain(sampled, other)[1:] == ["  not in the sample of the axes"]
    numbered = matrix(axis("a", "x", "y"), repeats=2, id="{{ a }}.{{ repeat }}", exclude=(Exclude(0, {"a": ("y",)}),))
    assert explain(numbered, "y.2") == ["there is no cell a=y", "  removed by exclude[0] (m.yaml)"]


def test_explain_what_never_could_be(monkeypatch: pytest.MonkeyPatch) -> None:
    made = nightly()
    assert told(lambda: explain(made, "resnet50-bs33-mkl")) == [
        "error[M230]: there is no cell resnet50-bs33-mkl; did you mean resnet50-bs32-mkl?"
    ]
    assert told(lambda: explain(made, "zzz")) == ["error[M230]: there is no cell zzz; `dlaasgen cells` lists them"]
    assert told(lambda: explain(made, {"model": "vgg", "batch_size": 32, "image": "mkl"}))[0].startswith(
        "error[M230]: there is no cell model=vgg, batch_size=32, image=mkl"
    )
    assert told(lambda: explain(made, {"x": 1})) == ["error[M230]: there is no cell x=1; `dlaasgen cells` lists them"]
    assert told(lambda: explain(matrix(include=(include(x=1),)), "zzz"))[0].startswith(
        "error[M230]: there is no cell zzz"
    )
    needy = matrix(axis("a", 1, 2), exclude=(exclude(a=2),), include=(include(a=1, n=1),), id="{{ a }}-{{ n }}")
    assert told(lambda: explain(needy, "2-1"))[0].startswith("error[M230]: there is no cell 2-1")
    monkeypatch.setattr("dlaasgen.explaining.MAX_TRIED", 1)
    assert told(lambda: explain(nightly(exclude=(exclude(model="alexnet"),)), "alexnet-bs32-mkl"))[0].startswith(
        "error[M230]"
    )
