"""Logs on their way into the store: hashed as they come, kept in memory while small, else packed in one file.

A small log is packed when its pieces are asked for: never, when the store has it. Lines of many pods may arrive mixed.
What waits to be packed is bounded for all of them together.
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
    hashed: list[bytes] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)


class Spool:
    """Takes the bytes of logs by key; gives each as a Packed, in the order in which the keys came.

    small  logs of fewer bytes wait until their pieces are asked for
    """

    def __init__(self, small: int = PIECE) -> None:
        self._small = small
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - lives as long as this
        self._logs: dict[Any, _Log] = {}
        self._end = self._waiting = 0
        self._packer = zstandard.ZstdCompressor(level=LEVEL)

    def add(self, key: Any, data: bytes) -> None:
        """The next bytes of a log."""
        log = self._logs.get(key)
        if log is None:
            log = self._logs[key] = _Log()
        log.waiting += data
        self._waiting += len(data)
        if len(log.waiting) >= PIECE:
            self._hash(log)
            if log.places or log.size >= self._small:
                self._pack(log)
        if self._waiting > WAITING:
            for each in self._logs.values():
                self._hash(each)
                self._pack(each)

    def packed(self) -> Iterator[tuple[Any, Packed]]:
        """(key, log) of each. The pieces can be had as long as the spool is open."""
        for key, log in self._logs.items():
            self._hash(log)
            digest = f"sha256:{log.hash.hexdigest()}"
            lines = log.lines + (log.last != b"\n")
            yield key, Packed(digest, log.size, lines, partial(self._pieces, log), log.claim)

    def close(self) -> None:
        """Throw everything away."""
        self._file.close()

    def _hash(self, log: _Log) -> None:
        if not log.waiting:
            return
        data = bytes(log.waiting)
        log.waiting.clear()
        if not log.size:
            log.claim = claimed(data[:HEAD])
        log.hash.update(data)
        log.size += len(data)
        log.lines += data.count(b"\n")
        log.last = data[-1:]
        log.hashed.append(data)

    def _pack(self, log: _Log) -> None:
        for data in log.hashed:
            self._waiting -= len(data)
            small = self._packer.compress(data)
            self._file.seek(self._end)
            self._file.write(small)
            log.places.append((self._end, len(small)))
            self._end += len(small)
        log.hashed.clear()

    def _pieces(self, log: _Log) -> Iterator[bytes]:
        self._pack(log)
        for start, size in log.places:
            self._file.seek(start)
            yield self._file.read(size)
