"""Progress: where the job of a cell is, and why it does not get on, by what the cluster says. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Name = Literal["absent", "pending", "admitted", "running", "succeeded", "failed", "stuck"]
STATES: tuple[Name, ...] = ("absent", "pending", "admitted", "running", "succeeded", "failed", "stuck")
OVER = frozenset({"succeeded", "failed"})

# The labels by which pods name their job, over all operators.
JOB_LABELS = (
    "training.kubeflow.org/job-name",
    "job-name",
    "batch.kubernetes.io/job-name",
    "jobset.sigs.k8s.io/jobset-name",
    "tf_job_name",
)
_IMAGE = frozenset({"ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"})
_CRASH = frozenset({"CrashLoopBackOff"})
_SETUP = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_QUOTA = "exceeded quota"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a cell's job is. `reason` is one word, `message` what the cluster says."""

    cell: str
    job: str
    state: Name
    reason: str = ""
    message: str = ""


def progress(
    cell: str,
    job: str,
    live: Mapping[str, Any] | None,
    pods: Sequence[Mapping[str, Any]] = (),
    warnings: Sequence[str] = (),
    workload: Mapping[str, Any] | None = None,
) -> Progress:
    """By the job as it is in the cluster, its pods, the messages of warnings about it, and Kueue's Workload of it."""
    if live is None:
        return Progress(cell, job, "absent", "not applied")
    holds = {c.get("type"): c for c in _list(_part(live, "status").get("conditions")) if c.get("status") == "True"}
    for types, state in ((("Failed",), "failed"), (("Succeeded", "Complete"), "succeeded")):
        for kind in types:
            if kind in holds:
                found: Name = "failed" if state == "failed" else "succeeded"
                return Progress(cell, job, found, holds[kind].get("reason") or "", holds[kind].get("message") or "")
    if trouble := _trouble(pods):
        return Progress(cell, job, "stuck", *trouble)
    if quota := next((w for w in warnings if _QUOTA in w), None):
        return Progress(cell, job, "stuck", "quota", quota)
    phases = [_part(pod, "status").get("phase") for pod in pods]
    if "Running" in phases:
        return Progress(cell, job, "running")
    if "Suspended" in holds or suspended(live):
        return Progress(cell, job, "pending", *_held(holds, workload or {}))
    if phases:
        return Progress(cell, job, "admitted", "starting")
    return Progress(cell, job, "pending", "no pods yet", warnings[-1] if warnings else "")


def _held(holds: Mapping[Any, Mapping[str, Any]], workload: Mapping[str, Any]) -> tuple[str, str]:
    """(reason, message) of a suspended job: what Kueue says of it, or else its own condition."""
    told = {c.get("type"): c for c in _list(_part(workload, "status").get("conditions"))}
    for kind, status, reason in (("QuotaReserved", "False", "quota"), ("Evicted", "True", "evicted")):
        if told.get(kind, {}).get("status") == status:
            return reason, told[kind].get("message") or ""
    return "suspended", (holds.get("Suspended") or {}).get("message") or ""


def suspended(live: Mapping[str, Any]) -> bool:
    """Whether a job's own field holds it back."""
    spec = _part(live, "spec")
    return spec.get("suspend") is True or _part(spec, "runPolicy").get("suspend") is True


def _trouble(pods: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """(reason, message) of the first pod that cannot start by itself."""
    for pod in pods:
        status = _part(pod, "status")
        name = _part(pod, "metadata").get("name") or ""
        for condition in _list(status.get("conditions")):
            told = (condition.get("type"), condition.get("status"), condition.get("reason"))
            if told == ("PodScheduled", "False", "Unschedulable"):
                return "unschedulable", f"{name}: {condition.get('message') or ''}"
        for container in (*_list(status.get("initContainerStatuses")), *_list(status.get("containerStatuses"))):
            waiting = _part(_part(container, "state"), "waiting")
            causes = ((_IMAGE, "image pull"), (_CRASH, "crash loop"), (_SETUP, "container"))
            for reasons, cause in causes:
                if waiting.get("reason") in reasons:
                    return cause, f"{name}: {waiting.get('message') or waiting['reason']}"
    return None


def owner_of(data: Mapping[str, Any]) -> str | None:
    """The name of the object that controls another, such as the job of a Workload."""
    owners = _list(_part(data, "metadata").get("ownerReferences"))
    return next((one.get("name") for one in owners if one.get("controller") is True), None)


def job_of(pod: Mapping[str, Any]) -> str | None:
    """The name of the job that a pod belongs to."""
    labels = _part(_part(pod, "metadata"), "labels")
    return next((labels[key] for key in JOB_LABELS if key in labels), None)


def covers(live: Any, wanted: Any) -> bool:
    """Whether what is in the cluster has all that a manifest says; what others have added does not matter."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(k in live and covers(live[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(live, list) and len(live) == len(wanted) and all(map(covers, live, wanted))
    return bool(live.__class__ is wanted.__class__ and live == wanted)


def owns_more(live: Mapping[str, Any], wanted: Any, manager: str) -> bool:
    """Whether the last apply of a manager set a field that the manifest no longer has: to apply it takes that away."""
    return any(
        entry.get("manager") == manager and entry.get("operation") == "Apply" and _beyond(entry.get("fieldsV1"), wanted)
        for entry in _list(_part(live, "metadata").get("managedFields"))
    )


def _beyond(fields: Any, wanted: Any) -> bool:
    """By the notation of managedFields: `f:` a field, `k:` an item by its keys, `v:` an item that is a value."""
    if not isinstance(fields, dict):
        return False
    for key, inner in fields.items():
        sort, _, name = key.partition(":")
        if sort == "f":
            if not isinstance(wanted, dict) or name not in wanted or _beyond(inner, wanted[name]):
                return True
        elif sort == "k":
            item = next((one for one in _list(wanted) if _is(one, orjson.loads(name))), None)
            if item is None or _beyond(inner, item):
                return True
        elif sort == "v" and (not isinstance(wanted, list) or orjson.loads(name) not in wanted):
            return True
    return False


def _is(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    """Whether an item has these keys' values, or leaves them to their defaults."""
    return all(item.get(key, value) == value for key, value in keys.items())


def _part(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
