"""Runs: stretches of step lines that differ in digits alone, and are therefore taken at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = b"images/sec"
DIGITS = b"0123456789"
# Two lines of a run are looked at closely: it takes some more before that is worth its while.
FEWEST = 8
# So many lines with a rate that begin no run, and none is looked for in the rest of the block.
_PATIENCE = 16
_FACTOR = 4


def is_dense(data: bytes) -> bool:
    """Whether most lines are likely to be step lines: by three between the ends, where a header and a total stand."""
    places = (data.find(b"\n", len(data) * part // 4) + 1 for part in (1, 2, 3))
    return sum(RATE in data[place : data.find(b"\n", place)] for place in places) > 1


def form_of_all(data: bytes) -> tuple[bytes, int]:
    """(the first line without its digits, the number of lines) when all lines are alike but for digits; else 0."""
    form = data[: data.find(b"\n") + 1].translate(None, DIGITS)
    # Most often the line in the middle says already that they are not.
    middle = data.find(b"\n", len(data) // 2) + 1
    if data[middle : data.find(b"\n", middle) + 1].translate(None, DIGITS) != form:
        return form, 0
    return form, _alike(data, form)


def runs(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(start, end, lines) of the stretches of whole lines that are alike but for digits, and have a rate."""
    _, lines = form_of_all(data)
    if lines:
        yield 0, len(data), lines
        return
    position = missed = 0
    while missed < _PATIENCE and (found := data.find(RATE, position)) >= 0:
        start = max(data.rfind(b"\n", position, found) + 1, position)
        position, lines = _end(data, start)
        if lines >= FEWEST:
            yield start, position, lines
        else:
            missed += 1


def _alike(data: bytes, form: bytes) -> int:
    """The number of lines when all are of this form; else 0."""
    squeezed = data.translate(None, DIGITS)
    count = len(squeezed) // len(form)
    return count if squeezed == form * count else 0


def _end(data: bytes, start: int) -> tuple[int, int]:
    """Where the lines end that have the form of the one at `start`, and their number: by ever larger stretches."""
    end = data.find(b"\n", start) + 1
    shortest = end - start
    form = data[start:end].translate(None, DIGITS)
    size, lines, growing = FEWEST * shortest, 1, True
    while size >= shortest:
        if growing and end + size >= len(data):
            return _until(data, end, form, lines)
        stop = data.rfind(b"\n", end, end + size) + 1
        more = _alike(data[end:stop], form) if stop else 0
        if more:
            end, lines = stop, lines + more
            size *= _FACTOR if growing else 1
        else:
            growing = False
            size //= _FACTOR
    return end, lines


def _until(data: bytes, start: int, form: bytes, lines: int) -> tuple[int, int]:
    """The same, where the rest of the data is likely to be a run, but for its last lines; it is squeezed once."""
    squeezed = data[start:].translate(None, DIGITS)
    most = len(squeezed) // len(form)
    alike, step = 0, most
    while step:
        place = alike * len(form)
        if step <= most - alike and squeezed.startswith(form * step, place):
            alike += step
        else:
            step = (step + 1) // 2 if step > 1 else 0
    others = squeezed.count(b"\n", alike * len(form))
    # Line by line from the nearer end.
    end = start
    if alike > others:
        end = len(data)
        for _ in range(others):
            end = data.rfind(b"\n", start, end - 1) + 1
    else:
        for _ in range(alike):
            end = data.find(b"\n", end) + 1
    return end, lines + alike
