"""Where in a block to look: the lines that may matter."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from dlaasgen.logs.formats.registry import FORMATS
from dlaasgen.logs.patterns import options

# A CRI line that goes on must be read for the sake of the next one.
# And bytes of zero stand in lines that a crash has left, and between the letters of UTF-16.
_ALSO = (r"\x00", r"std(?:out|err) P[: ]", r'^\{"log":"', r'\n\{"log":"')


@lru_cache(maxsize=1)
def needles() -> Any:
    """One expression for every line that some format may read."""
    import re2

    all_of_them = [*(needle for one in FORMATS for needle in one.NEEDLES), *_ALSO]
    return re2.compile("|".join(all_of_them).encode(), options=options(text=False))
