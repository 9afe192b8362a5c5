"""What has been read of one source so far, in bounded memory."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

from dlaasgen.logs.events import (
    Columns,
    Evaluation,
    EvaluationStep,
    Fact,
    Failure,
    Header,
    LauncherRecord,
    Lines,
    LogReading,
    Measured,
    Source,
    Stage,
    Step,
    Steps,
    Total,
)
from dlaasgen.logs.formats.failures import FLAGS, TRACEBACK, text_of
from dlaasgen.logs.formats.registry import events_of
from dlaasgen.logs.prefixes import LONGEST_LINE, peel, seconds
from dlaasgen.logs.series import Series
from dlaasgen.logs.sources import within
from dlaasgen.logs.stamps import first_time, has_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.prefixes import Peeled

_Kept = TypeVar("_Kept")

# Most things come once in a log. What comes more often than this is counted no further.
MANY = 64
NAMES = 256
TAIL = 20
TAIL_LENGTH = 500
# The last lines of a block stand in so many bytes of it.
_END = 1 << 14


class State:
    """One source's reading in the making."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.series = Series()
        self.total = self.read = self.unread = self.size = 0
        self.first_time = self.last_time = b""
        self.tail: deque[bytes] = deque(maxlen=TAIL)
        # The last lines of the last block, which are looked at when it is known that they matter; what was taken off
        # before them, and where the block starts.
        self.end = b""
        self._outer = source
        self._block = -1
        # Whether the next line says more of what the last one began.
        self.wants_next = False
        self._count = self._nan = 0
        self._first: Step | None = None
        self._last: Step | None = None
        self._last_offset = -1
        self._header: dict[str, str] = {}
        self._columns: tuple[str, ...] = ()
        self._totals: list[float] = []
        self._evaluation_rates: list[float] = []
        self._evaluations: list[Evaluation] = []
        self.stages: dict[str, Stage] = {}
        self._failures: list[str] = []
        self._launcher: list[LauncherRecord | bytes] = []
        self._launch: object = None
        self._metrics: dict[str, Measured] = {}
        self._environment: dict[str, str] = {}
        self.formats: dict[str, None] = {}

    def apply(self, name: str, events: Sequence[Event], offset: int) -> None:
        """Take in the events of a format on a line that starts at `offset`."""
        self.formats[name] = None
        self.take(events, offset)

    def take(self, events: Iterable[Event], offset: int) -> None:
        """Take in events of a line that starts at `offset`."""
        for event in events:
            _TAKE[type(event)](self, event, offset)

    def _many(self, event: Columns | Total | EvaluationStep | Evaluation, _offset: int) -> None:
        if isinstance(event, Columns):
            self._columns = event.names[:16]
        elif isinstance(event, Total):
            _bounded(self._totals, event.rate)
        elif isinstance(event, EvaluationStep):
            _bounded(self._evaluation_rates, event.rate)
        else:
            _bounded(self._evaluations, event)

    def _head(self, event: Header, _offset: int) -> None:
        _put(self._header, event.key, event.value)

    def _fact(self, event: Fact, _offset: int) -> None:
        _put(self._environment, event.name, event.value)

    def _measured(self, event: Measured, _offset: int) -> None:
        _put(self._metrics, event.name, event)

    def _stage(self, stage: Stage, _offset: int) -> None:
        self.stages.setdefault(stage.name, stage)

    def step(self, step: Step, offset: int, count: int = 1) -> None:
        """Take in a step line, the last of `count` whose losses are alike."""
        self.count_steps(step, count)
        self._first = self._first or step
        self._last = step
        self._last_offset = offset
        if offset >= self.series.next_offset:
            self.series.add(step, offset)

    def count_steps(self, step: Step, count: int) -> None:
        """Count lines of which each tells of a step, all with a loss like this one's."""
        self._count += count
        if step.loss is not None and not math.isfinite(step.loss):
            self._nan += count

    def between(self, first: Step, last: Step, offset: int) -> None:
        """The first and the last of the steps of a block, which have been counted; the last line starts at `offset`."""
        self._first = self._first or first
        self._last, self._last_offset = last, offset

    def steps_read(self, name: str, count: int) -> None:
        """Count lines of a run of steps."""
        self.read += count
        self.formats[name] = None

    def _fail(self, failure: Failure, _offset: int) -> None:
        text = failure.text
        last = self._failures[-1] if self._failures else ""
        self.wants_next = text == FLAGS
        if last == TRACEBACK or (last == FLAGS and text != FLAGS):
            self._failures[-1] = text
        elif text != last:
            _bounded(self._failures, text)

    def _launched(self, record: LauncherRecord, _offset: int) -> None:
        """The program can print what looks like a record: only those of the first launch are the launcher's."""
        launch = record.values.get("launch")
        if launch is not None and record.name == "start" and self._launch is None:
            self._launch = launch
        if launch == self._launch or launch is None:
            _bounded(self._launcher, record)

    def later(self, raw: bytes) -> None:
        """Take in a short line that tells of one record, none of a launch: it is read in the end, if it is kept."""
        _bounded(self._launcher, raw)

    def next_line(self, content: bytes) -> None:
        """The line behind one that is told by two: absl's word on a flag."""
        self.wants_next = False
        message = text_of(content.strip())
        if message and self._failures and self._failures[-1] == FLAGS:
            self._failures[-1] = f"{FLAGS} {message}"

    def begin(self, data: bytes) -> None:
        """Look for a time, when none is known yet, before a block is read."""
        if not self.first_time and has_time(self.end):
            self._remember()
        if not self.first_time:
            self.first_time = first_time(data)

    def ends(self, data: bytes, outer: Source, block: int) -> None:
        """Remember that whole lines, without the prefixes of `outer`, of the block that starts there are the last."""
        low = max(len(data) - _END, 0)
        start = len(data)
        for _ in range(TAIL + 1):
            start = data.rfind(b"\n", low, start)
            if start < 0:
                break
        few = start < 0
        if few and low:
            start = data.find(b"\n", low)
        end = data[start + 1 :]
        # What came before counts where these are not enough, or tell no time.
        if few or (has_time(self.end) and not has_time(end)):
            self._remember()
        self.end, self._outer, self._block = end, outer, block

    def note(self, peeled: Peeled, block: int = -1) -> None:
        """Remember a line as the last one, and its time; but the last lines of the same block come later."""
        if block != self._block:
            self._remember()
        self._note(peeled)

    def _remember(self) -> None:
        """Look at the last lines of the last block."""
        lines, self.end = self.end[:-1].split(b"\n") if self.end else (), b""
        for raw in lines:
            peeled = peel(raw.rstrip(b"\r")[:LONGEST_LINE], {})
            if within(self._outer, peeled.source) == self.source:
                self._note(peeled)

    def _note(self, peeled: Peeled) -> None:
        self.tail.append(peeled.content[: 4 * TAIL_LENGTH])
        if peeled.time:
            self.last_time = peeled.time
            self.first_time = self.first_time or peeled.time

    def reading(self) -> LogReading:
        """All of it."""
        self._remember()
        first = self._first
        header = dict(self._header)
        server = header.pop("parameter server", None)
        return LogReading(
            source=self.source,
            header=header,
            columns=self._columns,
            steps=Steps(self._count, self._nan, first, self._last, self.series.points(self._last, self._last_offset)),
            totals=tuple(self._totals),
            evaluation_rates=tuple(self._evaluation_rates),
            evaluations=tuple(self._evaluations),
            stages=tuple(self.stages.values()),
            parameter_server=None if server is None else int(server),
            failures=tuple(self._failures),
            launcher=tuple(record for one in self._launcher for record in _records(one)),
            metrics=tuple(self._metrics.values()),
            environment=self._environment,
            first_at=seconds(self.first_time),
            last_at=seconds(self.last_time),
            formats=tuple(self.formats),
            lines=Lines(self.total, self.read, self.unread, self.total - self.read - self.unread, self.size),
            tail=tuple(text_of(line)[:TAIL_LENGTH] for line in self.tail),
        )


