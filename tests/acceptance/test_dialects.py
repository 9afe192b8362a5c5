"""A matrix' dialect: the prototype's jobs are converted to it, or it is said why they cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from trees import matrix, put

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


def test_a_study_in_another_dialect(dlaasgen: Run, project: Path) -> None:
    put(project, matrix(dialect="tfjob-v1-flat"))
    dlaasgen("render", "matrix/small.yaml", cwd=project).ok()
    tree = project / "rendered/small"
    job = yaml.safe_load(next((tree / "jobs").iterdir()).read_text())
    assert "runPolicy" not in job["spec"]
    assert job["spec"]["activeDeadlineSeconds"] == 7500
    assert "dialect `tfjob-v1-flat`" in (tree / "README.md").read_text()
    dlaasgen("render", "--check", "matrix/small.yaml", cwd=project).ok()
    assert dlaasgen("check", "rendered", "--output", "json", cwd=project).ok().data == []


def test_what_the_dialect_cannot_say_stops_the_render(dlaasgen: Run, project: Path) -> None:
    put(project, matrix(dialect="job"))
    done = dlaasgen("render", "matrix/small.yaml", cwd=project).exits(5)
    assert "spec.tfReplicaSpecs.PS: error[K201]: job has no role PS" in done.err
    assert not (project / "rendered/small").exists()
