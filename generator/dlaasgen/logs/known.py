"""What lines say, remembered: a block of lines is taken in by what each different line in it says.

Most lines of a log come again in it, or in the log of the next pod. What a line says depends on nothing but the line,
and of its time on nothing but what tells a time: the first line of each stage, and the launcher's records.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, compress, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from dlaasgen.logs.events import Columns, Event, Fact, Header, LauncherRecord, Measured, Source, Stage, Step
from dlaasgen.logs.formats.registry import events_of
from dlaasgen.logs.needles import needles
from dlaasgen.logs.prefixes import LONGEST_LINE, NOBODY, peel
from dlaasgen.logs.stamps import behind_stamps

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from dlaasgen.logs.state import State

# So many lines are remembered, if they are no longer than this.
KNOWN = 4096
KNOWN_LENGTH = 1000
_NEW: Any = object()
# Events of which only the last of each name counts.
_LASTING = (Header, Fact, Measured, Columns)


class Said(NamedTuple):
    """What a line says that says anything.

    format   its name; "" for a line of none, in which somebody else may have written
    lasting  events of which the last one counts
    listed   events that are taken in one by one, in the order of the lines
    timed    whether it says more that depends on its time
    alone    whether its block has to be read line by line: it goes on in another one, or tells of several steps
    """

    format: str = ""
    source: Source = NOBODY
    unread: bool = False
    step: Step | None = None
    stages: tuple[str, ...] = ()
    lasting: tuple[Event, ...] = ()
    listed: tuple[Event, ...] = ()
    timed: bool = False
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


def take(
    lines: Sequence[bytes], offset: int, state: State, within: Callable[[Source], Source], memory: Memory = MEMORY
) -> int | None:
    """Take in a block of lines without their ends, the first of which starts at `offset`: the number of new ones.

    `within` makes the source that a line's prefixes name that of the line. None: they have to be read one by one.
    """
    rests = behind_stamps(lines)
    table = memory.behind if rests else memory.plain
    # No rest of a line holds the end of one: the mark of those that have no time, between others.
    keys = [b"\n" + raw if rest is None else rest for raw, rest in zip(lines, rests, strict=True)] if rests else lines
    block = _Block(lines, keys, dict(zip(keys, range(len(lines)), strict=True)))
    said: dict[bytes, Said] = {}
    news = 0
    for key, known in zip(block.last, map(table.get, block.last, repeat(_NEW)), strict=True):
        one = known
        if one is _NEW:
            news += 1
            one = memory.learn(table, key, lines[block.last[key]])
        if one is None:
            continue
        if one.alone or (one.source is not NOBODY and within(one.source) != state.source):
            return None
        if one.format:
            said[key] = one
    if said:
        block.counted(said, state)
        block.last_words(said, state)
        block.in_order(said, state)
        block.steps(said, offset, state)
    return news


class _Block(NamedTuple):
    """Lines, what they are known by, and the place of the last one of each."""

    lines: Sequence[bytes]
    keys: Sequence[bytes]
    last: dict[bytes, int]

    def counted(self, said: dict[bytes, Said], state: State) -> None:
        """Count the lines, and take in the stages that they are the first to tell of, with their time."""
        counts = Counter(self.keys) if len(self.last) < len(self.keys) else self.last
        for key, one in said.items():
            count = counts[key] if counts is not self.last else 1
            if one.unread:
                state.unread += count
                continue
            state.read += count
            state.formats[one.format] = None
            if one.step is not None:
                state.count_steps(one.step, count)
            if one.stages and not state.stages.keys() >= set(one.stages):
                _again(Stage, self.lines[self.keys.index(key)], state)

    def last_words(self, said: dict[bytes, Said], state: State) -> None:
        """Take in what counts when it is the last of its name."""
        for _, key in sorted((self.last[key], key) for key, one in said.items() if one.lasting):
            state.take(said[key].lasting, 0)

    def in_order(self, said: dict[bytes, Said], state: State) -> None:
        """Take in what is kept in the order in which it comes."""
        listed = {key for key, one in said.items() if one.listed or one.timed}
        for place in self._places(listed) if listed else ():
            one = said[self.keys[place]]
            state.take(one.listed, 0)
            if one.timed:
                _again(LauncherRecord, self.lines[place], state)
            if state.wants_next and place + 1 < len(self.lines):
                state.next_line(_peeled(self.lines[place + 1]).content)

    def steps(self, said: dict[bytes, Said], offset: int, state: State) -> None:
        """Take in the steps, which have been counted."""
        told = {key: one.step for key, one in said.items() if one.step is not None}
        if told:
            ends = accumulate(map(len, self.lines), initial=offset)
            starts = [end + place for place, end in enumerate(ends)]
            state.steps_at(self._places(told), lambda place: told[self.keys[place]], starts)

    def _places(self, which: Container[bytes]) -> list[int]:
        return [*compress(range(len(self.keys)), map(which.__contains__, self.keys))]


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
        stages=tuple(event.name for event in events if isinstance(event, Stage)),
        lasting=tuple(event for event in events if isinstance(event, _LASTING)),
        listed=tuple(
            event for event in events if not isinstance(event, (Step, Stage, *_LASTING)) and event not in told
        ),
        timed=bool(told),
        alone=len(steps) > 1,
    )
