"""Lexer: the tokens of a jsonnet program, as far as editing one needs them. No I/O here.

Grammar: https://jsonnet.org/ref/spec.html#lexing. Operators come one character at a time.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "string", "number", "symbol"]
_KINDS: tuple[Kind, ...] = ("word", "string", "number", "symbol")

KEYWORDS = frozenset({
    "assert", "else", "error", "false", "for", "function", "if", "import", "importstr", "importbin", "in", "local",
    "null", "self", "super", "tailstrict", "then", "true",
})  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<space>\s++|//[^\n]*+|\#[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)
    |(?P<string>@'(?:[^']|'')*+'|@"(?:[^"]|"")*+"|'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"
      |\|\|\|-?[ \t\r]*\n(?:[ \t\r]*\n)*(?P<indent>[ \t]++)[^\n]*\n(?:(?P=indent)[^\n]*\n|[ \t\r]*\n)*+[ \t]*\|\|\|)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*+)
    |(?P<number>[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)
    |(?P<symbol>[][{}(),;.!$:~+\-&|^=<>*/%])""",
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its kind, its text, and where it begins and ends in the program."""

    kind: Kind
    text: str
    start: int
    end: int


def tokens(program: str) -> list[Token]:
    """The tokens of a program without blanks and comments. Raises ValueError that names the line of what is none."""
    found: list[Token] = []
    position = 0
    while position < len(program):
        match = _TOKEN.match(program, position)
        if match is None:
            line = program.count("\n", 0, position) + 1
            msg = f"line {line}: no jsonnet token begins with {program[position]!r}"
            raise ValueError(msg)
        # The block's indent is a group inside of the string's.
        kind = next((k for k in _KINDS if match[k] is not None), None)
        if kind is not None:
            found.append(Token(kind, match[kind], match.start(), match.end()))
        position = match.end()
    return found


def text_of(literal: str) -> str:
    """What a quoted string literal says. Raises ValueError for a wrong one; a text block is returned as it is."""
    if literal[0] == "|":
        return literal
    if literal[0] == "@":
        return literal[2:-1].replace(literal[1] * 2, literal[1])
    inner = re.sub(r"""\\'|(\\.)|"|\n|\t""", _quoted, literal[1:-1], flags=re.DOTALL)
    return str(json.loads(f'"{inner}"'))


def _quoted(match: re.Match[str]) -> str:
    """A piece of a jsonnet string as JSON has it, where only double quotes need a backslash."""
    return match[1] or {'"': '\\"', "\n": "\\n", "\t": "\\t"}.get(match[0], "'")


def is_word(text: str) -> bool:
    """Whether a field can be called so without quotes, and be read behind a dot."""
    return _WORD(text) is not None and text not in KEYWORDS


def field(name: str) -> str:
    """A field's name in an object: quoted when it must be."""
    return name if is_word(name) else json.dumps(name, ensure_ascii=False)


def member(name: str) -> str:
    """What stands behind an object to read a field: `.name`, or `["na-me"]`."""
    return f".{name}" if is_word(name) else f"[{json.dumps(name, ensure_ascii=False)}]"
