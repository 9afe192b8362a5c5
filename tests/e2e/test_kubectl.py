"""The whole way with kubectl: a rendered tree, the operator, real pods, and what jobs that cannot succeed look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from e2e.kube import Kube
    from e2e.study import Study

pytestmark = pytest.mark.outside


def state(pod: dict[str, Any]) -> str:
    return str(pod["status"]["phase"])


def waiting(pod: dict[str, Any]) -> str:
    """Why the container of a pod has not started."""
    return "".join(c["state"].get("waiting", {}).get("reason", "") for c in pod["status"].get("containerStatuses", ()))


def test_every_job_of_a_tree_runs_to_its_end(study: Study, kube: Kube) -> None:
    jobs = study.render(axes={"model": ["trivial"], "batch_size": [16, 32], "replicas": [1, 2]})
    study.apply()
    for job in jobs.values():
        kube.finished(job)
        # The job has succeeded once worker 0 has; cleanPodPolicy Running takes another worker away that is not done.
        assert state(kube.pods(job)["worker-0"]) == "Succeeded"
        # A worker starts only once it has reached the parameter server: by its name, over the pods' network.
        assert "total images/sec: " in kube.logs(job)


def test_the_parameter_server_ends_with_its_job(study: Study, kube: Kube) -> None:
    jobs = study.render(
        axes={"model": ["trivial"], "batch_size": [32], "replicas": [1], "clean_pod_policy": ["Running"]}
    )
    study.apply()
    (job,) = jobs.values()
    kube.finished(job)
    kube.wait("the parameter server's pod is gone", lambda: "ps-0" not in kube.pods(job))
    assert state(kube.pods(job)["worker-0"]) == "Succeeded"


def test_a_tree_applied_again_changes_nothing(study: Study, kube: Kube) -> None:
    (job,) = study.render().values()
    study.apply()
    done = kube.finished(job)
    again = kube.kubectl("apply", "-k", study.tree()).ok()
    assert again.out == f"tfjob.kubeflow.org/{job} unchanged\n"
    assert kube.get("TFJob", job)["metadata"]["uid"] == done["metadata"]["uid"]


def bad_model(study: Study, kube: Kube, **params: Any) -> str:
    """The name of a job that has failed since the benchmark, in the parameter server first, refused its model."""
    axes = {"model": ["resnet5000"], "batch_size": [32], "replicas": [1]}
    off = {"disable": [{"code": "P309", "reason": "it is what the test is about"}]}
    (job,) = study.render(axes=axes, checks=off, params=params).values()
    study.apply()
    kube.finished(job, as_="Failed")
    return job


def test_a_model_that_the_benchmark_does_not_know(study: Study, kube: Kube) -> None:
    job = bad_model(study, kube, backoff_limit=1)
    assert state(kube.pods(job)["ps-0"]) == "Failed"
    assert "Invalid model name 'resnet5000' for dataset 'imagenet'" in kube.logs(job)


def test_with_a_backoff_limit_of_zero_the_operator_takes_the_failed_pod_and_its_log_away(
    study: Study, kube: Kube
) -> None:
    job = bad_model(study, kube, backoff_limit=0, clean_pod_policy="None")

    def told() -> set[str]:
        return {event["message"] for event in kube.list("Event")}

    # Events are all that is left to tell of it. At times the operator, which does not see its own deletion at once,
    # makes the pod anew.
    gone = f"Deleted pod: {job}-ps-0"
    kube.wait("the failed pod is deleted", lambda: gone in told())
    assert f"Pod: {kube.namespace}.{job}-ps-0 exited with code 1" in told()
    assert "Invalid model name" not in kube.logs(job)


def test_a_job_that_fits_on_no_node(study: Study, kube: Kube) -> None:
    (job,) = study.render(params={"cpu": "640"}).values()
    study.apply()

    def told() -> list[str]:
        pod = kube.pods(job).get("worker-0", {})
        return [c["message"] for c in pod.get("status", {}).get("conditions", ()) if c.get("reason") == "Unschedulable"]

    assert "Insufficient cpu" in kube.wait("the scheduler says that the worker fits nowhere", told)[0]
    assert not {"Succeeded", "Failed"} & set(kube.conditions(job))


def test_an_image_that_is_nowhere(study: Study, kube: Kube) -> None:
    # Port 1 of the node itself: refused at once, and nobody else is asked.
    image = "127.0.0.1:1/none@sha256:" + "0" * 64
    (job,) = study.render(params={"image": image}).values()
    study.apply()

    def refused() -> bool:
        return waiting(kube.pods(job).get("worker-0", {"status": {}})) in {"ErrImagePull", "ImagePullBackOff"}

    kube.wait("the image cannot be pulled", refused)
    assert not {"Running", "Succeeded", "Failed"} & set(kube.conditions(job))


def test_pods_past_their_deadline_fail_and_the_job_with_them(study: Study, kube: Kube) -> None:
    (job,) = study.render(params={"num_batches": 100000, "deadline_seconds": 8}).values()
    study.apply()
    kube.finished(job, as_="Failed")
    # The first to end makes the job fail; cleanPodPolicy Running takes away those that still run then.
    late = [pod for pod in kube.pods(job).values() if pod["status"].get("reason") == "DeadlineExceeded"]
    assert late
    assert {state(pod) for pod in late} == {"Failed"}
    assert kube.logs(job)
