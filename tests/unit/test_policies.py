"""Policies at large: where a manifest is looked at, and what is left to its schema."""

from __future__ import annotations

import pytest

from dlaasgen.checks import Checker
from jobs import ARGS, BOX, SCRIPT, changed, tfjob, trainjob
from policing import CONTEXT, Manifest, told


def test_a_trainjob_is_checked_where_its_container_stands() -> None:
    data = changed(trainjob(), "spec", "trainer", "resourcesPerNode", to={"requests": {"cpu": "4x"}})
    data["spec"]["trainer"] |= {"image": "busybox", "args": [*ARGS, "--x"]}
    assert [f.split(" ")[0:2] for f in told(data)] == [
        ["spec.trainer.args[6]:", "error[P301]:"],
        ["spec.trainer.image:", "warning[P201]:"],
        ["spec.trainer.resourcesPerNode.requests.cpu:", "error[P207]:"],
        ["spec.trainer.args[1]:", "error[P310]:"],
    ]
    assert told(changed(data, "spec", "trainer", to={})) == []


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("Pod", {"containers": [{"name": "a"}]}, "spec.containers[0].image"),
        (
            "Deployment",
            {"template": {"spec": {"containers": [{"name": "a"}]}}},
            "spec.template.spec.containers[0].image",
        ),
        (
            "CronJob",
            {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}}},
            "spec.jobTemplate.spec.template.spec.containers[0].image",
        ),
        (
            "Rollout",
            {"template": {"spec": {"containers": [{"name": "a"}]}}},
            "spec.template.spec.containers[0].image",
        ),
    ],
)
def test_pods_of_other_kinds_are_checked(kind: str, spec: Manifest, path: str) -> None:
    data = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "b"}, "spec": spec}
    assert [f.path for f in Checker(CONTEXT).findings(data)] == [path]


def test_a_kustomization_is_no_object() -> None:
    assert told({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["a"]}) == []


def test_what_is_no_text_is_left_to_the_schema() -> None:
    data = changed(tfjob(), "metadata", "labels", to={"a b": 1, 2: "x", "c": [], "d": "-"})
    data = changed(data, "metadata", "annotations", to={1: "x", "a": 2})
    data = changed(data, *BOX, "args", to=["python", SCRIPT, 3])
    assert [f.path for f in Checker(CONTEXT).findings(data)] == ['metadata.labels["a b"]', "metadata.labels.d"]
