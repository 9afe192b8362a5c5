"""Lines of several sources in one block, told apart by the prefix that names the pod or the rank."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from dlaasgen.logs.events import Source
from dlaasgen.logs.prefixes import LONGEST_LINE, NOBODY, peel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KUBECTL = b"] "


def within(outer: Source, source: Source) -> Source:
    """A source as its prefixes tell it, behind a prefix that was taken off before."""
    # Nearly always it is one of the two themselves; to compare values takes longer.
    if outer is NOBODY or outer is source or outer in {NOBODY, source}:
        return source
    rank = outer.rank if source.rank is None else source.rank
    return Source(outer.pod or source.pod, outer.container or source.container, rank)


def is_one(data: bytes, first: Source) -> bool:
    """Whether a block's lines are all of one source."""
    start = data.rfind(b"\n", 0, -1) + 1
    last = peel(data[start : start + LONGEST_LINE].rstrip(b"\n"), {}).source
    if first != last or first.rank is not None:
        return False
    if first == NOBODY:
        return True
    names, lines = (first.pod.encode(), first.container.encode()), data.count(b"\n")
    return data.count(b"[pod/%b/%b]" % names) >= lines or data.count(b"%b %b " % names) >= lines


def by_source(
    lines: Sequence[bytes], *, told: bool = True
) -> tuple[dict[Source, list[bytes]], dict[Source, int], list[tuple[int, bytes]]]:
    """(source -> its lines without the prefix, source -> the prefixes' bytes, the other lines with their place).

    Each prefix is understood once, however many lines have it. Unless `told`, all are others.
    """
    apart = _Apart()
    kubectl = apart.kubectl
    others: list[int] = []
    for number, line in enumerate(lines) if told else ():
        # Of kubectl's prefixes, most often.
        prefix, mark, rest = line.partition(_KUBECTL)
        keep = kubectl.get(prefix)
        if keep is not None and mark:
            keep(rest)
        elif not apart.take(line):
            others.append(number)
    if not told:
        others = [*range(len(lines))]
    starts = [*accumulate(map(len, lines), initial=0)] if others else []
    return apart.lines, apart.sizes(), [(starts[number] + number, lines[number]) for number in others]


class _Apart:
    """Lines by source, in their order, and what keeps a line behind a prefix that is known."""

    def __init__(self) -> None:
        self.lines: dict[Source, list[bytes]] = {}
        self.put: dict[bytes, Callable[[bytes], None] | None] = {}
        # The same by kubectl's prefixes without their end.
        self.kubectl: dict[bytes, Callable[[bytes], None] | None] = {}
        self._first: dict[Source, int] = {}
        self._more: dict[Source, int] = {}

    def take(self, line: bytes) -> bool:
        """Keep a line by the prefix that it has; False when it has none that names a source."""
        end = _end(line)
        prefix = line[:end]
        if prefix not in self.put:
            self.put[prefix] = self._keeper(prefix)
            if prefix.endswith(_KUBECTL):
                self.kubectl[prefix.removesuffix(_KUBECTL)] = self.put[prefix]
        keep = self.put[prefix]
        if keep is not None:
            keep(line[end:])
        return keep is not None

    def sizes(self) -> dict[Source, int]:
        """The bytes of the prefixes of each source."""
        return {one: size * len(self.lines[one]) + self._more.get(one, 0) for one, size in self._first.items()}

    def _keeper(self, prefix: bytes) -> Callable[[bytes], None] | None:
        source = _understood(prefix)
        if source is None:
            return None
        rests = self.lines.setdefault(source, [])
        more = len(prefix) - self._first.setdefault(source, len(prefix))
        if not more:
            return rests.append

        def keep(rest: bytes) -> None:
            rests.append(rest)
            self._more[source] = self._more.get(source, 0) + more

        return keep


def _end(line: bytes) -> int:
    """Where the prefix of a line would end: of kubectl, of mpirun, or two words of stern's."""
    if line.startswith(b"[pod/"):
        return line.find(_KUBECTL, 0, 400) + 2
    if line.startswith(b"["):
        return line.find(b">:", 0, 120) + 2
    return line.find(b" ", line.find(b" ", 0, 300) + 1, 400) + 1


def _understood(prefix: bytes) -> Source | None:
    peeled = peel(prefix + b"x", {})
    if peeled.source == NOBODY or peeled.content != b"x" or peeled.time or b"\0" in prefix:
        return None
    return peeled.source
