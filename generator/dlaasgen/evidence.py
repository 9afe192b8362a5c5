"""Evidence: what Kubernetes says of a job and of its pods, kept beside their logs, which may not exist. No I/O here.

Reasons are Kubernetes' own words (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/). What only
counts time, as the pauses between two pulls of an image do, is left out: the same trouble is the same evidence.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dlaasgen.origins import Origin

PENDING, RUNNING, SUCCEEDED, FAILED = "pending", "running", "succeeded", "failed"
OVER = frozenset({SUCCEEDED, FAILED})
POD = "Pod"
_PHASES = {"Pending": PENDING, "Running": RUNNING, "Succeeded": SUCCEEDED, "Failed": FAILED}
# A container that waits for these has only just been asked for.
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})
# Ended by a signal: in a pod that is being deleted, by whoever deletes it.
_ENDED = frozenset({137, 143})
_OUT_OF_MEMORY = "OOMKilled"
_BACK_OFF = re.compile(r'^Back-off pulling image "[^"]*"(?:: )?')
_AGAIN = re.compile(r"^(?:ErrImagePull|ImageInspectError|RegistryUnavailable): ")
_TRIED = re.compile(r"\s*preemption: .*$", re.DOTALL)
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Exit:
    """How a container's run after so many restarts ended."""

    container: str
    restart: int
    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the API server said last of one pod or job.

    key      names the object: `pod:<namespace>/<name>/<uid>`, the beginning of the keys of the pod's logs
    kind     Pod, or the job's
    state    pending, running, succeeded, failed
    reason   Kubernetes' word for why it does not start or has ended: ErrImagePull, Unschedulable, OOMKilled; "" if none
    created  when the object was made, as the API says it
    gone     it is not there any more
    outside  it was ended from outside: deadline, eviction, preemption
    """

    key: str
    kind: str
    name: str
    state: str
    reason: str = ""
    message: str = ""
    role: str = ""
    number: int | None = None
    created: str = ""
    exits: tuple[Exit, ...] = ()
    gone: bool = False
    outside: bool = False

    @property
    def words(self) -> str:
        """Reason and message, as people read them."""
        return ": ".join(part for part in (self.reason, self.message) if part)


def to_json(found: Evidence) -> dict[str, Any]:
    """Evidence as JSON data; what says nothing is left out."""
    return {key: value for key, value in asdict(found).items() if value or (value == 0 and value is not False)}


def from_json(data: Mapping[str, Any]) -> Evidence:
    """The evidence that `to_json` gave `data` of."""
    return Evidence(**{**data, "exits": tuple(Exit(**one) for one in data.get("exits", ()))})


def of_pod(pod: Mapping[str, Any], origin: Origin) -> Evidence:
    """What a pod's status says. `origin` is that of any of its containers."""
    told, status = _part(pod, "metadata"), _part(pod, "status")
    leaving = bool(told.get("deletionTimestamp"))
    exits = tuple(_exits(status, leaving=leaving))
    reason, message, outside = _pod_reason(status, exits)
    return Evidence(
        key=pod_key(pod),
        kind=POD,
        name=str(told.get("name", "")),
        state=_PHASES.get(status.get("phase") or "Pending", RUNNING),
        reason=reason,
        message=_short(message),
        role=origin.role,
        number=origin.number,
        created=str(told.get("creationTimestamp") or ""),
        exits=exits,
        outside=outside,
    )


def of_job(job: Mapping[str, Any], kind: str) -> Evidence:
    """What a job's conditions say, of whatever kind it is."""
    told = _part(job, "metadata")
    conditions = [c for c in _list(_part(job, "status").get("conditions")) if c.get("status") == "True"]
    holds = {str(c.get("type")): c for c in conditions}
    state, last = PENDING, conditions[-1] if conditions else {}
    for name, found in (("Running", RUNNING), ("Complete", SUCCEEDED), ("Succeeded", SUCCEEDED), ("Failed", FAILED)):
        if name in holds:
            state, last = found, holds[name]
    plain = state in {RUNNING, SUCCEEDED}
    return Evidence(
        key=f"job:{told.get('namespace', '')}/{kind}/{told.get('name', '')}/{told.get('uid', '')}",
        kind=kind,
        name=str(told.get("name", "")),
        state=state,
        reason="" if plain else str(last.get("reason") or last.get("type") or ""),
        message="" if plain else _short(last.get("message")),
        created=str(told.get("creationTimestamp") or ""),
    )


def went(found: Evidence) -> Evidence:
    """The evidence of an object that is not there any more; where it was over before, that changes nothing."""
    return found if found.state in OVER else replace(found, gone=True)


def pod_key(pod: Mapping[str, Any]) -> str:
    """The key of a pod's evidence."""
    told = _part(pod, "metadata")
    return f"pod:{told.get('namespace', '')}/{told.get('name', '')}/{told.get('uid', '')}"


def _pod_reason(status: Mapping[str, Any], exits: tuple[Exit, ...]) -> tuple[str, str, bool]:
    """(reason, message, whether the pod was ended from outside): the first that says anything."""
    if status.get("reason"):  # Evicted, DeadlineExceeded, NodeLost, ...: of the pod as a whole
        return str(status["reason"]), str(status.get("message") or ""), status.get("phase") == "Failed"
    for condition in _list(status.get("conditions")):
        told = (condition.get("type"), condition.get("status"))
        if told == ("DisruptionTarget", "True"):
            return str(condition.get("reason") or "DisruptionTarget"), str(condition.get("message") or ""), True
        if told == ("PodScheduled", "False"):
            message = _TRIED.sub("", str(condition.get("message") or ""))
            return str(condition.get("reason") or "Unschedulable"), message, False
    waiting = [_part(_part(c, "state"), "waiting") for c in _containers(status)]
    for one in waiting:
        if one.get("reason") and one["reason"] not in _STARTING:
            return *_waiting(one, exits), False
    for ended in exits:
        if ended.code:
            return ended.reason or "Error", f"exit code {ended.code}", False
    return next((str(one["reason"]) for one in waiting if one.get("reason")), ""), "", False


def _waiting(told: Mapping[str, Any], exits: tuple[Exit, ...]) -> tuple[str, str]:
    reason, message = str(told["reason"]), str(told.get("message") or "")
    if reason == "ImagePullBackOff":  # the pause after an ErrImagePull
        return "ErrImagePull", _AGAIN.sub("", _BACK_OFF.sub("", message)) or "the image cannot be pulled"
    if reason == "CrashLoopBackOff":
        last = next((one for one in reversed(exits) if one.code), None)
        return reason, "" if last is None else f"exit code {last.code}" + (f" ({last.reason})" if last.reason else "")
    return reason, message


def _exits(status: Mapping[str, Any], *, leaving: bool) -> Iterator[Exit]:
    for container in _containers(status):
        count = container.get("restartCount") or 0
        for key, restart in (("lastState", count - 1), ("state", count)):
            told = _part(_part(container, key), "terminated")
            code, reason = told.get("exitCode"), str(told.get("reason") or "")
            # The kubelet calls it deleted, or whoever deletes the pod has ended the process.
            taken = leaving and code in _ENDED and reason != _OUT_OF_MEMORY
            if isinstance(code, int) and restart >= 0 and not taken:
                yield Exit(str(container.get("name") or ""), restart, code, reason)


def _containers(status: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*_list(status.get("initContainerStatuses")), *_list(status.get("containerStatuses"))]


def _short(value: Any) -> str:
    text = " ".join(str(value or "").split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _part(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
