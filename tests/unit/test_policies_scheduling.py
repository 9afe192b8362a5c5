"""Policies on scheduling and the end of jobs (P4xx), each by an example and by what it has nothing against."""

from __future__ import annotations

from dlaasgen.checks import Checker, Context
from dlaasgen.matrix import Cluster
from jobs import BOX, POD, WORKER, changed, container, flat, job, replica, tfjob
from policing import CONTEXT, Manifest, W, each_bad, each_good, labelled, policies_of, policy, shown_by, told, without

# (manifest, all that is found in it)
BAD: list[tuple[Manifest, list[str]]] = [
    (
        policy("backoffLimit", 0),
        [
            "spec.runPolicy.backoffLimit: warning[P405]: with backoffLimit 0 the operator removes failed pods, and "
            "their logs; set backoffLimit: 1"
        ],
    ),
    (
        changed(tfjob(), *BOX, "resources", "requests", "cpu", to=40),
        [
            f"{W}.template.spec: error[P401]: no node can hold a pod of Worker: it requests more CPU than a node has; "
            "found 40; expected at most 36; lower the requests, or correct cluster"
        ],
    ),
    (
        changed(job(), "spec", "template", "spec", "containers", 0, "resources", to={"limits": {"memory": "200Gi"}}),
        [
            "spec.template.spec: error[P401]: no node can hold the pod: it requests more memory than a node has; "
            "found 200Gi; expected at most 192Gi; lower the requests, or correct cluster"
        ],
    ),
    (
        changed(tfjob(), *WORKER, to=replica(4, cpu="28")),
        [
            "spec: error[P402]: all nodes together cannot hold the job: its pods request more CPU than they have; "
            "found 114; expected at most 108 on 3 nodes; lower the requests or the replicas, or correct cluster"
        ],
    ),
    (
        changed(tfjob(), *WORKER, to=replica(4, cpu="20")),
        [
            "spec: error[P402]: all nodes together cannot hold the job: it has 4 pods of at least 20 of CPU; "
            "found 4; expected at most 3 on 3 nodes; lower the requests or the replicas, or correct cluster"
        ],
    ),
    (
        without(tfjob(), "spec", "runPolicy", "activeDeadlineSeconds"),
        ["spec.runPolicy.activeDeadlineSeconds: warning[P403]: the job has no deadline; set activeDeadlineSeconds"],
    ),
    (
        flat("v1alpha2"),
        [
            "spec: warning[P403]: the job has no deadline; this dialect has none for the job: set "
            "activeDeadlineSeconds in each pod's spec"
        ],
    ),
    (
        changed(policy("suspend", value=True), "metadata", "labels", "kueue.x-k8s.io/queue-name", to="q"),
        [
            "spec.runPolicy.suspend: warning[P404]: suspend is set for a job that Kueue queues; found true; "
            "leave suspend out: Kueue suspends the job itself"
        ],
    ),
    (
        changed(tfjob(), *POD, "activeDeadlineSeconds", to=7200),
        [
            "spec.runPolicy.activeDeadlineSeconds: warning[P406]: the job's deadline removes its pods, and their logs, "
            "before they end by their own; found 7200; expected more than 7200; make the job's deadline some minutes "
            "longer"
        ],
    ),
    (
        changed(job(), "spec", "template", "spec", "activeDeadlineSeconds", to=7300),
        [
            "spec.activeDeadlineSeconds: warning[P406]: the job's deadline removes its pods, and their logs, before "
            "they end by their own; found 7200; expected more than 7300; make the job's deadline some minutes longer"
        ],
    ),
]


@each_bad(BAD)
def test_bad(manifest: Manifest, findings: list[str]) -> None:
    assert told(manifest) == findings


def test_every_policy_on_one_manifest_has_an_example() -> None:
    assert shown_by(BAD) == policies_of("P4")


GOOD = [
    changed(tfjob(), *WORKER, to=replica(3, cpu="34")),
    changed(without(job(), "spec", "activeDeadlineSeconds"), "spec", "template", "spec", "activeDeadlineSeconds", to=9),
    changed(tfjob(), *POD, "activeDeadlineSeconds", to=7199),
    policy("suspend", value=True),
    labelled("kueue.x-k8s.io/queue-name", "q"),
]


@each_good(GOOD)
def test_good(manifest: Manifest) -> None:
    assert told(manifest) == []


def test_requests_count_sidecars_initial_containers_and_overhead() -> None:
    side = {**container(cpu="10"), "name": "side", "restartPolicy": "Always"}
    first = {**container(cpu="30"), "name": "first"}
    data = changed(tfjob(workers=1), *POD, "initContainers", to=[first, side])
    data = changed(data, *POD, "overhead", to={"cpu": "7"})
    assert told(data) == [
        f"{W}.template.spec: error[P401]: no node can hold a pod of Worker: it requests more CPU than a node has; "
        "found 37; expected at most 36; lower the requests, or correct cluster"
    ]


def test_a_cluster_without_sizes_says_nothing() -> None:
    data = changed(tfjob(), *BOX, "resources", "requests", "cpu", to=400)
    assert told(data, Context(cluster=Cluster(nodes=1))) == []
    assert told(data, Context(cluster=Cluster(nodes=1, memory=192 << 30))) == []
    assert told(data, Context()) == []


def test_a_pod_may_request_for_its_containers() -> None:
    data = changed(job(), "spec", "template", "spec", "resources", to={"requests": {"cpu": 4}})
    assert told(without(data, "spec", "template", "spec", "containers", 0, "resources")) == []
    data = changed(job(), "spec", "template", "spec", "resources", to={"requests": {"cpu": 40}})
    assert [f.code for f in Checker(CONTEXT).findings(data)] == ["P401"]
