"""Where a cell's job is, by objects as clusters have them."""

from __future__ import annotations

from typing import Any

import pytest

from dlaasgen.progress import covers, job_of, owner_of, owns_more, progress


def job(*conditions: tuple[str, str], spec: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "spec": spec or {},
        "status": {
            "conditions": [{"type": t, "status": s, "reason": f"TFJob{t}", "message": "said"} for t, s in conditions]
        },
    }


def pod(phase: str = "Pending", *, waiting: str | None = None, unschedulable: bool = False) -> dict[str, Any]:
    status: dict[str, Any] = {"phase": phase, "conditions": [{"type": "PodScheduled", "status": "True"}]}
    if unschedulable:
        message = "0/3 nodes are available: 3 Insufficient cpu."
        status["conditions"] = [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        ]
    if waiting is not None:
        status["containerStatuses"] = [{"name": "tensorflow", "state": {"waiting": {"reason": waiting}}}]
    return {"metadata": {"name": "p-worker-0"}, "status": status}


QUOTA = 'pods "x-worker-0" is forbidden: exceeded quota: small, requested: cpu=4, used: cpu=0, limited: cpu=2'
RUNNING = job(("Created", "True"), ("Running", "True"))


@pytest.mark.parametrize(
    ("live", "pods", "warnings", "told"),
    [
        (None, [], [], ("absent", "not applied")),
        ({}, [], [], ("pending", "no pods yet")),
        (job(("Created", "True")), [], [], ("pending", "no pods yet")),
        (job(("Created", "True")), [], [QUOTA], ("stuck", "quota")),
        (job(("Suspended", "True")), [], [], ("pending", "suspended")),
        (job(spec={"suspend": True}), [], [], ("pending", "suspended")),
        (job(spec={"runPolicy": {"suspend": True}}), [], [], ("pending", "suspended")),
        (job(("Created", "True")), [pod()], [], ("admitted", "starting")),
        (job(("Created", "True")), [pod(waiting="ContainerCreating")], [], ("admitted", "starting")),
        (RUNNING, [pod("Running"), pod()], [], ("running", "")),
        (RUNNING, [pod("Running"), pod(unschedulable=True)], [], ("stuck", "unschedulable")),
        (RUNNING, [pod(waiting="ImagePullBackOff")], [], ("stuck", "image pull")),
        (RUNNING, [pod(waiting="CrashLoopBackOff")], [], ("stuck", "crash loop")),
        (RUNNING, [pod(waiting="CreateContainerConfigError")], [], ("stuck", "container")),
        (job(("Running", "False"), ("Succeeded", "True")), [pod("Running")], [], ("succeeded", "TFJobSucceeded")),
        (job(("Complete", "True")), [], [], ("succeeded", "TFJobComplete")),
        (job(("Failed", "True")), [pod(waiting="CrashLoopBackOff")], [], ("failed", "TFJobFailed")),
        (job(("Failed", "False"), ("Restarting", "True")), [pod("Running")], [], ("running", "")),
        ({"status": "no object", "spec": []}, [{"status": {"conditions": 1}}], [], ("pending", "no pods yet")),
    ],
)
def test_where_a_job_is(live: Any, pods: Any, warnings: Any, told: tuple[str, str]) -> None:
    if told == ("pending", "no pods yet") and pods:
        told = ("admitted", "starting")
    found = progress("cell", "job", live, pods, warnings)
    assert (found.state, found.reason) == told


def test_why_it_does_not_get_on_is_said() -> None:
    assert progress("c", "j", RUNNING, [pod(unschedulable=True)]).message == (
        "p-worker-0: 0/3 nodes are available: 3 Insufficient cpu."
    )
    assert progress("c", "j", RUNNING, [pod(waiting="ErrImagePull")]).message == "p-worker-0: ErrImagePull"
    unready = pod()
    unready["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
    assert progress("c", "j", RUNNING, [unready]).state == "admitted"


def test_a_pod_names_its_job() -> None:
    assert job_of({"metadata": {"labels": {"training.kubeflow.org/job-name": "x"}}}) == "x"
    assert job_of({}) is None


@pytest.mark.parametrize(
    ("live", "wanted", "same"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": [1, {"x": 1, "y": 2}]}, {"a": [1, {"x": 1}]}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"a": {"b": 1}}, False),
        ({"a": 1}, {"a": [1]}, False),
    ],
)
def test_what_is_there_already(live: Any, wanted: Any, *, same: bool) -> None:
    assert covers(live, wanted) is same


MANAGED = {
    "f:metadata": {"f:labels": {"f:a": {}}},
    "f:spec": {
        "f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:name": {}}},
        "f:finalizers": {'v:"x"': {}},
        "f:list": {},
    },
}
WANTED: dict[str, Any] = {
    "metadata": {"labels": {"a": "1"}},
    "spec": {"ports": [{"port": 80, "name": "http"}], "finalizers": ["x"], "list": [1]},
}


def owned(operation: str = "Apply", manager: str = "dlaasgen") -> dict[str, Any]:
    return {"metadata": {"managedFields": [{"manager": manager, "operation": operation, "fieldsV1": MANAGED}]}}


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, False),
        ({"spec": {**WANTED["spec"], "new": 1}}, False),
        ({"metadata": {"labels": {}}}, True),
        ({"metadata": "text"}, True),
        ({"spec": {**WANTED["spec"], "ports": [{"port": 81, "name": "http"}]}}, True),
        ({"spec": {**WANTED["spec"], "ports": [{"port": 80}]}}, True),
        ({"spec": {**WANTED["spec"], "ports": [{"port": 80, "name": "http", "protocol": "UDP"}]}}, True),
        ({"spec": {**WANTED["spec"], "finalizers": []}}, True),
        ({"spec": {**WANTED["spec"], "finalizers": "x"}}, True),
        ({"spec": {**WANTED["spec"], "list": []}}, False),
    ],
)
def test_a_field_that_was_applied_and_is_no_more_in_the_manifest(changes: dict[str, Any], *, more: bool) -> None:
    wanted = {**WANTED, **changes}
    assert owns_more(owned(), wanted, "dlaasgen") is more
    assert not owns_more(owned("Update"), wanted, "dlaasgen")
    assert not owns_more(owned(manager="kubectl"), wanted, "dlaasgen")
    assert not owns_more({}, wanted, "dlaasgen")
    assert not owns_more({"metadata": {"managedFields": [{"manager": "a", "operation": "Apply"}]}}, wanted, "a")


NO_QUOTA = (
    "couldn't assign flavors to pod set worker: insufficient unused quota for cpu in flavor default, 4 more needed"
)


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ([("QuotaReserved", "False", NO_QUOTA)], ("pending", "quota", NO_QUOTA)),
        ([("Evicted", "True", "preempted")], ("pending", "evicted", "preempted")),
        ([("QuotaReserved", "True", "said"), ("Evicted", "False", "was")], ("pending", "suspended", "")),
        ([], ("pending", "suspended", "")),
    ],
)
def test_what_kueue_says_of_a_job_that_it_holds_back(conditions: list[Any], told: tuple[str, str, str]) -> None:
    status = {"conditions": [{"type": t, "status": s, "message": m} for t, s, m in conditions]}
    held = job(spec={"runPolicy": {"suspend": True}})
    found = progress("c", "j", held, workload={"status": status})
    assert (found.state, found.reason, found.message) == told


def test_the_job_of_a_workload_is_its_owner() -> None:
    owners = [{"name": "other"}, {"name": "job", "controller": True}]
    assert owner_of({"metadata": {"ownerReferences": owners}}) == "job"
    assert owner_of({"metadata": {}}) is None
