"""Conversions between dialects: what each carries, what is lost and said so, the jobs of a cell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conversions import (
    BACKOFF,
    OPERATOR,
    ROLES,
    RUNTIME,
    TORCH_WORKER,
    batch,
    limited,
    made,
    mpijob,
    pytorchjob,
    single,
    told,
)
from dlaasgen.conversion import conform, convert
from dlaasgen.dialects import DIALECTS
from jobs import ARGS, IMAGE, WORKER, changed, flat, job, replica, service, tfjob, trainjob

CASES: list[tuple[dict[str, Any], str, list[str]]] = [
    (tfjob(), "tfjob-v1", []),
    (tfjob(), "tfjob-v1beta2", []),
    (tfjob(), "tfjob-v1-flat", []),
    (
        tfjob(),
        "tfjob-v1alpha2",
        [
            "e K202 spec.runPolicy.activeDeadlineSeconds: tfjob-v1alpha2 has no activeDeadlineSeconds",
            "n K206 spec.runPolicy.backoffLimit: tfjob-v1alpha2 does not say backoffLimit, and does it",
        ],
    ),
    (
        changed(single(backoffLimit=1), "spec", "successPolicy", to="AllWorkers"),
        "tfjob-v1alpha2",
        [
            "n K206 spec.runPolicy: cleanPodPolicy None is written out",
            "n K206 spec.runPolicy.backoffLimit: tfjob-v1alpha2 does not say backoffLimit, and does it",
            "w K202 spec.successPolicy: tfjob-v1alpha2 has no successPolicy",
        ],
    ),
    (
        changed(single(suspend=False), "spec", "enableDynamicWorker", to=False),
        "tfjob-v1-flat",
        [
            "n K206 spec.runPolicy: cleanPodPolicy None is written out",
            "n K206 spec.runPolicy.suspend: tfjob-v1-flat does not say suspend, and does it",
            "n K206 spec.enableDynamicWorker: enableDynamicWorker says nothing here: it is left out",
        ],
    ),
    (
        single(suspend=True, schedulingPolicy={"queue": "a"}, cleanPodPolicy="All"),
        "tfjob-v1beta2",
        [
            "e K202 spec.runPolicy.schedulingPolicy: tfjob-v1beta2 has no schedulingPolicy",
            "e K202 spec.runPolicy.suspend: tfjob-v1beta2 has no suspend",
        ],
    ),
    (
        tfjob(),
        "job",
        [
            "e K204 spec: the pods find each other by TF_CONFIG, in job by JOB_COMPLETION_INDEX",
            f"e K201 {ROLES}.PS: job has no role PS",
            BACKOFF,
            "w K202 spec.runPolicy.cleanPodPolicy: job has no cleanPodPolicy",
        ],
    ),
    (
        tfjob(servers=0),
        "trainjob-v1alpha1",
        [
            "e K204 spec: the pods find each other by TF_CONFIG, in trainjob-v1alpha1 by what its runtime sets",
            "n K206 spec.runPolicy.cleanPodPolicy: trainjob-v1alpha1 does not say cleanPodPolicy, and does it",
            "e K202 spec.runPolicy.backoffLimit: trainjob-v1alpha1 has no backoffLimit",
            f"w K207 {ROLES}.Worker.restartPolicy: a TrainJob cannot say restartPolicy of its pods",
            RUNTIME,
        ],
    ),
    (
        tfjob(),
        "pytorchjob-v1",
        [
            "e K204 spec: the pods find each other by TF_CONFIG, in pytorchjob-v1 by MASTER_ADDR and RANK",
            f"e K201 {ROLES}.PS: pytorchjob-v1 has no role PS",
            f"n K206 {ROLES}.Worker.template.spec.containers[0].name: the container tensorflow is called pytorch",
            f"n K206 {ROLES}.Worker.template.spec.containers[0].name: the container tensorflow is called pytorch",
        ],
    ),
    (
        tfjob(servers=0),
        "mpijob-v1",
        [
            "e K204 spec: the pods find each other by TF_CONFIG, in mpijob-v1 by a file of hosts",
            f"e K201 {ROLES}.Worker: an MPIJob needs a launcher, which starts what the workers run",
        ],
    ),
    (single(), "job", [BACKOFF]),
    (single(backoffLimit=2), "job", [BACKOFF]),
    (
        changed(single(), *WORKER, "restartPolicy", to="OnFailure"),
        "job",
        ["w K203 spec.runPolicy.backoffLimit: a Job restarts pods 6 times, a TFJob without end"],
    ),
    (
        changed(single(backoffLimit=4), *WORKER, "restartPolicy", to="ExitCode"),
        "job",
        [f"e K203 {ROLES}.Worker.restartPolicy: job does not know the restartPolicy ExitCode"],
    ),
    (
        single(backoffLimit=0, cleanPodPolicy="Running", ttlSecondsAfterFinished=60, managedBy=OPERATOR),
        "job",
        [
            "n K206 spec.runPolicy.managedBy: managedBy names the job's own controller: it is left out",
            "n K206 spec.runPolicy.cleanPodPolicy: job does not say cleanPodPolicy, and does it",
        ],
    ),
    (single(managedBy="kueue.x-k8s.io/multikueue", backoffLimit=0), "job", []),
    (
        single(managedBy="kueue.x-k8s.io/multikueue", backoffLimit=0),
        "tfjob-v1-flat",
        [
            "n K206 spec.runPolicy: cleanPodPolicy None is written out",
            "e K202 spec.runPolicy.managedBy: tfjob-v1-flat has no managedBy",
        ],
    ),
    (batch(), "tfjob-v1", []),
    (batch(1, suspend=True), "tfjob-v1", []),
    (batch(backoffLimit=3), "pytorchjob-v1", [
        "n K206 spec.template.spec.containers[0].name: the container tensorflow is called pytorch",
        "w K203 spec.backoffLimit: a Job replaces failed pods, a PyTorchJob does not",
    ]),
    (changed(job(), "spec", "template", "spec", "restartPolicy", to="OnFailure"), "tfjob-v1", [
        "n K206 spec.backoffLimit: backoffLimit 6 is written out",
    ]),
    (batch(managedBy=OPERATOR), "tfjob-v1", [
        "e K202 spec.managedBy: managedBy would name the own controller of tfjob-v1: it is left out",
    ]),
    (batch(completions=1), "tfjob-v1", ["n K206 spec: parallelism and completions are both 1"]),
    (batch(1, completionMode="Indexed", managedBy="kubernetes.io/job-controller"), "tfjob-v1", [
        "n K206 spec.managedBy: managedBy names the job's own controller: it is left out",
        "n K206 spec.completionMode: completionMode says nothing of one pod",
    ]),
    (batch(parallelism=2, completions=6), "tfjob-v1", [
        "e K202 spec.parallelism: the pods share out work: parallelism 2, completions 6",
        "w K204 spec: the pods find each other by nothing, in tfjob-v1 by TF_CONFIG",
    ]),
    (batch(2, completionMode="Indexed", podReplacementPolicy="Failed"), "tfjob-v1", [
        "e K204 spec: the pods find each other by JOB_COMPLETION_INDEX, in tfjob-v1 by TF_CONFIG",
        "e K202 spec.podReplacementPolicy: tfjob-v1 has no podReplacementPolicy",
    ]),
    (batch(2, completionMode="NonIndexed"), "trainjob-v1alpha1", [
        "w K204 spec: the pods find each other by nothing, in trainjob-v1alpha1 by what its runtime sets",
        "e K202 spec.backoffLimit: trainjob-v1alpha1 has no backoffLimit",
        "n K206 spec.completionMode: completionMode says nothing here: it is left out",
        "n K206 spec.template.spec.containers: the container tensorflow is the node's",
        "w K207 spec.restartPolicy: a TrainJob cannot say restartPolicy of its pods",
        RUNTIME,
    ]),
    (pytorchjob(0), "tfjob-v1", [
        "n K206 spec.pytorchReplicaSpecs.Master.template.spec.containers[0].name: "
        "the container pytorch is called tensorflow",
    ]),
    (pytorchjob(2, nprocPerNode="2", elasticPolicy={"maxRestarts": 1}), "trainjob-v1alpha1", [
        "w K204 spec: the pods find each other by MASTER_ADDR and RANK, in trainjob-v1alpha1 by what its runtime sets",
        "e K202 spec.elasticPolicy: trainjob-v1alpha1 has no elasticPolicy",
        "w K207 spec.pytorchReplicaSpecs.Worker.restartPolicy: a TrainJob cannot say restartPolicy of its pods",
        RUNTIME,
    ]),
    (changed(pytorchjob(), *TORCH_WORKER, "template", "spec", "hostNetwork", to=True), "job", [
        "e K204 spec: the pods find each other by MASTER_ADDR and RANK, in job by JOB_COMPLETION_INDEX",
        "e K205 spec.pytorchReplicaSpecs.Master: the pods of job are equal, these are not",
        "n K206 spec.runPolicy.backoffLimit: backoffLimit 0 is written out: with Never nothing is retried",
    ]),
    (limited(60, activeDeadlineSeconds=360), "trainjob-v1alpha1", [
        "n K206 spec.tfReplicaSpecs.Worker.template.spec.activeDeadlineSeconds: the job's deadline ends its pods: "
        "theirs is left out",
        "w K207 spec.tfReplicaSpecs.Worker.restartPolicy: a TrainJob cannot say restartPolicy of its pods",
        RUNTIME,
    ]),
    (limited(60), "trainjob-v1alpha1", [
        "w K207 spec.tfReplicaSpecs.Worker.template.spec.activeDeadlineSeconds: a TrainJob cannot say "
        "activeDeadlineSeconds of its pods",
        "w K207 spec.tfReplicaSpecs.Worker.restartPolicy: a TrainJob cannot say restartPolicy of its pods",
        RUNTIME,
    ]),
    (mpijob(), "mpijob-v2beta1", ["w K204 spec: the launcher of mpijob-v2beta1 reaches its workers in another way"]),
    (mpijob("v2beta1", 0, mpiImplementation="Intel"), "mpijob-v1", [
        "e K202 spec.mpiImplementation: mpijob-v1 has no mpiImplementation",
    ]),
    (mpijob(cleanPodPolicy="All"), "mpijob-v1", ["w K210 spec.cleanPodPolicy: cleanPodPolicy belongs into runPolicy"]),
    (mpijob(slotsPerWorker=2), "job", [
        "e K204 spec: the pods find each other by a file of hosts, in job by JOB_COMPLETION_INDEX",
        "e K201 spec.mpiReplicaSpecs.Launcher: job has no role Launcher",
        "n K206 spec.runPolicy.backoffLimit: backoffLimit 0 is written out: with Never nothing is retried",
        "e K202 spec.slotsPerWorker: job has no slotsPerWorker",
    ]),
    (trainjob(1), "job", [
        "w K208 spec.runtimeRef: what the runtime tensorflow gives to the pods is not in the file",
        "w K203 spec.backoffLimit: a Job restarts pods 6 times, a TrainJob without end",
        "n K206 spec.trainer.restartPolicy: restartPolicy: OnFailure is written out",
    ]),
    (trainjob(2), "pytorchjob-v1", [
        "w K208 spec.runtimeRef: what the runtime tensorflow gives to the pods is not in the file",
        "e K204 spec: the pods find each other by what its runtime sets, in pytorchjob-v1 by MASTER_ADDR and RANK",
        "n K206 spec.trainer.template.spec.containers[0].name: the container node is called pytorch",
        "n K206 spec.trainer.template.spec.containers[0].name: the container node is called pytorch",
    ]),
    (service(), "tfjob-v1", ["n K211 kind: 'Service' has no dialects: it is passed on unchanged"]),
    ([], "tfjob-v1", ["n K211 kind: [] has no dialects: it is passed on unchanged"]),  # type: ignore[list-item]
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "to", "findings"), CASES, ids=range(len(CASES)))
def test_what_is_told(manifest: dict[str, Any], to: str, findings: list[str]) -> None:
    assert told(manifest, to) == findings


def test_the_whole_of_a_job() -> None:
    assert made(flat(), "tfjob-v1") == tfjob()
    data = tfjob()
    assert made(data, "tfjob-v1beta2") == flat("v1beta2")
    assert made(job(), "job") == job()


def test_null_is_nothing() -> None:
    data = changed(tfjob(), "spec", "runPolicy", "activeDeadlineSeconds", to=None)
    data["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["nodeSelector"] = None
    there = convert(data, "tfjob-v1alpha2")
    assert [f.severity for f in there.findings] == ["note"]
    assert there.data["spec"]["tfReplicaSpecs"]["Worker"]["template"] == replica(3)["template"]


def test_one_pod_as_each_kind() -> None:
    worker = replica(1)
    pod = worker["template"]["spec"]
    assert made(single(backoffLimit=0), "job") == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": tfjob()["metadata"],
        "spec": {
            "backoffLimit": 0,
            "parallelism": 1,
            "completions": 1,
            "template": {"spec": {"restartPolicy": "Never", **pod}},
        },
    }
    torch = {**worker, "template": {"spec": {"containers": [{**pod["containers"][0], "name": "pytorch"}]}}}
    assert made(single(), "pytorchjob-v1")["spec"] == {"pytorchReplicaSpecs": {"Master": torch}}
    assert made(single(), "mpijob-v2beta1")["spec"] == {"mpiReplicaSpecs": {"Launcher": worker}}
    assert made(single(), "trainjob-v1alpha1")["spec"] == {
        "runtimeRef": {"name": "torch-distributed"},
        "trainer": {
            "image": IMAGE,
            "args": [*ARGS],
            "numNodes": 1,
            "resourcesPerNode": pod["containers"][0]["resources"],
        },
    }


@pytest.mark.parametrize("to", [name for name in DIALECTS if name != "trainjob-v1alpha1"])
def test_the_deadline_of_a_pod_is_its_own_in_every_dialect_with_pods(to: str) -> None:
    assert '"activeDeadlineSeconds": 60' in json.dumps(made(limited(60), to))


def test_defaults_that_differ_are_written_out() -> None:
    bare = {k: v for k, v in flat("v1alpha2").items() if k != "spec"}
    roles = {"Worker": {"template": replica(1)["template"]}}
    data = {**bare, "spec": {"tfReplicaSpecs": roles}}
    assert made(data, "tfjob-v1")["spec"] == {"runPolicy": {"cleanPodPolicy": "Running"}, "tfReplicaSpecs": roles}
    assert made(data, "tfjob-v1-flat")["spec"] == {"cleanPodPolicy": "Running", "tfReplicaSpecs": roles}
    torch = made(data, "pytorchjob-v1")["spec"]
    assert torch["pytorchReplicaSpecs"]["Master"]["restartPolicy"] == "Never"
    mpi = mpijob()
    del mpi["spec"]["mpiReplicaSpecs"]["Worker"]["replicas"]
    del mpi["spec"]["mpiReplicaSpecs"]["Launcher"]["restartPolicy"]
    launcher, worker = made(mpi, "mpijob-v2beta1")["spec"]["mpiReplicaSpecs"].values()
    assert launcher["restartPolicy"] == "Never"
    assert worker["replicas"] == 1
    mpi["apiVersion"] = "kubeflow.org/v2beta1"
    launcher, worker = made(mpi, "mpijob-v1")["spec"]["mpiReplicaSpecs"].values()
    assert (launcher["restartPolicy"], worker["replicas"]) == ("OnFailure", 0)


def test_what_is_not_said_is_not_made_up() -> None:
    data = trainjob(1)
    data["spec"]["trainer"] |= {"numProcPerNode": 2}
    del data["spec"]["trainer"]["numNodes"]
    assert "parallelism" not in made(data, "job")["spec"]
    torch = made(data, "pytorchjob-v1")["spec"]
    assert torch["nprocPerNode"] == "2"
    assert torch["pytorchReplicaSpecs"]["Master"]["replicas"] == 1  # the operator wants to read it
    assert "restartPolicy" not in torch["pytorchReplicaSpecs"]["Master"]
    assert "K207" not in {f.code for f in convert(made(data, "pytorchjob-v1"), "trainjob-v1alpha1").findings}


def test_a_role_that_is_alone_has_the_name_that_one_pod_has() -> None:
    data = single()
    data["spec"]["tfReplicaSpecs"] = {"Chief": replica(1), "PS": replica(0)}
    there = convert(data, "mpijob-v1")
    assert list(there.data["spec"]["mpiReplicaSpecs"]) == ["Launcher"]
    assert [f.message for f in there.findings] == [
        "a role without pods is left out",
        "the one pod is the job's launcher",
    ]
    data["spec"]["tfReplicaSpecs"] = {"Chief": replica(1), "Worker": replica(1)}
    assert list(made(data, "pytorchjob-v1")["spec"]["pytorchReplicaSpecs"]) == ["Master", "Worker"]
    data["spec"]["tfReplicaSpecs"] = {"PS": replica(2)}
    (launcher,) = made(data, "mpijob-v1")["spec"]["mpiReplicaSpecs"].items()
    assert (launcher[0], launcher[1]["replicas"]) == ("Launcher", 1)
    assert "mpijob-v1 has one launcher, not 2" in [f.message for f in convert(data, "mpijob-v1").findings]


def test_the_first_of_several_containers_gets_the_operators_name() -> None:
    data = batch()
    data["spec"]["template"]["spec"]["containers"] = [{"name": "a", "image": IMAGE}, {"name": "b", "image": IMAGE}]
    there = convert(data, "tfjob-v1")
    boxes = there.data["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["containers"]
    assert [b["name"] for b in boxes] == ["tensorflow", "b"]
    assert [(f.severity, f.message) for f in there.findings] == [
        ("warning", "the container a is called tensorflow: the first of several")
    ]
    assert made(data, "trainjob-v1alpha1")["spec"]["trainer"]["image"] == IMAGE


def test_the_objects_of_a_cell() -> None:
    assert conform([tfjob(), job(), service()], "tfjob-v1") is None
    first, beside, other = conform([flat("v1beta2"), job(), service()], "tfjob-v1") or [convert(None, "job")] * 3
    assert first.data == tfjob()
    assert (beside.data, other.data) == (job(), service())
    (only,) = conform([batch()], "tfjob-v1") or [convert(None, "job")]
    assert only.data["kind"] == "TFJob"


@pytest.mark.parametrize("to", DIALECTS)
def test_every_pair(to: str) -> None:
    """Whatever is lost, what is left has the form of its dialect."""
    for manifest in (tfjob(), flat(), flat("v1beta2"), flat("v1alpha2"), job(), trainjob(), pytorchjob(), mpijob()):
        told(manifest, to)
