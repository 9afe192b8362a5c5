"""Reader: the bytes of a log, in chunks of any size, to what each of its writers said. Constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.logs.prefixes import LONGEST_LINE
from dlaasgen.logs.scanning import Scanner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.logs.events import LogReading
    from dlaasgen.logs.patterns import Pattern

# Goes up when the same bytes give another reading: stored results of an older one can be read again.
PARSER_VERSION = 3


# Blocks are cut by where they stand in the log, so that it makes no difference how the bytes came.
_BLOCK = 1 << 18


class Reader:
    """Reads one log. Never raises for what the bytes hold, and needs the same memory for any size.

    Where the split between two chunks lies makes no difference to what comes out.
    """

    def __init__(self, patterns: Sequence[Pattern] = (), *, runs: bool = True) -> None:
        self._scanner = Scanner(patterns, runs=runs)
        self._chunks: list[bytes] = []
        self._waiting = 0  # bytes in _chunks
        self._offset = 0  # where the first of them stands in the log
        self._long = b""  # the start of a line that is longer than a block
        self._start = 0  # where that starts

    def feed(self, data: bytes) -> None:
        """The next bytes, as they come."""
        position = 0
        while self._waiting and self._waiting + len(data) - position >= _BLOCK:
            # No more of what comes is copied behind what waits than a block needs: chunks may be large.
            window = b"".join((*self._chunks, data[position : position + _BLOCK - self._waiting]))
            end = self._take(window, 0)
            position += max(end - self._waiting, 0)
            self._chunks = [window[end : self._waiting]]
            self._waiting = len(self._chunks[0])
        while len(data) - position >= _BLOCK:
            position = self._take(data, position)
        self._chunks.append(data[position:])
        self._waiting += len(data) - position

    def close(self) -> tuple[LogReading, ...]:
        """One reading for each source in order of appearance; one with Source() when no line names its writer.

        A log without a line gives one empty reading.
        """
        rest = b"".join(self._chunks)
        self._chunks = []
        offset = self._offset
        if self._long:
            self._scanner.line(self._long, self._start)
            end = rest.find(b"\n") + 1 or len(rest)
            rest, offset = rest[end:], offset + end
        end = rest.rfind(b"\n") + 1
        if end:
            self._scanner.block(rest[:end], offset)
        if end < len(rest):
            self._scanner.line(rest[end:], offset + end)
        return self._scanner.readings()

    def _take(self, data: bytes, position: int) -> int:
        """Read a block, or what there is of a line that is longer; where the rest starts."""
        start, stop = self._offset, position + _BLOCK
        if self._long:
            end = data.find(b"\n", position, stop) + 1
            if end:
                self._scanner.line(self._long, self._start)
                self._long = b""
        else:
            end = data.rfind(b"\n", position, stop) + 1
            if end:
                self._scanner.block(data[position:end], start)
            else:
                self._long, self._start = data[position : position + min(LONGEST_LINE, _BLOCK)], start
        self._offset += (end or stop) - position
        return end or stop


def read_log(data: bytes, patterns: Sequence[Pattern] = ()) -> tuple[LogReading, ...]:
    """The readings of a whole log."""
    reader = Reader(patterns)
    reader.feed(data)
    return reader.close()
