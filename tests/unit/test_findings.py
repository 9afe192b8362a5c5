from __future__ import annotations

import pytest

from dlaasgen.findings import Finding, counted, together


@pytest.mark.parametrize(("number", "told"), [(0, "0 cells"), (1, "1 cell"), (2, "2 cells")])
def test_how_many_in_words(number: int, told: str) -> None:
    assert counted(number, "cell") == told


def test_what_many_cells_share_is_said_once() -> None:
    findings = [Finding("P201", "not pinned", file=f"a/jobs/{cell}.yaml", cell=cell) for cell in ("a", "b", "b", "c")]
    assert [str(f) for f in together(findings)] == ["a/jobs/a.yaml: error[P201]: not pinned (cell a and 2 more)"]


def test_a_finding_of_one_cell_names_it() -> None:
    assert [str(f) for f in together([Finding("P201", "x", cell="a")])] == ["error[P201]: x (cell a)"]


def test_findings_of_files_stay_apart() -> None:
    findings = [Finding("P201", "x", file="a.yaml"), Finding("P201", "x", file="b.yaml")]
    assert together(findings) == findings


def test_findings_that_differ_stay_apart() -> None:
    findings = [Finding("P201", "x", cell="a"), Finding("P201", "x", "warning", cell="b")]
    assert len(together(findings)) == 2


def test_places_in_the_manifests_of_cells_are_counted() -> None:
    findings = [Finding("P201", "x", path=role, cell=cell) for cell in ("a", "b") for role in ("PS", "Worker")]
    assert [str(f) for f in together(findings)] == ["PS: error[P201]: x (cell a and 1 more; 2 places)"]
    assert [str(f) for f in together(findings[:1])] == ["PS: error[P201]: x (cell a)"]
    assert len(together([Finding("P201", "x", path="a"), Finding("P201", "x", path="b")])) == 2
