"""What lines say, remembered: a block of lines is taken in by what each different line in it says.

Most lines of a log come again in it, or in the log of the next pod. What a line says depends on nothing but the line,
and of its time on nothing but what tells a time: the first line of each stage, and the launcher's records.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate, compress, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from dlaasgen.logs.events import Columns, Event, Fact, Header, LauncherRecord, Measured, Source, Stage, Step
from dlaasgen.logs.formats.registry import events_of
from dlaasgen.logs.needles import needles
from dlaasgen.logs.prefixes import LONGEST_LINE, NOBODY, peel
from dlaasgen.logs.stamps import behind_stamps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dlaasgen.logs.state import State

# So many lines are remembered, if they are no longer than this.
KNOWN = 4096
KNOWN_LENGTH = 1000
_NEW: Any = object()
# Events of which only the last of each name counts.
_LASTING = (Header, Fact, Measured, Columns)
_Name = tuple[type, str]


@dataclass(eq=False, slots=True)
class Said:
    """What a line says that says anything. Compared by identity: counting these costs less than counting lines.

    format   its name; "" for a line of none, in which somebody else may have written
    lasting  (kind and name, event) of those events of which the last one counts
    listed   events that are taken in one by one, in the order of the lines
    timed    whether it says more that depends on its time
    behind   whether its stages do: it is known by what stands behind its time
    alone    whether its block has to be read line by line: it goes on in another one, or tells of several steps
    """

    format: str = ""
    source: Source = NOBODY
    unread: bool = False
    step: Step | None = None
    stages: tuple[Stage, ...] = ()
    lasting: tuple[tuple[_Name, Event], ...] = ()
    listed: tuple[Event, ...] = ()
    timed: bool = False
    behind: bool = False
    alone: bool = False


class Memory:
    """What is remembered: lines by themselves, and lines by what stands behind the time that they begin with."""

    def __init__(self) -> None:
        self.plain: dict[bytes, Said | None] = {}
        self.behind: dict[bytes, Said | None] = {}

    def learn(self, table: dict[bytes, Said | None], key: bytes, raw: bytes) -> Said | None:
        """What a line says that is not known yet."""
        said = _said(raw, timed=table is self.behind)
        if len(key) <= KNOWN_LENGTH:
            if len(self.plain) + len(self.behind) >= KNOWN:
                self.plain.clear()
                self.behind.clear()
            table[key] = said
        return said


# One for all logs that a process reads: it changes how long that takes, and nothing else.
MEMORY = Memory()


def told_by(lines: Sequence[bytes]) -> tuple[list[Said | None], int]:
    """(what each of these lines, without their ends, says, the number of lines that are new)."""
    rests = behind_stamps(lines)
    table = MEMORY.behind if rests else MEMORY.plain
    # No rest of a line holds the end of one: the mark of those that have no time, between others.
    keys = [b"\n" + raw if rest is None else rest for raw, rest in zip(lines, rests, strict=True)] if rests else lines
    told: list[Said | None] = [*map(table.get, keys, repeat(_NEW))]
    return told, _learn(told, keys, lines, table) if _NEW in told else 0


def alone(told: Sequence[Said | None], is_other: Callable[[Source], bool]) -> list[int]:
    """The places of lines that have to be read by themselves; `is_other`: whether a source is not that of the block."""
    odd = {one for one in {*told} if one and (one.alone or (one.source is not NOBODY and is_other(one.source)))}
    return [place for place, one in enumerate(told) if one in odd] if odd else []


def take(told: Sequence[Said | None], lines: Sequence[bytes], end: int, state: State) -> None:
    """Take in what lines say, of which the last ends before `end`, and none has to be read by itself."""
    hits = [*filter(None, told)]
    if not hits:
        return
    places = [*compress(range(len(told)), told)]
    last = dict(zip(hits, places, strict=True))
    counts = Counter(hits)
    for one in last:
        if one.format:
            _count(one, counts[one], state)
            if not all(stage.name in state.stages for stage in one.stages):
                if one.behind:
                    # The first line that tells of a stage tells its time.
                    _again(Stage, lines[told.index(one)], state)
                else:
                    state.take(one.stages, 0)
    state.take(_last_words(last), 0)
    _in_order(hits, places, last, lines, state)
    _steps(hits, places, last, lines, end, state)


def _learn(
    told: list[Said | None], keys: Sequence[bytes], lines: Sequence[bytes], table: dict[bytes, Said | None]
) -> int:
    """Put what new lines say in its place; their number."""
    news = 0
    for place, one in enumerate(told):
        if one is _NEW:
            found = table.get(keys[place], _NEW)
            if found is _NEW:
                news += 1
                found = MEMORY.learn(table, keys[place], lines[place])
            told[place] = found
    return news


def _count(one: Said, count: int, state: State) -> None:
    if one.unread:
        state.unread += count
        return
    state.read += count
    state.formats[one.format] = None
    if one.step is not None:
        state.count_steps(one.step, count)


def _last_words(last: dict[Said, int]) -> list[Event]:
    """Of the events of which the last counts, that: by the names' order, which is that of their first lines."""
    words: dict[_Name, tuple[int, Event]] = {}
    for one, place in last.items():
        for name, event in one.lasting:
            before = words.get(name)
            if before is None or before[0] <= place:
                words[name] = (place, event)
    return [event for _, event in words.values()]


