"""Selectors: which cells they choose, and what is told of those that choose none."""

from __future__ import annotations

import pytest

from dlaasgen.cells import expand, select
from dlaasgen.errors import UsageError
from studies import axis, matrix, nightly, told


def test_select() -> None:
    cells = expand(nightly())
    assert select(cells, []) == cells
    assert [c.id for c in select(cells, ["resnet50-*-mkl", "alexnet-bs32-eigen"])] == [
        "resnet50-bs32-mkl", "resnet50-bs64-mkl", "alexnet-bs32-eigen",
    ]  # fmt: skip
    assert [c.id for c in select(cells, ["batch_size > 32 && image == 'mkl' && id.startsWith('res')"])] == [
        "resnet50-bs64-mkl"
    ]
    assert len(select(cells, ["mkl"])) == 4
    assert [c.repeat for c in select(expand(matrix(axis("a", 1), repeats=3)), ["repeat > 1"])] == [2, 3]


def test_selectors_that_select_nothing() -> None:
    cells = expand(nightly())
    assert told(lambda: select(cells, ["resnet50-bs33-mkl", "vgg-*", "batch_size > 99", "zzz", "modle == 'x'"])) == [
        "--select: error[M230]: there is no cell resnet50-bs33-mkl; did you mean resnet50-bs32-mkl?",
        "--select: error[M230]: vgg-* selects no cell",
        "--select: error[M230]: batch_size > 99 selects no cell",
        "--select: error[M230]: there is no cell zzz; `dlaasgen cells` lists them",
        (
            "--select: error[M210]: there is no variable modle at character 1; "
            "found \"modle == 'x'\"; did you mean model?"
        ),
    ]
    with pytest.raises(UsageError):
        select(cells, ["model"])
