"""Manifests of earlier years: old spellings, fields in the wrong place, what has not the form of a job."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from conversions import ROLES, made, told
from dlaasgen.conversion import convert
from jobs import POD, WORKER, changed, flat, replica, tfjob, trainjob


def old(**roles: Any) -> dict[str, Any]:
    """A manifest as the tutorial of 2018 has it."""
    data = flat("v1alpha2")
    data["spec"]["tfReplicaSpecs"] = {}
    for role, more in roles.items():
        template = {"spec": {**replica(1)["template"]["spec"], "restartPolicy": "OnFailure"}}
        data["spec"]["tfReplicaSpecs"][role] = {"replicas": 1, "template": template, **more}
    return data


def test_the_spellings_of_2018_are_moved_to_their_place() -> None:
    data = old(Ps={"tfReplicaType": "PS"}, WORKER={"restartPolicy": "Never"})
    before = deepcopy(data)
    assert told(data, "tfjob-v1") == [
        f"w K210 {ROLES}.Ps: the role is spelt Ps",
        f"w K210 {ROLES}.Ps.tfReplicaType: tfReplicaType is left out",
        f"w K210 {ROLES}.Ps.template.spec.restartPolicy: restartPolicy stands in the pod",
        f"w K210 {ROLES}.WORKER: the role is spelt WORKER",
        f"w K210 {ROLES}.WORKER.template.spec.restartPolicy: restartPolicy stands in the pod",
    ]
    assert data == before
    server, worker = replica(1), replica(1)
    assert made(data, "tfjob-v1")["spec"] == {
        "runPolicy": {"cleanPodPolicy": "Running"},
        "tfReplicaSpecs": {"PS": {**server, "restartPolicy": "OnFailure"}, "Worker": worker},
    }
    assert told(made(data, "tfjob-v1"), "tfjob-v1") == []


def test_fields_in_the_wrong_place_or_of_no_kind() -> None:
    data = tfjob()
    data["status"] = {}
    data["spec"] |= {"backoffLimit": 3, "odd": 1}
    data["spec"]["runPolicy"]["strange"] = 1
    changed(data, *WORKER, "more", to=1)
    assert [f.split(" ", 1)[1] for f in told(data, "tfjob-v1")] == [
        "K206 status: status is left out",
        "K210 spec.backoffLimit: backoffLimit belongs into runPolicy",
        "K202 spec.runPolicy.strange: tfjob-v1 has no strange",
        f"K202 {ROLES}.Worker.more: a replica spec has no more",
        "K202 spec.odd: tfjob-v1 has no odd",
    ]
    assert made(data, "tfjob-v1") == tfjob()
    early = flat("v1alpha2", backoffLimit=0)
    assert told(early, "tfjob-v1") == ["w K210 spec.backoffLimit: tfjob-v1alpha2 has no backoffLimit yet"]
    wrong = changed(tfjob(), "spec", "tfReplicaSpecs", to={"Boss": replica(1)})
    assert told(wrong, "tfjob-v1") == [f"e K201 {ROLES}.Boss: tfjob-v1 has no role Boss"]


def v1alpha1(*replicas: Any, **spec: Any) -> dict[str, Any]:
    specs = [{"template": replica(1)["template"], **r} if isinstance(r, dict) else r for r in replicas]
    return {**flat("v1alpha1"), "spec": {"replicaSpecs": specs, **spec}}


def test_a_list_of_replicas() -> None:
    chief = {"chief": {"replicaName": "WORKER", "replicaIndex": 0}}
    data = v1alpha1(
        {"tfReplicaType": "PS", "replicas": 2, "tfPort": 2222},
        {"tfReplicaType": "WORKER"},
        terminationPolicy=chief,
        cleanupPodPolicy="All",
        tfImage="x",
    )
    assert sorted(told(data, "tfjob-v1")) == [
        "n K206 spec.terminationPolicy: terminationPolicy says nothing any more",
        "n K206 spec.tfImage: tfImage says nothing any more",
        "w K210 spec.replicaSpecs: the replicas stand in a list",
    ]
    template = replica(1)["template"]
    assert made(data, "tfjob-v1")["spec"] == {
        "runPolicy": {"cleanPodPolicy": "All"},
        "tfReplicaSpecs": {"PS": {"replicas": 2, "template": template}, "Worker": {"template": template}},
    }
    lossy = v1alpha1({"tfPort": 3333}, terminationPolicy=chief)
    assert told(lossy, "tfjob-v1alpha2") == [
        "w K210 spec.replicaSpecs: the replicas stand in a list",
        "e K202 spec.replicaSpecs[0].tfPort: tfPort is lost",
        "e K202 spec.terminationPolicy: terminationPolicy is lost",
    ]
    beta = flat("v1beta1")
    beta["spec"] = {"tfReplicaSpecs": {"Worker": replica(1)}}
    assert made(beta, "tfjob-v1beta2")["spec"] == beta["spec"]
    assert convert(beta, "tfjob-v1beta2").source == "kubeflow.org/v1beta1"


WORKERS = f"{ROLES}.Worker"
ONE = replica(1)
BOXES = ": a pod has a list of containers"
ONCE = " MASTER, PS and WORKER stand once each"
BROKEN: list[tuple[dict[str, Any], str]] = [
    (changed(tfjob(), "spec", to=1), "spec: spec is no object"),
    (changed(tfjob(), "spec", "tfReplicaSpecs", to={}), f"{ROLES}: {ROLES} names no role"),
    (changed(tfjob(), "spec", "runPolicy", to=[]), "spec.runPolicy: spec.runPolicy is no object"),
    (changed(tfjob(), *WORKER, "replicas", to=-1), f"{WORKERS}.replicas: {WORKERS}.replicas is no number of pods"),
    (changed(tfjob(), *WORKER, "restartPolicy", to=1), f"{WORKERS}.restartPolicy: {WORKERS}.restartPolicy is no text"),
    (changed(tfjob(), *POD, "containers", to=[1]), f"{WORKERS}.template.spec.containers" + BOXES),
    (changed(tfjob(), "spec", "tfReplicaSpecs", "worker", to=ONE), f"{ROLES}.worker: the role Worker stands twice"),
    (changed(trainjob(), "spec", "podSpecOverrides", to=1), "spec.podSpecOverrides: spec.podSpecOverrides is no list"),
    (v1alpha1(1), "spec.replicaSpecs[0]: a replica spec is an object"),
    (v1alpha1({}, {}), "spec.replicaSpecs[1].tfReplicaType: the types" + ONCE),
    (v1alpha1({"tfReplicaType": []}), "spec.replicaSpecs[0].tfReplicaType: the types" + ONCE),
    ({**v1alpha1(), "spec": {}}, "spec.replicaSpecs: a TFJob of v1alpha1 has a list of replicas"),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "finding"), BROKEN, ids=range(len(BROKEN)))
def test_what_has_not_the_form_of_a_job_stays_as_it_is(manifest: dict[str, Any], finding: str) -> None:
    there = convert(manifest, "job")
    assert there.data is manifest
    assert [f"{f.path}: {f.message}" for f in there.findings if f.code == "K209"] == [finding]
