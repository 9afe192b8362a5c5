"""A job's logs, worker by worker: who each log is of, and how that worker ended."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlaasgen.logs.formats.failures import TRACEBACK
from dlaasgen.results import FAILED, INCOMPLETE, NO_DATA, SUCCEEDED, PodLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dlaasgen.logs.events import LogReading

SERVERS = ("ps",)
CHIEFS = ("chief", "master")
_TASK = re.compile(r"/?job:([a-z]{1,20})/replica:[0-9]{1,6}/task:?([0-9]{1,6})/")
_SIGNALS = {6: "SIGABRT", 9: "SIGKILL; out of memory?", 11: "SIGSEGV", 15: "SIGTERM"}
# Ended from outside, as an operator ends the other pods of a job that failed.
_ENDED = (143, -15)
# What a process says when another one has gone: never the cause.
_ECHO = re.compile(
    r"UnavailableError|CancelledError|AbortedError|Socket closed|Connection reset|exited on signal|non-zero"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one worker, or server, ended."""

    log: PodLog
    status: str
    reason: str = ""

    @property
    def name(self) -> str:
        """`worker 1`, as a reason says it."""
        return self.log.role if self.log.index is None else f"{self.log.role} {self.log.index}"


def placed(logs: Iterable[PodLog]) -> tuple[list[PodLog], bool]:
    """The last log of each task that says something, chief first, and whether there were others before."""
    kept: dict[tuple[str, int | None, int | None, int], PodLog] = {}
    restarted = False
    for number, log in enumerate(sorted((_known(log) for log in logs), key=lambda log: log.attempt)):
        # Logs of which nobody knows whose they are stay apart.
        key = (log.role, log.index, log.reading.source.rank, number if log.index is None else 0)
        before = kept.get(key)
        restarted = restarted or (before is not None and before.attempt != log.attempt)
        if before is None or _says(log.reading) or not _says(before.reading):
            kept[key] = log
    return sorted(kept.values(), key=_order), restarted


def _order(log: PodLog) -> tuple[bool, bool, str, int, int]:
    index, rank = log.index, log.reading.source.rank
    return (
        is_server(log),
        log.role not in CHIEFS,
        log.role,
        -1 if index is None else index,
        -1 if rank is None else rank,
    )


def _says(reading: LogReading) -> bool:
    return bool(reading.header or reading.steps.count or reading.totals or reading.metrics or reading.failures)


def is_server(log: PodLog) -> bool:
    """Whether a log is a parameter server's: it never has a figure of its own."""
    return log.role.lower() in SERVERS


def _known(log: PodLog) -> PodLog:
    """A log with its role and index, from what it says itself where its labels do not tell."""
    reading = log.reading
    role, index = log.role.lower(), log.index
    if not role and reading.parameter_server is not None:
        role, index = "ps", reading.parameter_server
    for source in (_of_launcher(reading), _of_devices(reading)):
        role = role or str(source.get("role") or "")
        index = index if index is not None else _whole(source.get("index"))
    return replace(log, role=role or "worker", index=index if index is not None else reading.source.rank)


def _whole(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _of_launcher(reading: LogReading) -> Mapping[str, Any]:
    for record in reading.launcher:
        task, flags = record.values.get("task"), record.values.get("flags")
        if isinstance(task, dict):
            return task
        if isinstance(flags, dict) and flags:
            return {"role": flags.get("job_name"), "index": flags.get("task_index")}
    return {}


def _of_devices(reading: LogReading) -> Mapping[str, Any]:
    match = _TASK.search(reading.header.get("devices", ""))
    return {"role": match[1], "index": match[2]} if match else {}


def verdict(log: PodLog) -> Verdict:
    """How one log's process ended."""
    reading = log.reading
    code = exit_code(log)
    if is_finished(log):
        return Verdict(log, SUCCEEDED)
    if log.said:
        return Verdict(log, FAILED, f"{log.said} (exit code {code})" if code else log.said)
    failure = next((text for text in reversed(reading.failures) if text != TRACEBACK), "")
    if failure or reading.failures:
        return Verdict(log, FAILED, failure or "a traceback that was cut before its last line")
    if code not in {None, 0}:
        return Verdict(log, FAILED, _code(code or 0))
    ended = _launcher_reason(reading)
    if ended:
        return Verdict(log, FAILED, ended)
    if reading.metrics and not reading.header and not reading.steps.count:
        # A program of another kind, read by a user's patterns: it has no line that ends it.
        return Verdict(log, SUCCEEDED)
    if reading.steps.count or reading.stage not in {None, "launched"}:
        return Verdict(log, INCOMPLETE, _where(reading))
    return Verdict(log, NO_DATA, _nothing(reading))


def exit_code(log: PodLog) -> int | None:
    """The process's exit code, from Kubernetes or the launcher."""
    codes = [record.values.get("exit_code") for record in log.reading.launcher]
    return next((code for code in (log.exit_code, *reversed(codes)) if isinstance(code, int)), None)


def is_finished(log: PodLog) -> bool:
    """Whether the program came to its end."""
    reading = log.reading
    if "serving" in {stage.name for stage in reading.stages} or is_server(log):
        return False
    if reading.totals or any(metric.name == "average_examples_per_sec" for metric in reading.metrics):
        return True
    return any(stage.name == "done" for stage in reading.stages)


def _launcher_reason(reading: LogReading) -> str:
    for record in reversed(reading.launcher):
        if record.name == "end" and record.values.get("reason") not in {None, "completed", "clients-ended"}:
            message = str(record.values.get("message") or "")
            return f"{record.values['reason']}: {message}" if message else str(record.values["reason"])
    return ""


def _code(code: int) -> str:
    signal = code - 128 if code > 128 else -code
    named = _SIGNALS.get(signal)
    return f"exit code {code} ({named})" if named else f"exit code {code}"


def _where(reading: LogReading) -> str:
    steps, batches = reading.steps, reading.header.get("num batches", "")
    if steps.last is not None:
        of = f" of {batches}" if batches.isdigit() else ""
        return f"the log ends after step {steps.last.step}{of}, without a total"
    return f"the log ends in stage {reading.stage}, without a step"


def _nothing(reading: LogReading) -> str:
    lines = reading.lines.total
    if not lines:
        return "the log is empty"
    text = f"no line of the benchmark's in {lines} line{'s' if lines > 1 else ''}"
    unread = reading.lines.unread
    if unread:
        return f"{text}, of which {unread} could not be read"
    return f"{text}: a process that is killed loses its buffered output (PYTHONUNBUFFERED=1 prevents it)"


def cause(failed: list[Verdict]) -> Verdict:
    """The failure that most likely brought the others about."""
    return min(failed, key=_rank)


def _rank(one: Verdict) -> int:
    """What a log says comes first, then a bare exit code, then what others' end brings about: echoes, SIGTERM."""
    if exit_code(one.log) in _ENDED and one.reason == _code(exit_code(one.log) or 0):
        return 3
    if _ECHO.search(one.reason):
        return 2
    return 1 if one.reason.startswith("exit code ") else 0
