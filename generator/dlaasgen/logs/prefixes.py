"""The prefixes of log lines: who wrote a line and when, peeled off in any nesting, down to what the benchmark said."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from dlaasgen.logs.escapes import DOCKER, docker_line, repr_of_bytes
from dlaasgen.logs.events import Source

# A line is read up to here; what is longer is cut.
LONGEST_LINE = 1 << 16
_MOST_PARTS = 64
# More prefixes than this around one line are no log's.
_DEEPEST = 24

_SECOND = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
_POD = rb"[a-z0-9][a-z0-9.-]{0,252}"
_CONTAINER = rb"[a-z0-9][a-z0-9-]{0,62}"
# Every alternative is bounded, and none can match nothing: peeling is linear.
_PREFIX = re.compile(
    rb"(?P<utc>" + _SECOND + rb"(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2}))(?: |$)"
    rb"(?:(?P<stream>stdout|stderr) (?P<tag>[FP])(?::[A-Za-z0-9:]{0,32})?(?: |$))?"
    rb"|\[pod/(?P<pod>" + _POD + rb")/(?P<container>" + _CONTAINER + rb")\](?: |$)"
    rb"|(?P<launched>(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\|"
    rb"(?P<local>" + _SECOND + rb")\|[^|\n]{0,1024}\|[0-9]{1,7}\|(?: |$))"
    rb"|(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4})?"
    rb"\[(?:[A-Za-z0-9@._-]{1,80},)?(?P<rank>[0-9]{1,6})\]<(?:stdout|stderr|stddiag)>: ?"
    rb"|[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:(?:[0-9]{2}|(?P<epoch>[0-9]{10}))\.[0-9]{6} {1,12}[0-9]{1,20} "
    rb"[^\]\s]{1,256}:[0-9]{1,7}\](?: |$)"
    rb"|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9}: [IWEF] [^\]\s]{1,256}:[0-9]{1,7}\](?: |$)"
    rb"|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL|FATAL):[A-Za-z_][A-Za-z0-9_.]{0,64}:"
    # stern has no mark of its own: the name must be one that a controller gives to a pod.
    rb"|(?:(?P<namespace>" + _CONTAINER + rb") )?(?P<sternpod>[a-z0-9][a-z0-9.-]{0,230}-"
    rb"(?:(?:worker|ps|chief|master|evaluator|launcher|node)-[0-9]{1,5}(?:-[0-9]{1,5})?(?:-[bcdfghjklmnpqrstvwxz2456789]{5})?"
    rb"|[bcdfghjklmnpqrstvwxz2456789]{5})) (?P<sterncontainer>" + _CONTAINER + rb")(?: |$)"
)
NOBODY = Source()
_COLOUR = re.compile(rb"\x1b\[[0-9;]{0,32}[A-Za-z]")


class Peeled(NamedTuple):
    """A line without its prefixes.

    `time` is the time as written. `partial` says that the line goes on in the next one of the same stream (CRI),
    `launched` that the launcher's prefix was there, `cut` that the line's end is missing.
    """

    content: bytes
    source: Source
    time: bytes = b""
    stream: bytes = b""
    partial: bool = False
    launched: bool = False
    cut: bool = False


@lru_cache(maxsize=4096)
def _source(pod: bytes, container: bytes, rank: bytes) -> Source:
    return Source(pod.decode(), container.decode(), int(rank) if rank else None)


class _Peeling:
    """A line on its way: what is left of it, and what its prefixes said. One method for each kind of prefix."""

    __slots__ = (
        "container",
        "cut",
        "launched",
        "line",
        "partial",
        "parts",
        "pod",
        "position",
        "rank",
        "stream",
        "time",
    )

    def __init__(self, line: bytes, parts: dict[bytes, bytes]) -> None:
        self.line = line
        self.parts = parts
        self.position = 0
        self.pod = self.container = self.rank = self.time = self.stream = b""
        self.partial = self.launched = self.cut = False

    def utc(self, match: re.Match[bytes]) -> None:
        # The runtime's time is finer than the launcher's.
        self.time = self.time if self.time[-1:] == b"Z" else match["utc"]
        if match["tag"]:
            self.stream = match["stream"]
            self.join(self.line[self.position :], going_on=match["tag"] == b"P")

    def docker(self) -> bool:
        """Take off Docker's JSON; False when there is none."""
        found = docker_line(self.line[self.position :]) if self.line.startswith(DOCKER, self.position) else None
        if found is None:
            return False
        rest, self.stream, when, going_on = found
        rest = _without_colour(rest)
        self.time = self.time or when
        self.join(rest, going_on=going_on)
        return True

    def join(self, rest: bytes, *, going_on: bool) -> None:
        """Go on with the rest of a line behind what came before it, or with nothing, when it goes on itself."""
        key = self.pod + b" " + self.stream
        self.position = 0
        self.partial = going_on
        if not going_on:
            self.line = self.parts.pop(key) + rest if key in self.parts else rest
            return
        self.line = b""
        if key in self.parts or len(self.parts) < _MOST_PARTS:
            self.parts[key] = (self.parts.get(key, b"") + rest)[:LONGEST_LINE]

    def kubectl(self, match: re.Match[bytes]) -> None:
        if not self.pod:
            self.pod, self.container = match["pod"], match["container"]

    def stern(self, match: re.Match[bytes]) -> None:
        if not self.pod:
            self.pod, self.container = match["sternpod"], match["sterncontainer"]

    def mpi(self, match: re.Match[bytes]) -> None:
        self.rank = match["rank"]

    def glog(self, match: re.Match[bytes]) -> None:
        self.time = self.time or match["epoch"]

    def launcher(self, match: re.Match[bytes]) -> None:
        self.time = self.time or match["local"]
        self.launched = True
        inner = repr_of_bytes(self.line[self.position :])
        if inner is not None:
            self.line, self.cut = _without_colour(inner[0]), inner[1]
            self.position = 0


