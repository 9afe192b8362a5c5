"""Conversions from and to TrainJobs: what of a runtime's pods is carried, what is lost and said so."""

from __future__ import annotations

from typing import Any

import pytest

from conversions import ROLES, batch, made, pytorchjob, single
from dlaasgen.conversion import convert
from jobs import IMAGE, WORKER, changed, replica, trainjob


def test_equal_pods() -> None:
    spec = made(batch(3, completionMode="Indexed"), "trainjob-v1alpha1")["spec"]
    assert spec["trainer"]["numNodes"] == 3
    assert made(trainjob(3), "job")["spec"]["completionMode"] == "Indexed"
    roles = made(trainjob(3), "pytorchjob-v1")["spec"]["pytorchReplicaSpecs"]
    assert {role: r["replicas"] for role, r in roles.items()} == {"Master": 1, "Worker": 2}
    assert roles["Master"]["template"] == roles["Worker"]["template"]
    assert roles["Master"]["template"] is not roles["Worker"]["template"]
    assert made(pytorchjob(2, nprocPerNode="2"), "trainjob-v1alpha1")["spec"]["trainer"]["numNodes"] == 3
    assert made(pytorchjob(2, nprocPerNode="2"), "trainjob-v1alpha1")["spec"]["trainer"]["numProcPerNode"] == 2
    assert "completionMode" not in made(batch(2), "job")["spec"]


def test_all_that_a_trainjob_says_of_its_pods() -> None:
    data = single()
    box = {**replica(1)["template"]["spec"]["containers"][0], "volumeMounts": [{"name": "d", "mountPath": "/d"}]}
    changed(data, *WORKER, "template", to={
        "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}, "name": "x"},
        "spec": {
            "containers": [{**box, "imagePullPolicy": "Always"}, {"name": "beside", "image": IMAGE}],
            "initContainers": [{"name": "before", "image": IMAGE}],
            "volumes": [{"name": "d", "emptyDir": {}}],
            "tolerations": [{"key": "a"}],
            "hostNetwork": True,
        },
    })  # fmt: skip
    there = convert(data, "trainjob-v1alpha1")
    spec = there.data["spec"]
    (patch,) = spec["runtimePatches"]
    (node,) = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    assert node["name"] == "node"
    assert node["template"]["spec"]["template"] == {
        "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
        "spec": {
            "tolerations": [{"key": "a"}],
            "volumes": [{"name": "d", "emptyDir": {}}],
            "containers": [{"name": "node", "volumeMounts": [{"name": "d", "mountPath": "/d"}]}],
        },
    }
    pod = f"{ROLES}.Worker.template.spec"
    assert sorted(f.path for f in there.findings if f.code == "K207") == [
        f"{ROLES}.Worker.restartPolicy",
        f"{ROLES}.Worker.template.metadata.name",
        f"{pod}.containers",
        f"{pod}.containers[0].imagePullPolicy",
        f"{pod}.hostNetwork",
        f"{pod}.initContainers",
    ]
    back = made(there.data, "tfjob-v1")["spec"]["tfReplicaSpecs"]["Worker"]
    assert back["template"]["metadata"] == {"labels": {"a": "b"}, "annotations": {"c": "d"}}
    assert back["template"]["spec"]["containers"] == [{**box, "name": "tensorflow"}]
    assert back["template"]["spec"]["volumes"] == [{"name": "d", "emptyDir": {}}]
    assert back["restartPolicy"] == "OnFailure"


PATCHED = {"metadata": {"labels": {"a": "b"}}, "spec": {"nodeSelector": {"a": "b"}}}


def runtime_patch(template: dict[str, Any], **more: Any) -> dict[str, Any]:
    job = {"name": "node", "template": {"spec": {"template": template}}}
    return {"manager": "me", "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": [job], **more}}}}


@pytest.mark.parametrize(
    "spec",
    [
        {"podSpecOverrides": [{"targetJobs": [{"name": "node"}], **PATCHED["spec"]}], "labels": {"a": "b"}},
        {"podTemplateOverrides": [{"targetJobs": [{"name": "node"}], **PATCHED}]},
        {"runtimePatches": [runtime_patch(PATCHED)]},
    ],
)
def test_the_three_shapes_of_a_trainjob(spec: dict[str, Any]) -> None:
    data = trainjob(1)
    data["spec"] |= spec
    assert not [f for f in convert(data, "tfjob-v1").findings if f.severity == "error"]
    template = made(data, "tfjob-v1")["spec"]["tfReplicaSpecs"]["Worker"]["template"]
    assert template["metadata"] == PATCHED["metadata"]
    assert template["spec"]["nodeSelector"] == {"a": "b"}


def test_what_of_a_trainjob_is_lost() -> None:
    data = trainjob(1)
    data["spec"] |= {"initializer": {"dataset": {"storageUri": "a"}}, "suspend": True}
    data["spec"]["trainer"] |= {"numProcPerNode": "auto", "odd": 1}
    del data["spec"]["trainer"]["image"]
    node = [{"name": "node"}]
    boxes = [{"name": "node", "env": []}, {"name": "other"}]
    data["spec"]["podSpecOverrides"] = [{"targetJobs": node, "initContainers": [], "containers": boxes}]
    other = [{"name": "other", "template": {}}]
    data["spec"]["podTemplateOverrides"] = [{"targetJobs": node}, {"targetJobs": other}]
    data["spec"]["runtimePatches"] = [
        {"manager": "a"},
        {"manager": "a", "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": other}, "metadata": {}}}},
        {"manager": "a", "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": node}}}},
    ]
    found = [f"{f.code} {f.path}" for f in convert(data, "tfjob-v1").findings if f.severity == "error"]
    assert found == [
        "K208 spec.trainer",
        "K207 spec.podTemplateOverrides[1]",
        "K207 spec.runtimePatches[1].metadata",
        "K207 spec.runtimePatches[1]",
        "K207 spec.podTemplateOverrides[0]",
        "K207 spec.runtimePatches[2]",
        "K207 spec.podSpecOverrides[0].initContainers",
        "K207 spec.podSpecOverrides[0].containers.env",
        "K207 spec.podSpecOverrides[0].containers",
        "K202 spec.trainer.odd",
        "K202 spec.initializer",
        "K202 spec.trainer.numProcPerNode",
    ]
    data["spec"]["trainer"] = {"image": IMAGE}
    assert made(data, "pytorchjob-v1")["spec"]["runPolicy"] == {"suspend": True}
