"""Where in a block to look: the lines that may matter, whether most are step lines, the first time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from dlaasgen.logs.formats.registry import FORMATS
from dlaasgen.logs.patterns import options
from dlaasgen.logs.prefixes import LONGEST_LINE, peel
from dlaasgen.logs.state import TAIL

# The first lines of a block mostly stand in so many bytes of it.
_HEAD = 1 << 12
# A CRI line that goes on must be read for the sake of the next one.
# And bytes of zero stand in lines that a crash has left, and between the letters of UTF-16.
_ALSO = (r"\x00", r"std(?:out|err) P[: ]", r'^\{"log":"', r'\n\{"log":"')


@lru_cache(maxsize=1)
def needles() -> Any:
    """One expression for every line that some format may read."""
    import re2

    all_of_them = [*(needle for one in FORMATS for needle in one.NEEDLES), *_ALSO]
    return re2.compile("|".join(all_of_them).encode(), options=options(text=False))


@lru_cache(maxsize=1)
def _times() -> Any:
    """What every line with a time has; bytes of zero and colours may stand between."""
    import re2

    return re2.compile(rb'T[0-9][0-9]:|:[0-9]{10}\.|\{"log":|\x00|\x1b', options=options(text=False))


def first_time(data: bytes) -> bytes:
    """The first time that one of the first lines tells."""
    head = data[:_HEAD]
    # To peel these lines takes longer than to see that there is nothing to find.
    if head.count(b"\n") >= TAIL and not _times().search(head):
        return b""
    position = 0
    for _ in range(TAIL):
        end = data.find(b"\n", position)
        if end < 0:
            break
        time = peel(data[position : min(end, position + LONGEST_LINE)], {}).time
        if time:
            return time
        position = end + 1
    return b""
