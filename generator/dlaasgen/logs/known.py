"""What lines say, remembered: a block of lines is taken in by what each different line in it says.

Most lines of a log come again in it, or in the log of the next pod. What a line says depends on nothing but the line,
and of its time on nothing but what tells a time: the first line of each stage, and the launcher's records.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from dlaasgen.logs.events import Columns, Event, Fact, Header, LauncherRecord, Measured, Source, Stage, Step
from dlaasgen.logs.formats.registry import events_of
from dlaasgen.logs.needles import needles
from dlaasgen.logs.prefixes import LONGEST_LINE, NOBODY, peel
from dlaasgen.logs.stamps import behind_stamps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dlaasgen.logs.series import Series
    from dlaasgen.logs.state import State

# So many lines are remembered, if they are no longer than this.
KNOWN = 4096
KNOWN_LENGTH = 1000
# Before a line without a time among others: no rest of a line begins with the end of one.
_UNTIMED = b"\n"
# What a line behind its time says is read as if this were the time. Where the longest is cut depends on its own.
_SOME_TIME, _OTHER_TIME = b"2018-11-24T07:44:48Z ", b"2018-11-24T07:44:49Z "
_READ_WHOLE = LONGEST_LINE - 64
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


_ALONE = Said(alone=True)


class _Lines(dict[bytes, "Said | None"]):
    """What lines say, by the line or what stands behind its time; one that is not known yet is read, and remembered."""

    def __init__(self, memory: Memory, time: bytes = b"") -> None:
        super().__init__()
        self._memory = memory
        self._time = time  # in place of the one that was taken off
        self.news = 0

    def __missing__(self, key: bytes) -> Said | None:
        self.news += 1
        timed = bool(self._time) and key[:1] != _UNTIMED
        if timed and len(key) > _READ_WHOLE:
            return _ALONE
        said = _said(self._time + key if timed else key.removeprefix(_UNTIMED), timed=timed)
        if len(key) <= KNOWN_LENGTH:
            self._memory.make_room()
            self[key] = said
        return said


class Memory:
    """What is remembered: lines by themselves, and lines by what stands behind the time that they begin with."""

    def __init__(self) -> None:
        self.plain = _Lines(self)
        self.behind = _Lines(self, _SOME_TIME)

    def make_room(self) -> None:
        """Forget all when there is too much."""
        if len(self.plain) + len(self.behind) >= KNOWN:
            self.plain.clear()
            self.behind.clear()


# One for all logs that a process reads: it changes how long that takes, and nothing else.
MEMORY = Memory()


class Told:
    """What each of some lines says.

    told    one a line, None for what says nothing
    hits    those that say something, in their order
    places  the numbers of their lines
    last    of each that is among them, in the order of the first time, the number of its last line
    """

    __slots__ = ("hits", "last", "places", "told")

    def __init__(self, told: list[Said | None]) -> None:
        self.told = told
        self.hits = [*filter(None, told)]
        self.places = [*compress(range(len(told)), told)] if self.hits else []
        self.last = dict(zip(self.hits, self.places, strict=True))

    def alone(self, is_other: Callable[[Source], bool]) -> list[int]:
        """The lines that have to be read by themselves; `is_other`: whether a source is not that of the block."""
        odd = {one for one in self.last if one.alone or (one.source is not NOBODY and is_other(one.source))}
        return [*compress(range(len(self.told)), map(odd.__contains__, self.told))] if odd else []

    def part(self, start: int, stop: int) -> Told:
        """The same of some of the lines."""
        return self if stop - start == len(self.told) else Told(self.told[start:stop])


def told_by(data: bytes, lines: Sequence[bytes]) -> tuple[Told, int]:
    """(what the lines of `data` say, the number of them that are new); `lines` are these without their ends."""
    rests = behind_stamps(data, lines)
    table = MEMORY.behind if rests else MEMORY.plain
    before = table.news
    keys = (
        [_UNTIMED + raw if rest is None else rest for raw, rest in zip(lines, rests, strict=True)] if rests else lines
    )
    return Told([*map(table.__getitem__, keys)]), table.news - before


def take(all_of_it: Told, lines: Sequence[bytes], end: int, state: State) -> None:
    """Take in what lines say, of which the last ends before `end`, and none has to be read by itself."""
    hits, last = all_of_it.hits, all_of_it.last
    if not hits:
        return
    read, formats, stages = 0, state.formats, state.stages
    for one, count in Counter(hits).items():
        if one.unread:
            state.unread += count
        elif one.format:
            read += count
            formats[one.format] = None
            if one.step is not None:
                state.count_steps(one.step, count)
            if one.stages and not all(stage.name in stages for stage in one.stages):
                _stages(one, lines[all_of_it.told.index(one)], state)
    state.read += read
    state.take(_last_words(last), 0)
    _in_order(all_of_it, lines, state)
    steps = [(place, one.step) for one, place in last.items() if one.step is not None]
    if not steps:
        return
    place, step = max(steps, key=itemgetter(0))
    at = end - sum(map(len, lines[place:])) - (len(lines) - place)
    # The first of `steps` is the one that comes first.
    state.between(steps[0][1], step, at)
    if at >= state.series.next_offset:
        sizes = [len(line) + 1 for line in lines]
        _series(all_of_it, sizes, at - sum(sizes[:place]), state.series)


def _stages(one: Said, raw: bytes, state: State) -> None:
    """Take in stages that may be new. The first line that tells of a stage tells its time."""
    if one.behind:
        _again(Stage, raw, state)
    else:
        state.take(one.stages, 0)


def _last_words(last: dict[Said, int]) -> list[Event]:
    """Of the events of which the last counts, that: by the names' order, which is that of their first lines."""
    words: dict[_Name, tuple[int, Event]] = {}
    for one, place in last.items():
        for name, event in one.lasting:
            before = words.get(name)
            if before is None or before[0] <= place:
                words[name] = (place, event)
    return [event for _, event in words.values()]


