"""Result: what a job's logs say, with each metric's unit and direction; made by `results_status.result_of`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen.evidence import Evidence
    from dlaasgen.logs.events import LogReading

SUCCEEDED, FAILED, INCOMPLETE, NO_DATA = "succeeded", "failed", "incomplete", "no-data"
STATUSES = (SUCCEEDED, FAILED, INCOMPLETE, NO_DATA)


@dataclass(frozen=True, slots=True)
class Metric:
    """A number with its unit; `direction` says which way is better: higher, lower, none. Not a number is None."""

    value: float | None
    unit: str = ""
    direction: str = "none"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something the log says against the cell: batch 16 for 32."""

    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What is known of a job from its labels or the tree: joined to its logs before they are judged.

    `parameters` are the cell's; `workers` and `servers` the numbers of pods that it asked for, None when unknown.
    """

    job: str
    matrix: str = ""
    cell: str = ""
    run: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    manifest_digest: str = ""
    workers: int | None = None
    servers: int | None = None


@dataclass(frozen=True, slots=True)
class PodLog:
    """One reading with its place in the job. `digest` is the raw log's; `attempt` counts a pod's restarts from 0.

    `role` is worker, ps, chief, evaluator, launcher, ... as the job's API names it; "" and None when unknown.
    `pod` names the pod as its evidence does, and `said` is what Kubernetes says of why it ended it; "" when unknown.
    """

    reading: LogReading
    role: str = ""
    index: int | None = None
    digest: str = ""
    attempt: int = 0
    exit_code: int | None = None
    pod: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker's own figures: its last cumulative rate, its total, and its step series."""

    role: str
    index: int | None
    rate: float | None = None
    total: float | None = None
    stage: str | None = None
    steps: int = 0
    series: tuple[tuple[int, float, float | None], ...] = ()  # (step, images a second so far, loss)


@dataclass(frozen=True, slots=True)
class Result:
    """One job's result. `to_json` gives the documented form, `from_json` reads it back."""

    job: str
    matrix: str
    cell: str
    run: str
    status: str
    reason: str = ""
    stage: str | None = None
    mismatches: tuple[Mismatch, ...] = ()
    workers: tuple[Worker, ...] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    flags: tuple[str, ...] = ()  # nan-loss, totals-differ, restarted, ...
    environment: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    manifest_digest: str = ""
    logs: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    tail: tuple[str, ...] = ()  # the last lines of the log that tells most of why the job failed
    kubernetes: tuple[Evidence, ...] = ()  # of what did not go as it should
    parser: int = 0
