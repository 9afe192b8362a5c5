"""Reading logs a piece at a time, whatever compresses them; what unpacks to far more than logs do is refused."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from dlaasgen.origins import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 1 << 20
# Text packs to a tenth, the dullest log to a hundredth; zlib reaches 1,000 on zeros.
RATIO = 250
ALLOWANCE = 256 << 20
UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class File:
    """One file, or one member of a zip archive. `size` is what it takes packed."""

    path: str
    name: str
    size: int
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """One log: its files in order (the rotated ones first), and its name: the path below what was asked for."""

    name: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """The bytes that its files take, packed as they are."""
        return sum(file.size for file in self.files)


def read(log: Log, trouble: list[tuple[str, str]]) -> Iterator[bytes]:
    """The bytes of a log, all its parts in order. What cannot be read is told in `trouble`; the rest comes."""
    for file in log.files:
        try:
            yield from pieces(file)
        except UNREADABLE as error:
            trouble.append((file.name, words(error)))


def pieces(file: File) -> Iterator[bytes]:
    """The bytes of one file, unpacked."""
    with _raw(file) as raw:
        head = raw.read(PIECE)
        chain = _chained(head, raw)
        if head[:2] == b"\x1f\x8b":
            yield from _limited(_gunzip(chain), file)
        elif head[:4] == b"\x28\xb5\x2f\xfd":
            yield from _limited(_unzstd(chain), file)
        else:
            yield from _limited(chain, file) if file.member else chain


def stream(source: IO[bytes]) -> Iterator[bytes]:
    """The bytes of standard input, unpacked when they are packed."""
    head = source.read(4)
    chain = _chained(head, source)
    file = File("-", "standard input", 1 << 62)
    if head[:2] == b"\x1f\x8b":
        return _limited(_gunzip(chain), file)
    return _limited(_unzstd(chain), file) if head == b"\x28\xb5\x2f\xfd" else chain


def text(name: str) -> str:
    """A file's name as messages and the store can have it."""
    return os.fsencode(name).decode(errors="backslashreplace").replace(os.sep, "/")


def _raw(file: File) -> IO[bytes]:
    if file.member is None:
        return open(file.path, "rb", buffering=0)
    archive = zipfile.ZipFile(file.path)
    try:
        return archive.open(file.member)
    finally:
        archive.close()  # the member keeps the file open for itself


def _chained(head: bytes, raw: IO[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    while piece := raw.read(PIECE):
        yield piece


def _gunzip(data: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip, also several streams on end, as a rotated file appended to has them."""
    unpacker: Any = None
    for piece in data:
        rest = piece
        while rest:
            if unpacker is None:
                unpacker = zlib.decompressobj(31)
            out = unpacker.decompress(rest, PIECE)
            yield out
            rest = unpacker.unconsumed_tail
            if unpacker.eof:
                rest = unpacker.unused_data.lstrip(b"\0")
                unpacker = None
    if unpacker is not None:
        while out := unpacker.decompress(unpacker.unconsumed_tail, PIECE):
            yield out
        raise EOFError("the file ends before its packed data does")


def _unzstd(data: Iterator[bytes]) -> Iterator[bytes]:
    import zstandard

    # 8 MiB of window is what the format's tools accept by default on 32-bit machines, and what loggers write.
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
        as_file(data), read_across_frames=True, closefd=False
    )
    try:
        while piece := reader.read(PIECE):
            yield piece
    except zstandard.ZstdError as error:
        raise OSError(str(error)) from None


def _limited(data: Iterator[bytes], file: File) -> Iterator[bytes]:
    """The data, until it is far more than a log's packed size allows."""
    size = 0
    for piece in data:
        size += len(piece)
        if size > max(ALLOWANCE, RATIO * file.size):
            raise OSError(f"it unpacks to more than {RATIO} times its size, which no log does")
        yield piece


def packing(name: str) -> str:
    """The ending that says how a file is packed, "" for none."""
    return os.path.splitext(name)[1] if unpacked(name) != name else ""


def words(error: BaseException) -> str:
    """What an error says, without its class and numbers."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__


class _Pieces(io.RawIOBase):
    """Pieces as a file that can be read."""

    def __init__(self, data: Iterator[bytes]) -> None:
        super().__init__()
        self._data = data
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It can."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one piece does; 0 at the end."""
        while not self._rest:
            piece = next(self._data, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def as_file(data: Iterator[bytes]) -> IO[bytes]:
    """Pieces as a file that can be read."""
    return io.BufferedReader(_Pieces(data), PIECE)