def _in_order(all_of_it: Told, lines: Sequence[bytes], state: State) -> None:
    """Take in what is kept in the order in which it comes."""
    listed = {one for one in all_of_it.last if one.listed or one.timed}
    if not listed:
        return
    hits = all_of_it.hits
    for place, one in compress(zip(all_of_it.places, hits, strict=True), map(listed.__contains__, hits)):
        if one.listed:
            state.take(one.listed, 0)
        if one.timed:
            if len(lines[place]) <= KNOWN_LENGTH:
                state.later(lines[place])
            else:
                _again(LauncherRecord, lines[place], state)
        if state.wants_next and place + 1 < len(lines):
            state.next_line(_peeled(lines[place + 1]).content)


def _series(all_of_it: Told, sizes: Sequence[int], start: int, series: Series) -> None:
    """Keep the steps whose turn it is, of lines that have these sizes, of which the first starts at `start`."""
    hits, places = all_of_it.hits, all_of_it.places
    hit = line = 0
    while True:
        line, start = _from(sizes, line, start, series.next_offset)
        hit = bisect_left(places, line, hit)
        while hit < len(hits) and hits[hit].step is None:
            hit += 1
        found = hits[hit].step if hit < len(hits) else None
        if found is None:
            return
        place = places[hit]
        line, start = place, start + sum(sizes[line:place])
        series.add(found, start)
        hit += 1


def _from(sizes: Sequence[int], line: int, start: int, offset: int) -> tuple[int, int]:
    """(the first line that starts at `offset` or later, where it starts), from one that starts at `start`."""
    count, growing = 1, True
    while start < offset and line < len(sizes):
        some = sizes[line : line + count]
        size = sum(some)
        if count == 1 or start + size < offset:
            line, start = line + len(some), start + size
        else:
            growing = False
        count = 2 * count if growing else max(count // 2, 1)
    return line, start


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
    told = _timed(raw, events) if timed else ()
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


def _timed(raw: bytes, events: Sequence[Event]) -> list[LauncherRecord]:
    """The launcher's records that tell the time of their line: not those that have one of their own."""
    ours = [event for event in events if isinstance(event, LauncherRecord)]
    if not ours:
        return []
    found = events_of(_peeled(_OTHER_TIME + raw[len(_SOME_TIME) :]))
    others = [event for event in (found[1] if found else ()) if isinstance(event, LauncherRecord)]
    return [one for one, other in zip(ours, others, strict=False) if one.at != other.at]


def _name(event: Header | Fact | Measured | Columns) -> _Name:
    own = "" if isinstance(event, Columns) else event.key if isinstance(event, Header) else event.name
    return type(event), own
