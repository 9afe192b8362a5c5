"""Matrices of plain values, for tests of their cells: axes, rules, and what is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.cells import expand, expand_with_notes
from dlaasgen.errors import DlaasgenError
from dlaasgen.matrix import Axis, AxisValue, Exclude, Include, Matrix, scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable


IMAGES = (
    AxisValue("eigen", "docker.io/oss@sha256:1", {"data_format": "NHWC"}),
    AxisValue("mkl", "docker.io/mkl@sha256:2", {"data_format": "NCHW", "mkl": True}),
)


def axis(name: str, *values: Any) -> Axis:
    return Axis(name, tuple(v if isinstance(v, AxisValue) else AxisValue(scalar_text(v), v) for v in values))


def exclude(index: int = 0, when: str | None = None, **match: Any) -> Exclude:
    return Exclude(index, {k: tuple(v) if isinstance(v, list) else (v,) for k, v in match.items()}, when, 10 + index, 5)


def include(index: int = 0, when: str | None = None, **values: Any) -> Include:
    return Include(index, values, when, 20 + index, 5)


def matrix(*axes: Axis, **more: Any) -> Matrix:
    return Matrix("study", "tfjob", "tfjob-v1", axes, **{"file": "m.yaml", **more})


def nightly(**more: Any) -> Matrix:
    axes = (axis("model", "resnet50", "alexnet"), axis("batch_size", 32, 64), axis("image", *IMAGES))
    return matrix(*axes, **{"params": {"namespace": "dlaas", "mkl": False}, "id": TEMPLATE, **more})


TEMPLATE = "{{ model }}-bs{{ batch_size }}-{{ image }}"


def ids(made: Matrix) -> list[str]:
    return [cell.id for cell in expand(made)]


def told(made: Matrix | Callable[[], object]) -> list[str]:
    with pytest.raises(DlaasgenError) as caught:
        expand(made) if isinstance(made, Matrix) else made()
    return [str(finding) for finding in caught.value.findings]


def warnings(made: Matrix) -> list[str]:
    return [str(finding) for finding in expand_with_notes(made).findings]
