"""Lines inside lines: the repr of bytes that the old launcher wrote, and Docker's JSON around each line."""

from __future__ import annotations

import json
import re

_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_PLAIN = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}
DOCKER = b'{"log":"'


def _unescaped(match: re.Match[bytes]) -> bytes:
    code, letter = match.groups()
    return bytes((int(code, 16),)) if code else _PLAIN.get(letter, letter)


def repr_of_bytes(text: bytes) -> tuple[bytes, bool] | None:
    """What `b'...'` stands for, and whether it was cut before its closing quote. None: it is no such repr."""
    quote = text[1:2]
    if text[:1] != b"b" or quote not in (b"'", b'"') or not quote:
        return None
    # A quote that ends the text closes it, unless the quote is itself escaped or is the opening one.
    body = text[2:].rstrip(b" \r")
    slashes = len(body[:-1]) - len(body[:-1].rstrip(b"\\"))
    closed = body.endswith(quote) and slashes % 2 == 0
    inner = body[:-1] if closed else body
    return (_ESCAPE.sub(_unescaped, inner) if b"\\" in inner else inner), not closed


def docker_line(text: bytes) -> tuple[bytes, bytes, bytes, bool] | None:
    """(content, stream, time, whether the line goes on) of a line of Docker's json-file driver; None: it is none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("log"), str):
        return None
    content = data["log"].encode("utf-8", "surrogatepass")
    partial = not content.endswith(b"\n")
    return content.rstrip(b"\n"), str(data.get("stream", "")).encode(), str(data.get("time", "")).encode(), partial
