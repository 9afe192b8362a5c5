from __future__ import annotations

from typing import Any

import pytest

from dlaasgen.joining import Job
from dlaasgen.pod_labels import identify, identify_job


def pod(name: str = "study-worker-1", labels: Any = None, notes: Any = None) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "n", "uid": "u", "labels": labels, "annotations": notes}}


def test_a_pod_without_labels_is_read_by_its_name() -> None:
    origin, job = identify(pod(), "tensorflow", 2, {})
    assert (origin.key, origin.job, origin.role, origin.number) == (
        "pod:n/study-worker-1/u/tensorflow/2", "study", "worker", 1,
    )  # fmt: skip
    assert job == Job("study")


def test_the_controllers_labels_come_before_the_name() -> None:
    labels = {"job-name": "other", "replica-type": "PS", "replica-index": "4"}
    origin, job = identify(pod(labels=labels), "c", 0, {})
    assert (origin.job, origin.role, origin.number, job.job) == ("other", "ps", 4, "other")
    origin, _ = identify(pod(labels={"replica-index": "x"}), "c", 0, {})
    assert origin.number == 1


def test_dlaasgens_labels_name_the_cell() -> None:
    labels = {"dlaasgen/matrix": "m", "dlaasgen/cell": "c1", "dlaasgen/run": "7", "axis.dlaasgen/model": "x"}
    _, job = identify(pod(labels=labels, notes={"dlaasgen/params": '{"a":1}'}), "c", 0, {})
    assert job == Job("study", "7", "m", "c1", {"model": "x"}, {"a": 1})


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_parameters_that_are_none_are_left_out(text: str) -> None:
    _, job = identify(pod(labels={"dlaasgen/cell": "c1"}, notes={"dlaasgen/params": text}), "c", 0, {})
    assert job.params == {}


def test_a_job_of_a_tree_is_known_better() -> None:
    known = Job("study", "1", "m", "c", manifest_digest="sha256:0")
    assert identify(pod(labels={"dlaasgen/cell": "other"}), "c", 0, {"study": known})[1] is known


def test_an_object_of_a_jobs_kind_is_its_job_whatever_its_name_looks_like() -> None:
    labels = {"dlaasgen/matrix": "m", "dlaasgen/cell": "c1", "dlaasgen/run": "7"}
    assert identify_job(pod("a-worker-1", labels), {}) == Job("a-worker-1", "7", "m", "c1")
    assert identify_job(pod("a-worker-1"), {}) == Job("a-worker-1")
    known = Job("a-worker-1", "1", "m", "c")
    assert identify_job(pod("a-worker-1"), {"a-worker-1": known}) is known
