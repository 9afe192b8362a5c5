"""Jobs that cannot succeed: `dlaasgen status` and the stored result both say so, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from e2e.cluster.settings import CONTEXT

if TYPE_CHECKING:
    from e2e.kube import Kube
    from e2e.study import Study

pytestmark = pytest.mark.outside

# Port 1 of the node itself: refused at once, and nobody else is asked.
NOWHERE = "127.0.0.1:1/none@sha256:" + "0" * 64


def status(study: Study, kube: Kube) -> dict[str, Any]:
    """What `dlaasgen status` says of the only cell."""
    done = kube.run("dlaasgen", "status", study.tree(), "--context", CONTEXT, "--output", "json")
    (found,) = done.ok().data
    return dict(found)


def stored(study: Study, kube: Kube) -> dict[str, Any]:
    """The only result, after collecting; collecting again changes nothing of it."""
    line = ("collect", "--from", f"k8s://{kube.namespace}", "--store", "s.db", "--tree", study.tree(), "-o", "json")
    kube.run("dlaasgen", *line).ok()
    show = ("results", "--store", "s.db", "--output", "json")
    (first,) = kube.run("dlaasgen", *show).ok().data
    again = kube.run("dlaasgen", *line).ok().data
    assert (again["new"], again["results"]) == (0, 0)
    assert kube.run("dlaasgen", *show).ok().data == [first]
    return dict(first)


def test_a_model_that_the_benchmark_does_not_know(study: Study, kube: Kube) -> None:
    axes = {"model": ["resnet5000"], "batch_size": [32], "replicas": [1]}
    off = {"disable": [{"code": "P309", "reason": "it is what the test is about"}]}
    (job,) = study.render(axes=axes, checks=off).values()
    study.apply()
    kube.finished(job, as_="Failed")
    said = status(study, kube)
    assert said["state"] == "failed"
    assert "replica(s) failed" in said["message"]
    found = stored(study, kube)
    assert found["status"] == "failed"
    assert "Invalid model name 'resnet5000'" in found["reason"]
    (pod,) = (one for one in found["kubernetes"] if one["kind"] == "Pod" and one["state"] == "failed")
    assert [one["code"] for one in pod["exits"]] == [1]
    assert found["manifest_digest"]


def test_a_job_that_fits_on_no_node(study: Study, kube: Kube) -> None:
    (job,) = study.render(params={"cpu": "640"}).values()
    study.apply()
    kube.wait("status says so", lambda: status(study, kube)["reason"] == "unschedulable")
    assert "Insufficient cpu" in status(study, kube)["message"]
    found = stored(study, kube)
    assert (found["job"], found["status"], found["logs"]) == (job, "no-data", found["logs"])
    assert found["reason"].startswith("worker 0, worker 1: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu")


def test_an_image_that_is_nowhere(study: Study, kube: Kube) -> None:
    study.render(params={"image": NOWHERE})
    study.apply()
    kube.wait("status says so", lambda: status(study, kube)["reason"] == "image pull")
    assert NOWHERE in status(study, kube)["message"]
    found = stored(study, kube)
    assert (found["status"], found["logs"]) == ("no-data", [])
    assert found["reason"].startswith("ps 0, worker 0, worker 1: ErrImagePull: ")
    assert "connection refused" in found["reason"]


def test_a_job_past_its_deadline(study: Study, kube: Kube) -> None:
    (job,) = study.render(params={"num_batches": 100000, "deadline_seconds": 8}).values()
    study.apply()
    # The kubelet ends the pods, and so the job: nothing else needs to happen to it.
    kube.finished(job, as_="Failed")
    said = status(study, kube)
    assert said["state"] == "failed"
    found = stored(study, kube)
    assert found["status"] == "failed"
    assert "DeadlineExceeded: Pod was active on the node longer than the specified deadline" in found["reason"]
    assert found["logs"], "a pod that ended by its deadline keeps its log"


def test_a_job_of_kubernetes_past_its_deadline(study: Study, kube: Kube) -> None:
    """The job controller, too, would remove a running pod at the job's deadline. The pod's comes before."""
    axes = {"model": ["trivial"], "batch_size": [32]}
    params = {"num_batches": 100000, "deadline_seconds": 8}
    (job,) = study.render(prototype="single-node", axes=axes, id="{{ model }}", params=params).values()
    study.apply()
    kube.wait("the job has failed", lambda: kube.get("Job", job)["status"].get("failed"))
    kube.wait("status says so", lambda: status(study, kube)["state"] == "failed")
    found = stored(study, kube)
    assert (found["job"], found["status"]) == (job, "failed")
    assert "DeadlineExceeded: Pod was active on the node longer than the specified deadline" in found["reason"]
    assert found["logs"], "a pod that ended by its deadline keeps its log"


def test_a_job_past_its_own_deadline(study: Study, kube: Kube) -> None:
    (job,) = study.render(params={"num_batches": 100000}).values()
    study.apply()
    kube.wait("the workers run", lambda: "Running" in kube.conditions(job))
    # Of a job without a deadline for its pods: the operator (1.8) looks at it at the next event only.
    change = '{"spec": {"runPolicy": {"activeDeadlineSeconds": 1}}}'
    kube.kubectl("patch", "tfjob", job, "--type=merge", "-p", change, "--namespace", kube.namespace).ok()
    kube.finished(job, as_="Failed")
    assert "longer than specified deadline" in status(study, kube)["message"]
    kube.wait("the pods are gone", lambda: not kube.pods(job))
    found = stored(study, kube)
    assert (found["status"], found["logs"]) == ("failed", [])
    assert "longer than specified deadline" in found["reason"]
