"""The launcher's record at the start of a log: which cell the log claims to be of. No I/O here.

A log is written by others: what it claims counts only where it names a job of the trees that were given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dlaasgen.joining import BY_HAND
from dlaasgen.logs.events import LauncherRecord
from dlaasgen.logs.formats import launcher
from dlaasgen.logs.prefixes import LONGEST_LINE, peel

if TYPE_CHECKING:
    from dlaasgen.joining import Job, Known
    from dlaasgen.origins import Origin

# The record stands before all else that the launcher says; what comes later may be the command's own words.
HEAD = 1 << 16
_LONGEST = 300
_JOB = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a launcher's start record says of its log; "" and None for what it does not say."""

    job: str = ""
    matrix: str = ""
    cell: str = ""
    run: str = ""
    role: str = ""
    number: int | None = None


def claimed(head: bytes) -> Claim | None:
    """The claim of a log, from its first bytes; None when they hold no start record that names a job or cell."""
    at = head.find(launcher.RECORD, 0, HEAD)
    if at < 0:
        return None
    end = head.find(b"\n", at, HEAD)
    line = head[head.rfind(b"\n", 0, at) + 1 : end if end >= 0 else HEAD]
    values = _values(line[:LONGEST_LINE])
    if values.get("event") != "start":
        return None
    task = values.get("task")
    task = task if isinstance(task, dict) else {}
    number = task.get("index")
    claim = Claim(
        job=_text(values.get("job")),
        matrix=_text(values.get("matrix")),
        cell=_text(values.get("cell")),
        run=_text(values.get("run")),
        role=_text(task.get("role")).lower(),
        number=number if type(number) is int and 0 <= number < 1_000_000 else None,
    )
    return claim if claim.job or claim.cell else None


def job_of(claim: Claim | None, known: Known) -> Job | None:
    """The job of the given trees that a claim names: by the job's name, else by matrix, cell and run.

    What was run by hand is a job of its own, of the cell that it names.
    """
    if claim is None:
        return None
    job = known.jobs.get(claim.job)
    if job is None and claim.run == BY_HAND and _JOB.fullmatch(claim.job):
        cells = [known.jobs[name] for name in known.claims.get(claim.cell, ())]
        cells = [cell for cell in cells if _fits(replace(claim, run=cell.run), cell)]
        return replace(cells[0], job=claim.job, run=BY_HAND, manifest_digest=None) if len(cells) == 1 else None
    if not claim.job:
        fitting = [known.jobs[name] for name in known.claims.get(claim.cell, ()) if _fits(claim, known.jobs[name])]
        job = fitting[0] if len(fitting) == 1 else None
    return job if job is not None and _fits(claim, job) else None


def placed(origin: Origin, claim: Claim, job: Job) -> Origin:
    """An origin as its log's record has it: the job, and the task where it names one."""
    number = origin.number if claim.number is None or not claim.role else claim.number
    return replace(origin, job=job.job, role=claim.role or origin.role, number=number)


def _fits(claim: Claim, job: Job) -> bool:
    """Whether nothing that a claim says is against a job. A run that a tree does not tell is any run."""
    said = ((claim.matrix, job.matrix), (claim.cell, job.cell), (claim.run, job.run))
    return all(not claims or not has or claims == has for claims, has in said)


def _values(line: bytes) -> dict[str, object]:
    events = launcher.read(peel(line, {})) or ()
    records = [event for event in events if isinstance(event, LauncherRecord)]
    return dict(records[0].values) if records else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""
