"""Reader: the bytes of a log, in chunks of any size, to what each of its writers said. Constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.logs.events import LogReading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.logs.patterns import Pattern

# Goes up when the same bytes give another reading: stored results of an older one can be read again.
PARSER_VERSION = 1


class Reader:
    """Reads one log. Never raises for what the bytes hold, and needs the same memory for any size.

    Where the split between two chunks lies makes no difference to what comes out.
    """

    def __init__(self, patterns: Sequence[Pattern] = ()) -> None:
        self._patterns = tuple(patterns)

    def feed(self, data: bytes) -> None:
        """The next bytes, as they come."""

    def close(self) -> tuple[LogReading, ...]:
        """One reading for each source in order of appearance; one with Source() when no line names its writer.

        A log without a line gives one empty reading.
        """
        return (LogReading(),)


def read_log(data: bytes, patterns: Sequence[Pattern] = ()) -> tuple[LogReading, ...]:
    """The readings of a whole log."""
    reader = Reader(patterns)
    reader.feed(data)
    return reader.close()
