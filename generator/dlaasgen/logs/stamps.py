"""The time before a line: the first one of many lines, and all of them, taken off at once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dlaasgen.logs.patterns import options
from dlaasgen.logs.prefixes import LONGEST_LINE, peel

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of so many lines the first time is looked for; they mostly stand in so many bytes.
_FIRST, _HEAD = 20, 1 << 12
# The time of CRI and of kubectl's --timestamps, as prefixes.py takes it off.
_STAMP = re.compile(
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T)[0-9]{2}:[0-9]{2}:[0-9]{2}(?:(\.)[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}) "
)


def has_time(data: bytes) -> bool:
    """Whether a line of these may tell a time, behind any prefix."""
    return _times().search(data) is not None


def first_time(data: bytes) -> bytes:
    """The first time that one of the first lines tells."""
    head = data[:_HEAD]
    # To peel these lines takes longer than to see that there is nothing to find.
    if head.count(b"\n") >= _FIRST and not has_time(head):
        return b""
    position = 0
    for _ in range(_FIRST):
        end = data.find(b"\n", position)
        if end < 0:
            break
        time = peel(data[position : min(end, position + LONGEST_LINE)], {}).time
        if time:
            return time
        position = end + 1
    return b""


def behind_stamp(line: bytes) -> bytes | None:
    """What stands behind the time that a line begins with; None: it begins with none."""
    match = _STAMP.match(line)
    return None if match is None else line[match.end() :]


def behind_stamps(data: bytes, lines: Sequence[bytes]) -> Sequence[bytes | None]:
    """The same of the lines of `data`; nothing when the first has none. `lines` are these without their ends."""
    first = _STAMP.match(lines[0])
    if first is None:
        return ()
    # Most times are of one day and form. To split the lines there takes the times off as well.
    rests = _like(*first.groups()).split(data)
    if len(rests) != len(lines):
        return [behind_stamp(line) for line in lines]
    rests[-1] = rests[-1].removesuffix(b"\n")
    rests[0] = lines[0][first.end() :]
    return rests


@lru_cache(maxsize=64)
def _like(day: bytes, point: bytes | None, zone: bytes) -> re.Pattern[bytes]:
    """Where a line ends and the next one begins with a time of this day and form."""
    fraction = rb"\.[0-9]{1,9}" if point else b""
    return re.compile(b"\n" + re.escape(day) + b"[0-9]{2}:[0-9]{2}:[0-9]{2}" + fraction + re.escape(zone) + b" ")


@lru_cache(maxsize=1)
def _times() -> Any:
    """What every line with a time has; bytes of zero and colours may stand between."""
    import re2

    return re2.compile(rb'T[0-9][0-9]:|:[0-9]{10}\.|\{"log":|\x00|\x1b', options=options(text=False))
