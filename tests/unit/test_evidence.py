"""Evidence: what Kubernetes says of pods and jobs, as the API gives it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from dlaasgen import evidence
from dlaasgen.evidence import Evidence, Exit, of_job
from dlaasgen.origins import Origin
from dlaasgen.pod_logs import Container, containers

ORIGIN = Origin("", "job", "worker", 1)


def of(status: dict[str, Any] | None, **metadata: Any) -> Evidence:
    told = {"name": "job-worker-1", "namespace": "n", "uid": "u", "creationTimestamp": "2026-11-24T07:44:48Z"}
    return evidence.of_pod({"metadata": {**told, **metadata}, "status": status}, ORIGIN)


def container(state: dict[str, Any], last: dict[str, Any] | None = None, restarts: int = 0) -> dict[str, Any]:
    return {"name": "tensorflow", "restartCount": restarts, "state": state, "lastState": last or {}}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    states = [container({"waiting": {"reason": reason, "message": message}}, **more)]
    return {"phase": "Pending", "containerStatuses": states}


def ended(code: int, reason: str = "Error") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason}}


PULL = 'failed to pull and unpack image "a/b:1": connection refused'


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (None, "pending", ""),
        ({"phase": "Pending"}, "pending", ""),
        ({"phase": "Running", "containerStatuses": [container({"running": {}})]}, "running", ""),
        ({"phase": "Unknown"}, "running", ""),
        ({"phase": "Running", "conditions": [{"type": "PodScheduled", "status": "True"}]}, "running", ""),
        ({"phase": "Succeeded", "containerStatuses": [container(ended(0, "Completed"))]}, "succeeded", ""),
        (waiting("ContainerCreating"), "pending", "ContainerCreating"),
        (waiting("ErrImagePull", PULL), "pending", f"ErrImagePull: {PULL}"),
        # The pause between two pulls is the same trouble, in the words of Kubernetes before and after 1.32.
        (waiting("ImagePullBackOff", f'Back-off pulling image "a/b:1": ErrImagePull: {PULL}'), "pending",
         f"ErrImagePull: {PULL}"),
        (waiting("ImagePullBackOff", 'Back-off pulling image "a/b:1"'), "pending",
         "ErrImagePull: the image cannot be pulled"),
        (waiting("CreateContainerConfigError", 'secret "x" not found'), "pending",
         'CreateContainerConfigError: secret "x" not found'),
        (waiting("CrashLoopBackOff", "back-off 10s restarting", last=ended(137, "OOMKilled"), restarts=2), "pending",
         "CrashLoopBackOff: exit code 137 (OOMKilled)"),
        (waiting("CrashLoopBackOff", "back-off 10s", last=ended(1, ""), restarts=1), "pending",
         "CrashLoopBackOff: exit code 1"),
        (waiting("CrashLoopBackOff", "back-off 10s", last=ended(0, "Completed"), restarts=1), "pending",
         "CrashLoopBackOff"),
        ({"phase": "Failed", "containerStatuses": [container(ended(1))]}, "failed", "Error: exit code 1"),
        ({"phase": "Failed", "containerStatuses": [container(ended(137, "OOMKilled"))]}, "failed",
         "OOMKilled: exit code 137"),
        ({"phase": "Failed", "reason": "Evicted", "message": "The node was low on  resource: memory."}, "failed",
         "Evicted: The node was low on resource: memory."),
        ({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
          "message": "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available."}]}, "pending",
         "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu."),
        ({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False"}]}, "pending", "Unschedulable"),
        ({"phase": "Running", "conditions": [{"type": "DisruptionTarget", "status": "True",
          "reason": "PreemptionByScheduler", "message": "preempted"}, {"type": "PodScheduled", "status": "True"}]},
         "running", "PreemptionByScheduler: preempted"),
        ({"phase": "Running", "conditions": [{"type": "DisruptionTarget", "status": "True"}]}, "running",
         "DisruptionTarget"),
        ({"phase": "Pending", "conditions": "nonsense", "containerStatuses": [{"name": "x"}, 7]}, "pending", ""),
    ],
)  # fmt: skip
def test_what_a_pod_says(status: dict[str, Any] | None, state: str, words: str) -> None:
    found = of(status)
    assert (found.state, found.words) == (state, words)
    assert (found.key, found.role, found.number) == ("pod:n/job-worker-1/u", "worker", 1)
    assert evidence.from_json(orjson.loads(orjson.dumps(evidence.to_json(found)))) == found


def test_a_pod_that_was_ended_from_outside() -> None:
    late = of({"phase": "Failed", "reason": "DeadlineExceeded", "containerStatuses": [container(ended(137))]})
    assert (late.reason, late.outside, late.exits) == ("DeadlineExceeded", True, (Exit("tensorflow", 0, 137, "Error"),))
    lost = of({"phase": "Running", "reason": "NodeLost"})
    assert (lost.reason, lost.outside) == ("NodeLost", False)


def test_the_end_of_each_run_of_a_container() -> None:
    status = {"phase": "Running", "containerStatuses": [container({"running": {}}, ended(1), restarts=2)]}
    assert of(status).exits == (Exit("tensorflow", 1, 1, "Error"),)
    # A state that was left over from before the first restart is of no run.
    assert of({"containerStatuses": [container({"running": {}}, ended(1))]}).exits == ()


@pytest.mark.parametrize(("code", "reason", "kept"), [(143, "Error", False), (137, "Error", False),
                                                      (137, "OOMKilled", True), (1, "Error", True)])  # fmt: skip
def test_the_signal_that_ends_a_pod_which_is_deleted_is_no_failure(code: int, reason: str, *, kept: bool) -> None:
    status = {"phase": "Failed", "containerStatuses": [container(ended(code, reason))]}
    found = of(status, deletionTimestamp="2026-11-24T07:50:00Z")
    assert bool(found.exits) is kept
    assert bool(found.reason) is kept


def test_what_is_gone() -> None:
    assert evidence.went(of({"phase": "Pending"})).gone
    assert not evidence.went(of({"phase": "Failed"})).gone


def test_a_long_message_is_cut() -> None:
    found = of(waiting("ErrImagePull", "x" * 2000))
    assert len(found.message) == 500
    assert found.message.endswith("...")


def job(*conditions: tuple[str, str, str, str]) -> dict[str, Any]:
    told = [dict(zip(("type", "status", "reason", "message"), one, strict=True)) for one in conditions]
    return {"metadata": {"name": "job", "namespace": "n", "uid": "u"}, "status": {"conditions": told}}


@pytest.mark.parametrize(
    ("conditions", "state", "words"),
    [
        ((), "pending", ""),
        ((("Created", "True", "TFJobCreated", "is created"),), "pending", "TFJobCreated: is created"),
        ((("Suspended", "True", "", ""),), "pending", "Suspended"),
        ((("Created", "True", "a", "b"), ("Running", "True", "c", "d")), "running", ""),
        ((("Running", "False", "c", "d"), ("Succeeded", "True", "e", "f")), "succeeded", ""),
        ((("Complete", "True", "e", "f"),), "succeeded", ""),
        ((("Created", "True", "a", "b"), ("Failed", "True", "TFJobFailed", "too long")), "failed",
         "TFJobFailed: too long"),
    ],
)  # fmt: skip
def test_what_a_job_says(conditions: tuple[tuple[str, str, str, str], ...], state: str, words: str) -> None:
    found = of_job(job(*conditions), "TFJob")
    assert (found.key, found.kind, found.state, found.words) == ("job:n/TFJob/job/u", "TFJob", state, words)


def test_the_logs_that_a_pod_has() -> None:
    status = {
        "initContainerStatuses": [{"name": "init", "restartCount": 0, "state": {"terminated": {}}}],
        "containerStatuses": [
            {"name": "a", "restartCount": 2, "state": {"running": {}}},
            {"name": "b", "restartCount": 0, "state": {"waiting": {}}},
            {"name": "c"},
        ],
    }
    assert list(containers({"status": status})) == [
        Container("init", 0, previous=False, over=True),
        Container("a", 1, previous=True, over=True),
        Container("a", 2, previous=False, over=False),
    ]
    assert list(containers({})) == []
