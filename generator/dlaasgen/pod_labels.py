"""What a pod says of itself: its job, role and cell, from its labels. No I/O here.

Controllers' labels: training-operator (https://www.kubeflow.org/docs/components/trainer/legacy-v1/), Kubernetes' Job
(https://kubernetes.io/docs/reference/labels-annotations-taints/) and JobSet, by which TrainJobs run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from dlaasgen.joining import Job
from dlaasgen.origins import Origin, from_pod

if TYPE_CHECKING:
    from collections.abc import Mapping

_JOBS = (
    "training.kubeflow.org/job-name",
    "jobset.sigs.k8s.io/jobset-name",
    "batch.kubernetes.io/job-name",
    "job-name",
    "tf-job-name",
    "tf_job_name",
)
_ROLES = ("training.kubeflow.org/replica-type", "tf-replica-type", "replica-type")
_NUMBERS = (
    "training.kubeflow.org/replica-index",
    "batch.kubernetes.io/job-completion-index",
    "tf-replica-index",
    "replica-index",
)
_AXIS = "axis.dlaasgen/"
LABELS = (*_JOBS, *_ROLES, *_NUMBERS, "dlaasgen/matrix", "dlaasgen/cell", "dlaasgen/run")


def identify(pod: Mapping[str, Any], container: str, restart: int, jobs: Mapping[str, Job]) -> tuple[Origin, Job]:
    """The origin and job of one container's log, from the pod as the API gives it.

    A tree's job comes before what the labels say, since it knows the manifest's digest.
    """
    told = pod["metadata"]
    labels, notes = told.get("labels") or {}, told.get("annotations") or {}
    origin = from_pod(
        told["name"],
        jobs,
        namespace=told.get("namespace", ""),
        uid=told.get("uid", ""),
        container=container,
        restart=restart,
    )
    if (name := _first(labels, _JOBS)) is not None:
        origin = replace(origin, job=name)
    if (role := _first(labels, _ROLES)) is not None:
        origin = replace(origin, role=role.lower())
    if (number := _first(labels, _NUMBERS)) is not None and number.isdecimal():
        origin = replace(origin, number=int(number))
    return origin, _job(origin.job, labels, notes, jobs)


def identify_job(job: Mapping[str, Any], jobs: Mapping[str, Job]) -> Job:
    """The job that an object of a job's kind is, as the API gives it."""
    told = job["metadata"]
    return _job(told["name"], told.get("labels") or {}, told.get("annotations") or {}, jobs)


def _job(name: str, labels: Mapping[str, str], notes: Mapping[str, str], jobs: Mapping[str, Job]) -> Job:
    if (known := jobs.get(name)) is not None:
        return known
    run = labels.get("dlaasgen/run", "")
    if "dlaasgen/cell" not in labels:
        return Job(name, run)
    axes = {key.removeprefix(_AXIS): value for key, value in labels.items() if key.startswith(_AXIS)}
    return Job(name, run, labels.get("dlaasgen/matrix"), labels["dlaasgen/cell"], axes, _params(notes))


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((labels[name] for name in names if labels.get(name)), None)


def _params(notes: Mapping[str, str]) -> dict[str, Any]:
    """The cell's parameters; none when somebody has changed the annotation into something else."""
    try:
        found = orjson.loads(notes.get("dlaasgen/params", "{}"))
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
