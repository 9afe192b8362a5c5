"""Series: the step lines that are kept of one source, evenly over its log; most are looked at only in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.logs.events import Step
from dlaasgen.logs.formats import tf_cnn
from dlaasgen.logs.formats.registry import events_of
from dlaasgen.logs.prefixes import LONGEST_LINE, peel

if TYPE_CHECKING:
    from dlaasgen.logs.events import Point
    from dlaasgen.logs.prefixes import Peeled

# At most twice as many step lines as this are kept; then every second of them.
SERIES = 128
# A longer line is looked at at once, so that what is kept stays small.
_LONGEST = 1000


class Series:
    """Step lines kept by where they stand in the log: all of them at first, then one for each stretch of bytes."""

    __slots__ = ("_kept", "_offset", "next_offset", "stride")

    def __init__(self) -> None:
        self._kept: list[Step | bytes] = []
        self._offset = -1
        self.stride = 0
        self.next_offset = 0

    def add(self, step: Step | bytes, offset: int) -> None:
        """Keep a step whose line starts at `offset`, if it is its turn."""
        if offset < self.next_offset:
            return
        self._kept.append(step)
        self._offset = offset
        self.next_offset = offset + (self.stride or 1)
        if len(self._kept) >= 2 * SERIES:
            self._thin()

    def _thin(self) -> None:
        """Keep every second one; the next is that far from the last."""
        del self._kept[1::2]
        self.stride = max(2 * self.stride, self._offset // SERIES)
        self.next_offset = self._offset + max(self.stride, 1)
        self._offset = -1

    def run(self, data: bytes, offset: int) -> None:
        """Keep what has its turn of a run of step lines that starts at `offset`, but for its first line."""
        find = data.find
        start = find(b"\n", max(self.next_offset - offset, 1) - 1) + 1
        if start and not self.stride:
            start = self._first(data, start, offset)
        kept, size = self._kept, len(data)
        while start and start < size:
            end = find(b"\n", start)
            if end - start > _LONGEST:
                step = _told(data[start:end])
                if step is not None:
                    self.add(step, offset + start)
                again = self.next_offset - offset - 1
            else:
                kept.append(data[start:end])
                again = start + (self.stride or 1) - 1
                self._offset, self.next_offset = offset + start, offset + again + 1
                if len(kept) >= 2 * SERIES:
                    self._thin()
                    again = self.next_offset - offset - 1
            start = find(b"\n", max(end, again)) + 1

    def points(self, last: Step | None, offset: int) -> tuple[Point, ...]:
        """What was kept, and the last one, whose line starts at `offset`."""
        kept = _read(self._kept)
        if last is not None and offset != self._offset:
            kept.append(tf_cnn.point_of(last))
        return tuple(kept)

    def _first(self, data: bytes, start: int, offset: int) -> int:
        """Keep lines from `start` on while all are kept; where the next line starts."""
        lines = data[start : start + 2 * SERIES * _LONGEST].split(b"\n", 2 * SERIES - 1 - len(self._kept))
        del lines[-1:]
        if lines and max(map(len, lines)) <= _LONGEST:
            self._kept += lines
            start += sum(map(len, lines)) + len(lines)
            self._offset = offset + start - len(lines[-1]) - 1
            self.next_offset = self._offset + 1
        return start


def step_of(line: Peeled) -> Step | None:
    """The step that a line tells; None when it is something else, or more."""
    found = events_of(line)
    if found is None or len(found[1]) != 1:
        return None
    event = found[1][0]
    return event if isinstance(event, Step) else None


def _read(kept: list[Step | bytes]) -> list[Point]:
    """The steps of what was kept, those of lines that stand together at once. A line that is none gives none."""
    points: list[Point] = []
    lines: list[bytes] = []
    for one in kept:
        if isinstance(one, bytes):
            lines.append(one)
            continue
        points += _understood(lines)
        points.append(tf_cnn.point_of(one))
        lines = []
    points += _understood(lines)
    return points


def _understood(lines: list[bytes]) -> list[Point]:
    points = tf_cnn.points_of(lines)
    return [tf_cnn.point_of(step) for line in lines if (step := _told(line))] if points is None else points


def _told(line: bytes) -> Step | None:
    return step_of(peel(line.rstrip(b"\r")[:LONGEST_LINE], {}))
