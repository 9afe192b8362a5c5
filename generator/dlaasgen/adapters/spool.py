"""Logs on their way into the store: hashed and packed as they come, kept in memory while small, else in one file.

Lines of many pods may arrive mixed. What waits to be packed is bounded for all of them together.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import zstandard

from dlaasgen.joining import Packed
from dlaasgen.launch_records import HEAD, claimed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlaasgen.launch_records import Claim

PIECE = 1 << 20
WAITING = 32 << 20
IN_MEMORY = 32 << 20
# Logs shrink to a tenth at any level of zstd; the higher ones take several times as long for little more.
LEVEL = 1


@dataclass(slots=True)
class _Log:
    hash: Any = field(default_factory=hashlib.sha256)
    size: int = 0
    lines: int = 0
    last: bytes = b"\n"
    claim: Claim | None = None
    waiting: bytearray = field(default_factory=bytearray)
    places: list[tuple[int, int]] = field(default_factory=list)


class Spool:
    """Takes the bytes of logs by key; gives each as a Packed, in the order in which the keys came."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - lives as long as this
        self._logs: dict[Any, _Log] = {}
        self._end = self._waiting = 0
        self._packer = zstandard.ZstdCompressor(level=LEVEL)

    def add(self, key: Any, data: bytes) -> None:
        """The next bytes of a log."""
        log = self._logs.get(key)
        if log is None:
            log = self._logs[key] = _Log()
        if data:
            log.waiting += data
            self._waiting += len(data)
        if len(log.waiting) >= PIECE:
            self._flush(log)
        elif self._waiting > WAITING:
            for each in self._logs.values():
                self._flush(each)

    def packed(self) -> Iterator[tuple[Any, Packed]]:
        """(key, log) of each. The pieces can be had as long as the spool is open."""
        for log in self._logs.values():
            self._flush(log)
        for key, log in self._logs.items():
            digest = f"sha256:{log.hash.hexdigest()}"
            lines = log.lines + (log.last != b"\n")
            pieces = partial(self._pieces, log.places)
            yield key, Packed(digest, log.size, lines, pieces, log.claim)

    def close(self) -> None:
        """Throw everything away."""
        self._file.close()

    def _flush(self, log: _Log) -> None:
        if not log.waiting:
            return
        data = bytes(log.waiting)
        self._waiting -= len(data)
        log.waiting.clear()
        log.hash.update(data)
        log.size += len(data)
        log.lines += data.count(b"\n")
        log.last = data[-1:]
        if not log.places:
            log.claim = claimed(data[:HEAD])
        small = self._packer.compress(data)
        self._file.seek(self._end)
        self._file.write(small)
        log.places.append((self._end, len(small)))
        self._end += len(small)

    def _pieces(self, places: list[tuple[int, int]]) -> Iterator[bytes]:
        for start, size in places:
            self._file.seek(start)
            yield self._file.read(size)
