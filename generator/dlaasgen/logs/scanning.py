"""Scanner: whole lines of a log, a block at a time, into the states of their sources.

Most of a log is step lines of one form, and lines of others. What tells nothing is never made a value of its own: one
RE2 expression finds the lines that may matter, and a run of step lines that differ in digits alone is taken at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.logs import known
from dlaasgen.logs.formats import tf_cnn
from dlaasgen.logs.formats.registry import events_of
from dlaasgen.logs.needles import needles
from dlaasgen.logs.patterns import Compiled, joined
from dlaasgen.logs.prefixes import LONGEST_LINE, NOBODY, peel
from dlaasgen.logs.runs import form_of_all, is_dense, runs
from dlaasgen.logs.series import step_of
from dlaasgen.logs.sources import by_source, is_one, within
from dlaasgen.logs.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.logs.events import Event, LogReading, Source, Step
    from dlaasgen.logs.patterns import Pattern

# One file may hold the lines of so many sources; those of further ones count as nobody's.
MOST_SOURCES = 4096
# A pod's prefix around a rank's, and one more.
_DEEPEST = 3
_NEWLINE = ord("\n")
# So many lines may stand between the two parts of one.
_PATIENCE = 256
# Where one line of so many has a needle, lines are known by what they said before.
_MANY = 3
# That is seen after so many needles.
_ENOUGH = 64
# The head or the tail of a log has so many bytes.
_SMALL = 1 << 14


class Scanner:
    """The states of all sources of one log."""

    def __init__(
        self,
        patterns: Sequence[Pattern],
        *,
        runs: bool = True,
        outer: Scanner | None = None,
        source: Source = NOBODY,
    ) -> None:
        own = Compiled(patterns) if patterns else None
        self.patterns: Compiled | None = outer.patterns if outer else own
        self._runs = runs
        # One for each source whose prefix is taken off, with the states in common.
        self._inner: dict[Source, Scanner] = {}
        self.source = source
        self.depth: int = outer.depth + 1 if outer else 0
        self.states: dict[Source, State] = outer.states if outer else {}
        self._parts: dict[bytes, bytes] = {}
        self._patience = 0
        self._often = False  # whether needles were found in many lines
        self._new = False  # whether most lines of a block had not been there before
        self._waiting: State | None = None

    def block(self, data: bytes, offset: int, more: int = 0) -> None:
        """Whole lines, each with its end, of which the first starts at `offset`; `more` bytes were taken off before."""
        first = peel(data[: min(data.find(b"\n"), LONGEST_LINE)], {}).source
        if self.patterns or not is_one(data, first):
            self._each(data, offset)
            return
        state = self._state(within(self.source, first))
        state.size += len(data) + more
        state.begin(data)
        self._scan_or_run(data, offset, state)
        state.ends(data, self.source, offset)

    def line(self, raw: bytes, offset: int, *, cut: bool = True) -> None:
        """One line by itself, without its end, which may be missing."""
        self._one(raw, offset, None, cut=cut)

    def readings(self) -> tuple[LogReading, ...]:
        """What there is, source by source; nobody's only if it says something, or nobody else does."""
        states = [state for state in self.states.values() if state.source != NOBODY or state.read or state.unread]
        return tuple(state.reading() for state in states or self.states.values() or (State(NOBODY),))

    def _state(self, source: Source) -> State:
        state = self.states.get(source)
        if state is None:
            if len(self.states) >= MOST_SOURCES:
                source = NOBODY
            state = self.states.setdefault(source, State(source))
        return state

    def _each(self, data: bytes, offset: int) -> None:
        """The lines of each source by a scanner of its own, behind the prefix; any other line by itself."""
        apart, sizes, others = by_source(data[:-1].split(b"\n"), told=self.depth < _DEEPEST)
        for source, lines in apart.items():
            inner = self._inner.get(source)
            if inner is None and len(self._inner) < MOST_SOURCES:
                inner = Scanner((), runs=self._runs, outer=self, source=within(self.source, source))
                self._inner[source] = inner
            if inner is not None:
                inner.block(b"\n".join(lines) + b"\n", offset, sizes[source])
                continue
            for raw in lines:
                self._one(raw, offset, None, cut=False)
        for place, raw in others:
            self._one(raw, offset + place, None, cut=False, block=offset)

    def _scan_or_run(self, data: bytes, offset: int, state: State) -> None:
        """Step lines in a run at once; else what the needles find."""
        read = 0
        for start, end, count in runs(data) if self._runs and is_dense(data) else ():
            first = self._step(data, start, state)
            if first is None:
                continue
            if start > read:
                self._scan(data[read:start], offset + read, state)
            read = start
            if not (self._parts or self._waiting):
                self._run(data[start:end], offset + start, state, first, count)
                read = end
        if read < len(data):
            self._scan(data[read:] if read else data, offset + read, state)

    def _scan(self, data: bytes, offset: int, state: State) -> None:
        """The lines in which a needle is found; where these are many or the lines few, all by what each says."""
        position = self._walk(data, 0, offset, state)
        state.total += data.count(b"\n", 0, position)
        if self._often or len(data) - position <= _SMALL:
            self._known(data[position:] if position else data, offset + position, state)
            return
        if not position:
            form, alike = form_of_all(data)
            # No needle has a digit: none is in a line in whose form there is none.
            if alike and not needles().search(b"\n" + form):
                state.total += alike
                return
        begin, hits = position, 0
        for match in needles().finditer(data):
            # The expression of Docker's lines begins with the end of the line before.
            found = match.start() + (data[match.start()] == _NEWLINE)
            if found < position:
                continue
            hits += 1
            start = max(data.rfind(b"\n", position, found) + 1, position)
            end = data.find(b"\n", found)
            self._one(data[start:end], offset + start, state, cut=False)
            position = self._walk(data, end + 1, offset, state)
            if hits == _ENOUGH and not self._new and hits * _MANY > data.count(b"\n", begin, position):
                state.total += data.count(b"\n", begin, position)
                self._often = True
                self._known(data[position:], offset + position, state)
                return
        lines = data.count(b"\n", begin)
        state.total += lines
        self._often = hits * _MANY > lines

    def _known(self, data: bytes, offset: int, state: State) -> None:
        """Every line, by what it says wherever it stands; by itself where that depends on others."""
        if not data:
            return
        lines = data.split(b"\n")
        del lines[-1]
        state.total += len(lines)
        told, news = known.told_by(data, lines)
        self._new = news * _MANY >= len(lines)
        self._often = self._often and not self._new
        start = 0
        for place in (*told.alone(lambda one: within(self.source, one) != state.source), len(lines)):
            if place > start:
                some = lines[start:place]
                offset += len(data) if len(some) == len(lines) else sum(map(len, some)) + len(some)
                known.take(told.part(start, place), some, offset, state)
                start = place
                if state.wants_next:
                    self._waiting, self._patience = state, _PATIENCE
            while start < len(lines) and (start <= place or self._parts or self._waiting):
                self._one(lines[start], offset, state, cut=False)
                offset += len(lines[start]) + 1
                start += 1

    def _walk(self, data: bytes, position: int, offset: int, state: State) -> int:
        """Read on, line by line, while a line that was begun waits for its rest."""
        while (self._parts or self._waiting) and position < len(data):
            end = data.find(b"\n", position)
            self._one(data[position:end], offset + position, state, cut=False)
            position = end + 1
        return position

    def _one(self, raw: bytes, offset: int, base: State | None, *, cut: bool, block: int = -1) -> None:
        """One line. Where there is a `base`, its lines are counted and remembered with the block's."""
        size = len(raw) + 1
        cut = cut or len(raw) > LONGEST_LINE
        peeled = peel(raw[:LONGEST_LINE].rstrip(b"\r"), self._parts)
        if peeled.partial:
            self._patience = _PATIENCE
        elif self._parts or self._waiting:
            self._patience -= 1
            if self._patience < 0:
                self._parts.clear()
                self._waiting = None
        state = self._state(within(self.source, peeled.source))
        if state is not base:
            state.total += 1
            state.size += size
            if base is not None:
                base.total -= 1
                base.size -= size
            state.note(peeled, block)
        if state.wants_next:
            state.next_line(peeled.content)
            self._waiting = None
        found = events_of(peeled._replace(cut=True) if cut else peeled)
        if self.patterns:
            measured = tuple(self.patterns.read(peeled.content))
            found = joined(found, measured) if measured else found
        if found is not None:
            self._apply(found, state, offset)

    def _apply(self, found: tuple[str, Sequence[Event]], state: State, offset: int) -> None:
        """Take in what a line says."""
        name, events = found
        if not events:
            state.unread += 1
            return
        state.read += 1
        state.apply(name, events, offset)
        if state.wants_next:
            self._waiting, self._patience = state, _PATIENCE

    def _run(self, data: bytes, offset: int, state: State, first: Step, count: int) -> None:
        """Take so many lines that all have the form of the first, a step line."""
        state.total += count
        state.steps_read(tf_cnn.NAME, count)
        state.step(first, offset)
        state.series.run(data, offset)
        start = data.rfind(b"\n", 0, -1) + 1
        last = self._step(data, start, state)
        state.step(last or first, offset + start, count - 1)

    def _step(self, data: bytes, start: int, state: State) -> Step | None:
        """The step line that starts at `start`; None when it is something else, or more, or of another source."""
        raw = data[start : data.find(b"\n", start)].rstrip(b"\r")
        peeled = peel(raw[:LONGEST_LINE], {})
        if len(raw) > LONGEST_LINE or peeled.partial or within(self.source, peeled.source) != state.source:
            return None
        return step_of(peeled)
