"""From the readings of a job's logs to its result: status, reason, metrics, mismatches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.logs.events import STAGES
from dlaasgen.logs.reading import PARSER_VERSION
from dlaasgen.results import FAILED, INCOMPLETE, NO_DATA, SUCCEEDED, Result
from dlaasgen.results_evidence import judged, telling
from dlaasgen.results_metrics import metrics_of, worker_of
from dlaasgen.results_mismatches import mismatches, workers_of
from dlaasgen.results_workers import Verdict, cause, exit_code, is_server, placed, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.evidence import Evidence
    from dlaasgen.logs.events import LogReading
    from dlaasgen.results import JobFacts, PodLog

# The header's names -> the environment's.
_ENVIRONMENT = {
    "tensorflow": "tensorflow",
    "model": "model",
    "dataset": "dataset",
    "mode": "mode",
    "data format": "data_format",
    "optimizer": "optimizer",
    "variables": "variable_update",
    "sync": "cross_replica_sync",
    "devices": "devices",
}


def result_of(job: JobFacts, logs: Sequence[PodLog], evidence: Sequence[Evidence] = ()) -> Result:
    """The result of a job, from the logs of its pods in any order, and from what Kubernetes says of it and of them."""
    tasks, restarted = placed(logs)
    workers = [log for log in tasks if not is_server(log)]
    verdicts = [verdict(log) for log in tasks]
    status, reason, flags = _judged(job, verdicts)
    status, reason = judged(status, reason, logs, evidence)
    metrics, more = metrics_of(workers)
    flags = [*(["restarted"] if restarted else []), *flags, *more]
    shown = _telling(tasks, verdicts)
    chief = _with_header(workers) or _with_header(tasks)
    stages = [stage for log in workers if (stage := log.reading.stage)]
    return Result(
        job=job.job,
        matrix=job.matrix,
        cell=job.cell,
        run=job.run,
        status=status,
        reason=reason,
        stage=max(stages, key=STAGES.index, default=None),
        mismatches=tuple(mismatches(job, chief)) if chief else (),
        workers=tuple(worker_of(log) for log in workers),
        metrics=metrics,
        flags=tuple(dict.fromkeys(flags)),
        environment=_environment(workers, chief),
        parameters=job.parameters,
        manifest_digest=job.manifest_digest,
        logs=tuple(dict.fromkeys(log.digest for log in logs if log.digest)),
        lines=_lines(logs),
        tail=shown.reading.tail if shown else (),
        kubernetes=tuple(telling(evidence)),
        parser=PARSER_VERSION,
    )


def _judged(job: JobFacts, verdicts: Sequence[Verdict]) -> tuple[str, str, list[str]]:
    """Status, reason and flags."""
    workers = [one for one in verdicts if not is_server(one.log)]
    failed = [one for one in verdicts if one.status == FAILED]
    finished = [one for one in workers if one.status == SUCCEEDED]
    others = [one for one in workers if one.status in {INCOMPLETE, NO_DATA}]
    flags = [flag for flag, holds in _flags(job, workers) if holds]
    if not workers and not failed:
        return NO_DATA, "there is no log of a worker" if verdicts else "there is no log", flags
    if failed and (not workers or len(finished) < len(workers)):
        first = cause(failed)
        return FAILED, _named(first, verdicts), flags
    if not others:
        return SUCCEEDED, "", flags
    if finished:
        names = ", ".join(one.name for one in others[:5])
        if finished[0].log.reading.header.get("sync") == "True":
            # In step with each other: the total of one is that of all, and the others were ended after it.
            return SUCCEEDED, "", [*flags, "worker-without-total"]
        return INCOMPLETE, f"no total of {names}", [*flags, "worker-without-total"]
    started = [one for one in others if one.status == INCOMPLETE]
    first = (started or others)[0]
    return first.status, _named(first, workers), flags


def _flags(job: JobFacts, workers: Sequence[Verdict]) -> list[tuple[str, bool]]:
    ranks = {(one.log.role, one.log.index) for one in workers}
    expected = job.workers or max((workers_of(one.log.reading) or 0 for one in workers), default=0)
    codes = [exit_code(one.log) for one in workers if one.status == SUCCEEDED]
    return [
        ("logs-missing", len(ranks) < expected),
        ("exit-code", any(code not in {None, 0} for code in codes)),
        ("unread-lines", any(one.log.reading.lines.unread for one in workers)),
    ]


def _named(one: Verdict, among: Sequence[Verdict]) -> str:
    return f"{one.name}: {one.reason}" if len(among) > 1 else one.reason


def _telling(tasks: Sequence[PodLog], verdicts: Sequence[Verdict]) -> PodLog | None:
    """The log whose last lines tell most: that of the failure, of a worker that did not finish, of the chief."""
    failed = [one for one in verdicts if one.status == FAILED]
    if failed:
        return cause(failed).log
    open_ended = [one.log for one in verdicts if one.status == INCOMPLETE]
    finished = [one.log for one in verdicts if one.status == SUCCEEDED]
    return next(iter([*open_ended, *finished, *tasks]), None)


def _with_header(logs: Sequence[PodLog]) -> LogReading | None:
    return next((log.reading for log in logs if "per device" in log.reading.header), None) or next(
        (log.reading for log in logs if log.reading.header), None
    )


def _environment(workers: Sequence[PodLog], chief: LogReading | None) -> dict[str, str]:
    values: dict[str, str] = {}
    for log in workers:
        for name, value in log.reading.environment.items():
            values.setdefault(name, value)
    if chief:
        values |= {name: chief.header[key] for key, name in _ENVIRONMENT.items() if key in chief.header}
    return dict(sorted(values.items()))


def _lines(logs: Sequence[PodLog]) -> dict[str, int]:
    lines = [log.reading.lines for log in logs]
    return {name: sum(getattr(one, name) for one in lines) for name in ("total", "read", "unread", "other")}