def _in_order(
    hits: Sequence[Said], places: Sequence[int], last: Iterable[Said], lines: Sequence[bytes], state: State
) -> None:
    """Take in what is kept in the order in which it comes."""
    listed = {one for one in last if one.listed or one.timed}
    for place, one in compress(zip(places, hits, strict=True), map(listed.__contains__, hits)):
        state.take(one.listed, 0)
        if one.timed:
            _again(LauncherRecord, lines[place], state)
        if state.wants_next and place + 1 < len(lines):
            state.next_line(_peeled(lines[place + 1]).content)


def _steps(
    hits: Sequence[Said],
    places: Sequence[int],
    last: dict[Said, int],
    lines: Sequence[bytes],
    end: int,
    state: State,
) -> None:
    """Take in the first and the last step, and those whose turn it is in the series."""
    steps = [(place, one.step) for one, place in last.items() if one.step is not None]
    if not steps:
        return
    place, step = max(steps, key=itemgetter(0))
    at = end - sum(map(len, lines[place:])) - (len(lines) - place)
    # The first of `steps` is the one that comes first.
    state.between(steps[0][1], step, at)
    series = state.series
    if at < series.next_offset:
        return
    ends = [*accumulate(map(len, lines), initial=end - sum(map(len, lines)) - len(lines))]
    hit = 0
    while True:
        line = bisect_left(range(len(lines)), series.next_offset, key=lambda number: ends[number] + number)
        hit = bisect_left(places, line, hit)
        while hit < len(hits) and hits[hit].step is None:
            hit += 1
        found = hits[hit].step if hit < len(hits) else None
        if found is None:
            return
        series.add(found, ends[places[hit]] + places[hit])
        hit += 1


def _again(kind: type, raw: bytes, state: State) -> None:
    """Take in those events of a line that tell its time."""
    found = events_of(_peeled(raw))
    state.take([event for event in (found[1] if found else ()) if isinstance(event, kind)], 0)


def _peeled(raw: bytes) -> Any:
    peeled = peel(raw[:LONGEST_LINE].rstrip(b"\r"), {})
    return peeled._replace(cut=True) if len(raw) > LONGEST_LINE else peeled


def _said(raw: bytes, *, timed: bool) -> Said | None:
    """What a line says; `timed`: where lines that differ in their time alone are taken for the same."""
    if not needles().search(raw):
        return None
    peeled = _peeled(raw)
    if peeled.partial:
        return Said(alone=True)
    found = events_of(peeled)
    if found is None:
        return None if peeled.source is NOBODY else Said(source=peeled.source)
    name, events = found
    if not events:
        return Said(name, peeled.source, unread=True)
    steps = [event for event in events if isinstance(event, Step)]
    told = [event for event in events if timed and isinstance(event, LauncherRecord)]
    return Said(
        name,
        peeled.source,
        step=steps[0] if steps else None,
        stages=tuple(event for event in events if isinstance(event, Stage)),
        lasting=tuple((_name(event), event) for event in events if isinstance(event, _LASTING)),
        listed=tuple(
            event for event in events if not isinstance(event, (Step, Stage, *_LASTING)) and event not in told
        ),
        timed=bool(told),
        behind=timed,
        alone=len(steps) > 1,
    )


def _name(event: Header | Fact | Measured | Columns) -> _Name:
    own = "" if isinstance(event, Columns) else event.key if isinstance(event, Header) else event.name
    return type(event), own
