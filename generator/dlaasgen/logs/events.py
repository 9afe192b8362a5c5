"""Event: what one line of a log says. Each kind is a frozen value; the formats make them, a LogReading keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Header:
    """One line of the benchmark's header, `Data format: NHWC`; `key` is as printed, in lower case."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The heading of the step lines: `total_loss`, `top_1_accuracy`, ..."""

    names: tuple[str, ...]


class Step(NamedTuple):
    """A step line of one worker. `rate` is the mean so far in images a second, `at` in seconds since 1970."""

    step: int
    rate: float
    uncertainty: float | None = None
    jitter: float | None = None
    loss: float | None = None
    top_1: float | None = None
    top_5: float | None = None
    at: float | None = None


Point = tuple[int, float, float | None]


@dataclass(frozen=True, slots=True)
class Total:
    """`total images/sec`: the rate of the whole job, as this worker saw it."""

    rate: float


@dataclass(frozen=True, slots=True)
class Stage:
    """How far the benchmark has come: one of STAGES, and when, if the line said so."""

    name: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class EvaluationStep:
    """`5<TAB>1234.5 examples/sec`: the rate of the last steps of an evaluation."""

    step: int
    rate: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation's end: accuracies between 0 and 1, and the number of examples."""

    top_1: float
    top_5: float
    examples: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A line that says why a process failed: the last line of a traceback, a fatal message."""

    text: str


@dataclass(frozen=True, slots=True)
class LauncherRecord:
    """What the launcher says of itself: `started`, `command`, `running`, `finished`, or a record's own name."""

    name: str
    values: Mapping[str, object] = field(default_factory=dict)
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with a name of its own: of the benchmark logger, MLPerf's log, or a user's pattern."""

    name: str
    value: float
    unit: str = ""
    direction: str = "none"
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of the environment: `cpu`, `tensorflow`, `threads`."""

    name: str
    value: str


Event = (
    Header | Columns | Step | Total | Stage | EvaluationStep | Evaluation | Failure | LauncherRecord | Measured | Fact
)

# In the order in which a job goes through them.
STAGES = (
    "launched",  # the launcher runs
    "started",  # the header is printed
    "building",  # `Generating ... model`
    "initializing",  # `Initializing graph`
    "serving",  # a parameter server waits for its workers
    "warm-up",  # `Running warm up`
    "waiting",  # for the other replicas to finish their warm-up
    "steps",  # warm-up is done
    "evaluating",
    "done",  # the total, or the last evaluation, is printed
)


@dataclass(frozen=True, slots=True)
class Source:
    """Who wrote a line, as its prefixes say: one file may hold the lines of several pods (stern, `kubectl logs -l`)."""

    pod: str = ""
    container: str = ""
    rank: int | None = None  # of mpirun and horovodrun: [1,0]<stdout>:


@dataclass(frozen=True, slots=True)
class Lines:
    """The number of lines. `unread` looked like the benchmark's and could not be read; `other` are other writers'."""

    total: int = 0
    read: int = 0
    unread: int = 0
    other: int = 0
    size: int = 0  # bytes


@dataclass(frozen=True, slots=True)
class Steps:
    """The step lines. `series` is a bounded part of them, first and last included; the counts are of all.

    series  (step, images a second so far, loss); a loss that is no finite number is None
    """

    count: int = 0
    nan: int = 0  # lines whose loss is no number, or infinite
    first: Step | None = None
    last: Step | None = None
    series: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class LogReading:
    """All that one source's lines say."""

    source: Source = field(default_factory=Source)
    header: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    steps: Steps = field(default_factory=Steps)
    totals: tuple[float, ...] = ()
    evaluation_rates: tuple[float, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    stages: tuple[Stage, ...] = ()  # the first time of each
    parameter_server: int | None = None
    failures: tuple[str, ...] = ()
    launcher: tuple[LauncherRecord, ...] = ()
    metrics: tuple[Measured, ...] = ()  # the last value of each name
    environment: Mapping[str, str] = field(default_factory=dict)
    first_at: float | None = None  # seconds since 1970, of the first and last line with a time
    last_at: float | None = None
    formats: tuple[str, ...] = ()  # of the lines that were read
    lines: Lines = field(default_factory=Lines)
    tail: tuple[str, ...] = ()  # the last lines, without prefixes, cut to a length

    @property
    def stage(self) -> str | None:
        """The furthest stage that was reached."""
        reached = [stage.name for stage in self.stages]
        return max(reached, key=STAGES.index, default=None)
