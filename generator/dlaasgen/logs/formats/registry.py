"""The registry of formats, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.logs.formats import benchmark_logger, environment, failures, launcher, mlperf, tf_cnn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.formats import Format
    from dlaasgen.logs.prefixes import Peeled

# The launcher comes before failures: its own exception repeats that of the benchmark.
FORMATS: tuple[Format, ...] = (tf_cnn, launcher, mlperf, benchmark_logger, failures, environment)
_READERS: tuple[tuple[str, Callable[[Peeled], Sequence[Event] | None]], ...] = tuple(
    (one.NAME, one.read) for one in FORMATS
)


def events_of(line: Peeled) -> tuple[str, Sequence[Event]] | None:
    """The format of a line and its events; None when the line is none's."""
    for name, read in _READERS:
        events = read(line)
        if events is not None:
            return name, events
    return None