def _records(kept: LauncherRecord | bytes) -> Iterable[LauncherRecord]:
    if isinstance(kept, LauncherRecord):
        return (kept,)
    found = events_of(peel(kept.rstrip(b"\r"), {}))
    return (event for event in (found[1] if found else ()) if isinstance(event, LauncherRecord))


def _bounded(kept: list[_Kept], value: _Kept) -> None:
    """Keep the first half of MANY, and the last half."""
    if len(kept) == MANY:
        del kept[MANY // 2]
    kept.append(value)


def _put(kept: dict[str, _Kept], name: str, value: _Kept) -> None:
    if name in kept or len(kept) < NAMES:
        kept[name] = value


_TAKE: dict[type, Callable[[State, Any, int], None]] = {
    Step: State.step,
    Header: State._head,  # noqa: SLF001 - this module's own
    Fact: State._fact,  # noqa: SLF001
    Measured: State._measured,  # noqa: SLF001
    Columns: State._many,  # noqa: SLF001
    Total: State._many,  # noqa: SLF001
    EvaluationStep: State._many,  # noqa: SLF001
    Evaluation: State._many,  # noqa: SLF001
    Stage: State._stage,  # noqa: SLF001
    Failure: State._fail,  # noqa: SLF001
    LauncherRecord: State._launched,  # noqa: SLF001
}
