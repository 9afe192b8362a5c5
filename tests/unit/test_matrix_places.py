"""Problems that show after a matrix file was read are told with their place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dlaasgen import matrix_yaml
from dlaasgen.errors import MatrixError, PrototypeError
from dlaasgen.findings import Finding
from dlaasgen.matrix_places import located
from dlaasgen.pipeline.check import check_paths
from dlaasgen.pipeline.evaluation import Request
from dlaasgen.pipeline.expand import expand
from dlaasgen.pipeline.render import render_matrix

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"""apiVersion: dlaasgen/v1
name: study
prototype: tfjob
params:
  image: i
axes:
  model: [resnet50, alexnet]
  build:
    - {id: eigen, value: v}
    - {id: mkl, value: w, mkl: true}
    - plain
include:
  - {model: resnet50}
  - {model: resnet50, extra: 1}
checks: {disable: [{code: P999, reason: r}]}
"""


@pytest.mark.parametrize(
    ("code", "path", "place"),
    [
        ("T105", "params.image", (5, 10)),
        ("T103", "params.image", (5, 3)),
        ("T103", "params.model", (7, 3)),
        ("T105", "params.mkl", (10, 32)),
        ("T105", "params.extra", (14, 30)),
        ("T105", "params.id", (5, 3)),  # no parameter of an axis value: the nearest thing around
        ("T104", "params.batch_size", (3, 12)),
        ("M150", "checks.disable[0].code", (15, 27)),
        ("M202", "limits.max_cells", (1, 1)),
    ],
)
def test_a_problem_gets_its_place(code: str, path: str, place: tuple[int, int]) -> None:
    loaded = matrix_yaml.load(TEXT, "m.yaml")
    twice = located([Finding(code, "x", file="m.yaml", path=path)] * 2, loaded.document, loaded.where, "m.yaml")
    assert [(f.line, f.column) for f in twice] == [place, place]


def test_what_is_elsewhere_or_has_a_place_stays() -> None:
    loaded = matrix_yaml.load(TEXT, "m.yaml")
    found = [
        Finding("P101", "x", file="study/jobs/a.yaml", path="metadata.name"),
        Finding("T107", "x", path="spec"),
        Finding("M140", "x", file="m.yaml", line=9, path="exclude[0]"),
        Finding("M203", "x", file="m.yaml"),
    ]
    assert located(found, loaded.document, loaded.where, "m.yaml") == found


def test_a_prototype_that_does_not_exist_is_told_at_its_key(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("apiVersion: dlaasgen/v1\nname: m\nprototype: tfjbo\naxes: {a: [1]}\n", encoding="utf-8")
    with pytest.raises(PrototypeError) as caught:
        render_matrix(Request(str(file), mode="dry-run", cache=False))
    assert str(caught.value) == (
        f"{file}:3:12: prototype: error[T101]: no prototype is called tfjbo; found tfjbo; did you mean tfjob?"
    )


def test_an_id_template_that_is_wrong_is_told_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    text = "apiVersion: dlaasgen/v1\nname: m\nprototype: tfjob\naxes: {model: [a]}\nid: '{{ modle }}'\n"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MatrixError) as caught:
        expand([str(file)], [])
    assert [(f.code, f.line, f.column) for f in caught.value.findings] == [("M205", 5, 5)]


def test_a_version_of_kubernetes_that_a_matrix_asks_for_is_a_fault_of_the_matrix(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    text = (
        "apiVersion: dlaasgen/v1\nname: m\nprototype: tfjob\nparams: {image: i, batch_size: 1}\n"
        "axes: {model: [alexnet]}\nkubernetes: '1.99'\n"
    )
    file.write_text(text, encoding="utf-8")
    report = check_paths([str(file)])
    assert [(f.code, f.file, f.line, f.column) for f in report.findings] == [("K109", str(file), 6, 13)]
    assert report.exit_code == MatrixError.exit_code
