"""`dlaasgen cells`: what a matrix expands to, for people, programs and GitHub Actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from trees import matrix, put

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

FRUIT = "tests/examples/accept/github-fruit-and-animal.yaml"
# https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
SIX = [
    {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
    {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
    {"fruit": "pear", "animal": "cat", "color": "pink"},
    {"fruit": "pear", "animal": "dog", "color": "green"},
    {"fruit": "banana"},
    {"fruit": "banana", "animal": "cat"},
]


def test_githubs_example_has_its_six_combinations(dlaasgen: Run, root: Path) -> None:
    cells = dlaasgen("cells", FRUIT, "--output", "json", cwd=root).ok().data
    assert [cell["params"] for cell in cells] == SIX
    assert [cell["id"] for cell in cells] == ["apple-cat", "apple-dog", "pear-cat", "pear-dog", "banana", "banana-cat"]
    assert {tuple(cell) for cell in cells} == {("id", "axes", "params", "repeat", "matrix")}


def test_as_a_matrix_for_github(dlaasgen: Run, root: Path) -> None:
    data = dlaasgen("cells", FRUIT, "--output", "github", cwd=root).ok().data
    assert list(data) == ["include"]
    assert [{k: v for k, v in cell.items() if k not in {"id", "repeat"}} for cell in data["include"]] == SIX


def test_as_a_table(dlaasgen: Run, root: Path) -> None:
    assert dlaasgen("cells", FRUIT, cwd=root).ok().out == (
        "cell        fruit   animal\n"
        "apple-cat   apple   cat\n"
        "apple-dog   apple   dog\n"
        "pear-cat    pear    cat\n"
        "pear-dog    pear    dog\n"
        "banana      banana\n"
        "banana-cat  banana  cat\n"
        "study: 6 cells\n"
    )


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        ("banana", ["banana"]),
        ("*-dog", ["apple-dog", "pear-dog"]),
        ("fruit == 'pear' && animal != 'dog'", ["pear-cat"]),
        ("id.startsWith('ban')", ["banana", "banana-cat"]),
    ],
)
def test_select(dlaasgen: Run, root: Path, selector: str, ids: list[str]) -> None:
    cells = dlaasgen("cells", FRUIT, "--select", selector, "--output", "json", cwd=root).ok().data
    assert [cell["id"] for cell in cells] == ids


def test_explain_a_cell_that_is_there(dlaasgen: Run, root: Path) -> None:
    said = dlaasgen("cells", "matrix/nightly.yaml", "--explain", "resnet50-bs256-w3-mkl", cwd=root).ok()
    first, second = said.out.splitlines()
    assert first == "resnet50-bs256-w3-mkl: model=resnet50, batch_size=256, replicas=3, image=mkl"
    assert second.startswith("  added by include[0] (matrix/nightly.yaml:")


def test_explain_a_cell_that_was_taken_away(dlaasgen: Run, root: Path) -> None:
    said = dlaasgen("cells", "matrix/nightly.yaml", "--explain", "alexnet-bs32-w1-mkl", cwd=root).ok()
    first, second = said.out.splitlines()
    assert first == "there is no cell model=alexnet, batch_size=32, replicas=1, image=mkl"
    assert second.startswith("  removed by exclude[0] (matrix/nightly.yaml:")


def test_explain_a_cell_that_never_was(dlaasgen: Run, root: Path) -> None:
    said = dlaasgen("cells", "matrix/nightly.yaml", "--explain", "resnet50-bs32-w1-mk", cwd=root).exits(2)
    assert said.out == ""
    assert said.err == "error[M230]: there is no cell resnet50-bs32-w1-mk; did you mean resnet50-bs32-w1-mkl?\n"


def test_explain_looks_in_every_matrix(dlaasgen: Run, tmp_path: Path) -> None:
    put(tmp_path, matrix(name="first"))
    put(tmp_path, matrix(name="second", axes={"model": ["vgg16"]}))
    said = dlaasgen("cells", "matrix", "--explain", "vgg16", cwd=tmp_path).ok()
    assert said.out.startswith("vgg16: model=vgg16\n")


def test_several_matrices_say_which_cell_is_whose(dlaasgen: Run, tmp_path: Path) -> None:
    put(tmp_path, matrix(name="first"))
    put(tmp_path, matrix(name="second", repeats=2))
    cells = dlaasgen("cells", "matrix", "--output", "json", cwd=tmp_path).ok().data
    assert [(c["matrix"], c["repeat"]) for c in cells] == [("first", 1)] * 4 + [("second", 1), ("second", 2)] * 4
    assert len({(c["matrix"], c["id"]) for c in cells}) == 12


def test_no_prototype_is_needed(dlaasgen: Run, tmp_path: Path) -> None:
    put(tmp_path, matrix(prototype="not-written-yet"))
    assert len(dlaasgen("cells", "matrix", "--output", "json", cwd=tmp_path).ok().data) == 4


def test_numbers_and_objects_keep_their_types(dlaasgen: Run, tmp_path: Path) -> None:
    params = {"a": 1, "b": 1.5, "c": True, "d": None, "e": {"f": [1, "1"]}, "g": 2**53, "h": "ü"}
    put(tmp_path, matrix(axes={"model": ["m"]}, params=params))
    said = dlaasgen("cells", "matrix", "--output", "json", cwd=tmp_path).ok()
    assert json.dumps(said.data[0]["params"]) == json.dumps({**params, "model": "m"})


def test_all_that_is_wrong_in_all_files_is_told_at_once(dlaasgen: Run, tmp_path: Path) -> None:
    head = "apiVersion: dlaasgen/v1\nprototype: tfjob\naxes: {a: [1, 2]}\n"
    (tmp_path / "one.yaml").write_text(f"{head}name: one\nexclude:\n  - when: 'a >'\nid: '{{{{ b }}}}'\n")
    (tmp_path / "two.yaml").write_text(f"{head}name: two\nexclude: [{{when: 'b > 1'}}, {{b: 1}}]\n")
    lines = dlaasgen("cells", ".", cwd=tmp_path).exits(3).err.splitlines()
    assert [line.split(": error")[0] for line in lines] == [
        "./one.yaml:6:11: exclude[0].when",
        "./one.yaml:7:5: id",
        "./two.yaml:5:18: exclude[0].when",
        "./two.yaml:5:29: exclude[1].b",
    ]


def test_the_cell_of_a_fault_is_named_once(dlaasgen: Run, tmp_path: Path) -> None:
    text = "apiVersion: dlaasgen/v1\nname: m\nprototype: tfjob\naxes: {a: [1, 2]}\nexclude: [{when: 'a + 1'}]\n"
    (tmp_path / "m.yaml").write_text(text)
    assert dlaasgen("cells", "m.yaml", cwd=tmp_path).exits(3).err.count("a=1") == 1
