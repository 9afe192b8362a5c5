"""From bytes to text that any YAML reader takes for the same lines. No I/O here."""

from __future__ import annotations

import re

from dlaasgen.errors import MatrixError
from dlaasgen.findings import Finding

MAX_BYTES = 1 << 20

_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
# What YAML forbids, and U+0085, U+2028, U+2029 and U+FEFF: they end a line in YAML 1.1 and do not in 1.2.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def decode(data: bytes, file: str | None) -> str:
    """The text of a matrix file, its byte order mark left out. Raises MatrixError."""
    if len(data) > MAX_BYTES:
        raise MatrixError(
            [Finding("M106", "the file is larger than 1 MiB", file=file, hint="write several matrix files")]
        )
    for mark, name in _MARKS:
        if data.startswith(mark):
            raise MatrixError([Finding("M102", f"the file is {name}", file=file, expected="UTF-8")])
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        finding = _finding(before, file, f"the byte 0x{data[error.start]:02X} is not UTF-8", "save the file as UTF-8")
        raise MatrixError([finding]) from None
    if match := _UNFIT.search(text):
        code = f"U+{ord(match[0]):04X}"
        hint = f'write it as an escape in double quotes: "\\u{ord(match[0]):04x}"'
        if match[0] == "\0":
            hint = "save the file as UTF-8 text"
        raise MatrixError(
            [_finding(text[: match.start()], file, f"the character {code} cannot stand in a matrix file", hint)]
        )
    return text


def _finding(before: str, file: str | None, message: str, hint: str) -> Finding:
    lines = re.split(r"\r\n?|\n", before)
    return Finding("M102", message, file=file, line=len(lines), column=len(lines[-1]) + 1, hint=hint)
