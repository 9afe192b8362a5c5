"""Results and what Kubernetes says: of pods that gave no log, of how containers ended, of the job itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dlaasgen.evidence import FAILED as ENDED_BADLY
from dlaasgen.evidence import OVER, PENDING, POD
from dlaasgen.evidence import SUCCEEDED as ENDED_WELL
from dlaasgen.results import FAILED, INCOMPLETE, SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dlaasgen.evidence import Evidence
    from dlaasgen.results import PodLog

_OUT_OF_MEMORY = "OOMKilled"
_NAMED = 3


def explained(log: PodLog, said: Evidence | None, container: str) -> PodLog:
    """A log with what Kubernetes says of the end of its container's run."""
    if said is None:
        return log
    ended = next((one for one in said.exits if (one.container, one.restart) == (container, log.attempt)), None)
    why = said.words if said.outside else _OUT_OF_MEMORY if ended and ended.reason == _OUT_OF_MEMORY else ""
    return replace(log, pod=said.key, exit_code=ended.code if ended else None, said=why)


def judged(status: str, reason: str, logs: Sequence[PodLog], evidence: Iterable[Evidence]) -> tuple[str, str]:
    """Status and reason of a job by its logs, amended by what Kubernetes says of what the logs do not tell."""
    found = list(evidence)
    if status == SUCCEEDED or not found:
        return status, reason
    silent = _silent(logs, found)
    told = _told([one for one in silent if one.state in {PENDING, ENDED_BADLY}])
    jobs = [one for one in found if one.kind != POD]
    job = max(jobs, key=lambda one: one.created, default=None)
    ended = f"the {job.kind} failed: {job.words}" if job is not None and job.state == ENDED_BADLY else ""
    if status == FAILED:
        late = ended if "deadline" in ended.lower() else ""
        return FAILED, "; ".join(part for part in (reason, told, late) if part)
    failed = bool(ended) or any(one.state == ENDED_BADLY for one in silent)
    own = reason if logs and (status == INCOMPLETE or not told) else ""
    text = "; ".join(part for part in (told, ended, own) if part)
    if not text and job is not None:
        text = _without_pods(job) if len(jobs) == len(found) or job.state == ENDED_WELL else ""
    return FAILED if failed else status, text or reason


def telling(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The evidence that a result shows: of what did not go as it should."""
    return [one for one in evidence if one.reason]


def _silent(logs: Sequence[PodLog], found: Sequence[Evidence]) -> list[Evidence]:
    """The last pod of each task of which there is no log."""
    last: dict[tuple[str, int | None], Evidence] = {}
    for one in sorted((one for one in found if one.kind == POD), key=lambda one: one.created):
        last[one.role, one.number] = one
    heard = {log.pod for log in logs if log.pod}
    elsewhere = {(log.role, log.index) for log in logs if not log.pod}
    return [one for task, one in last.items() if one.key not in heard and task not in elsewhere]


def _told(troubles: Sequence[Evidence]) -> str:
    """What keeps pods from giving a log: pods with the same trouble are told together, the worst trouble first."""
    ordered = sorted(troubles, key=lambda one: (one.state != ENDED_BADLY, not one.message, one.role, one.number or 0))
    groups: dict[str, list[str]] = {}
    for one in ordered:
        words = one.words or one.state
        gone = " (the pod was deleted)" if one.gone and one.state not in OVER else ""
        groups.setdefault(f"{words}{gone}", []).append(f"{one.role} {one.number}" if one.role else one.name)
    return "; ".join(f"{_some(names)}: {words}" for words, names in groups.items())


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _without_pods(job: Evidence) -> str:
    if job.state == ENDED_WELL:
        return f"the {job.kind} succeeded, and there is no log of it"
    return f"the {job.kind} has no pods: {job.words or 'its operator has not said anything yet'}"