# By the name of the last group that took part in the match.
_KINDS = {
    "utc": _Peeling.utc,
    "tag": _Peeling.utc,
    "container": _Peeling.kubectl,
    "sterncontainer": _Peeling.stern,
    "rank": _Peeling.mpi,
    "epoch": _Peeling.glog,
    "launched": _Peeling.launcher,
}


def _without_colour(line: bytes) -> bytes:
    return _COLOUR.sub(b"", line) if b"\x1b" in line else line


def peel(line: bytes, parts: dict[bytes, bytes]) -> Peeled:
    """A line, without its line break, taken apart.

    `parts` holds the starts of lines that go on (CRI's tag P), by source and stream; a line that ends one is joined.
    """
    if b"\0" in line:
        line = line.replace(b"\0", b"").removeprefix(b"\xff\xfe").rstrip(b"\r")
    line = _without_colour(line.removeprefix(b"\xef\xbb\xbf"))
    match = _PREFIX.match(line)
    if match is None and not line.startswith(DOCKER):
        return Peeled(line, NOBODY)
    peeling = _Peeling(line, parts)
    for _ in range(_DEEPEST):
        if match is None:
            if not peeling.docker():
                break
        else:
            peeling.position = match.end()
            kind = _KINDS.get(match.lastgroup or "")
            if kind is not None:
                kind(peeling, match)
        if peeling.partial:
            break
        match = _PREFIX.match(peeling.line, peeling.position)
    pod, rank = peeling.pod, peeling.rank
    source = _source(pod, peeling.container, rank) if pod or rank else NOBODY
    content = peeling.line[peeling.position :]
    return Peeled(content, source, peeling.time, peeling.stream, peeling.partial, peeling.launched, peeling.cut)


def seconds(time: bytes) -> float | None:
    """Seconds since 1970 of a time as a prefix has it. One without a zone, as the old launcher's, is taken for UTC."""
    if not time:
        return None
    if time.isdigit():
        return float(time)
    try:
        when = datetime.fromisoformat(time.decode("ascii", "replace"))
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
