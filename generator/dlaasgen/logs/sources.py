"""Lines of several sources in one block, told apart by the prefix that names the pod or the rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.logs.events import Source
from dlaasgen.logs.prefixes import NOBODY, peel

if TYPE_CHECKING:
    from collections.abc import Sequence


def within(outer: Source, source: Source) -> Source:
    """A source as its prefixes tell it, behind a prefix that was taken off before."""
    if outer in {NOBODY, source}:
        return source
    rank = outer.rank if source.rank is None else source.rank
    return Source(outer.pod or source.pod, outer.container or source.container, rank)


def by_source(
    lines: Sequence[bytes], *, told: bool = True
) -> tuple[dict[Source, list[bytes]], dict[Source, int], list[tuple[int, bytes]]]:
    """(source -> its lines without the prefix, source -> the prefixes' bytes, the other lines with their place).

    Each prefix is understood once, however many lines have it. Unless `told`, all are others.
    """
    apart: dict[Source, list[bytes]] = {}
    sizes: dict[Source, int] = {}
    known: dict[bytes, tuple[Source, list[bytes]] | None] = {}
    others: list[tuple[int, bytes]] = []
    offset = 0
    for line in lines:
        end = _end(line) if told else 0
        prefix = line[:end]
        if prefix not in known:
            known[prefix] = _understood(prefix, apart)
        group = known[prefix]
        if group is None:
            others.append((offset, line))
        else:
            source, rests = group
            rests.append(line[end:])
            sizes[source] = sizes.get(source, 0) + end
        offset += len(line) + 1
    return apart, sizes, others


def _end(line: bytes) -> int:
    """Where the prefix of a line would end: of kubectl, of mpirun, or two words of stern's."""
    if line.startswith(b"[pod/"):
        return line.find(b"] ", 0, 400) + 2
    if line.startswith(b"["):
        return line.find(b">:", 0, 120) + 2
    return line.find(b" ", line.find(b" ", 0, 300) + 1, 400) + 1


def _understood(prefix: bytes, apart: dict[Source, list[bytes]]) -> tuple[Source, list[bytes]] | None:
    peeled = peel(prefix + b"x", {})
    if peeled.source == NOBODY or peeled.content != b"x" or peeled.time or b"\0" in prefix:
        return None
    return peeled.source, apart.setdefault(peeled.source, [])
