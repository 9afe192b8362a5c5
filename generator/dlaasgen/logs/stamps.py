"""The time before a line, taken off many lines at once: lines that differ in nothing else say the same."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# The time of CRI and of kubectl's --timestamps, as prefixes.py takes it off.
_STAMP = re.compile(
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2}) "
)
_LONGEST = 40
_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def behind_stamp(line: bytes) -> bytes | None:
    """What stands behind the time that a line begins with; None: it begins with none."""
    match = _STAMP.match(line)
    return None if match is None else line[match.end() :]


def behind_stamps(lines: Sequence[bytes]) -> Sequence[bytes | None]:
    """The same of many lines, nothing when the first has none. Times have few forms: each is looked at once."""
    if behind_stamp(lines[0]) is None:
        return ()
    heads, blanks, rests = zip(*[line.partition(b" ") for line in lines], strict=True)
    # Digits stand for one another in a form.
    forms = b"\n".join(heads).translate(_ZEROS).split(b"\n")
    good = {form for form in set(forms) if _is_stamp(form[:_LONGEST])}
    if len(good) == len(set(forms)) and b"" not in blanks:
        return rests
    found = zip(forms, blanks, rests, strict=True)
    return [rest if form in good and blank else None for form, blank, rest in found]


@lru_cache(maxsize=256)
def _is_stamp(form: bytes) -> bool:
    return _STAMP.fullmatch(form + b" ") is not None
