"""Canonical YAML read back, many times faster than YAML in general is. No I/O here.

What is read is written again and compared: a text that is not canonical to the last byte is not read here at all.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from dlaasgen.canonical import dump

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_INTEGER = re.compile(r"-?[0-9]+").fullmatch
_DEEPEST = 200
_WORDS: dict[str, Any] = {"null": None, "true": True, "false": False}


def load(text: str) -> tuple[Any] | None:
    """(the value,) of a canonical text of one object; None for any other text, which has to be read in another way."""
    try:
        lines = text.split("\n")
        if lines.pop():
            return None
        value, at = _block(lines, 0, 0)
        return (value,) if at == len(lines) and dump(value) == text else None
    except (ValueError, IndexError, RecursionError):
        return None


def _block(lines: list[str], at: int, column: int) -> tuple[Any, int]:
    """(value, the line behind it) of the mapping or list that begins at a line and column."""
    if column > 2 * _DEEPEST:
        raise ValueError
    if lines[at].startswith("- ", column):
        return _sequence(lines, at, column)
    return _mapping(lines, at, column)


def _mapping(lines: list[str], at: int, column: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    indent, count = " " * column, len(lines)
    while at < count:
        line = lines[at]
        if not line.startswith(indent) or (line[column] in " -" and not line.startswith("--", column)):
            break
        key, rest = _key(line, column)
        if rest:
            found[key], at = _value(rest, lines, at, column)
        else:
            listed = lines[at + 1].startswith("- ", column) and lines[at + 1].startswith(indent)
            found[key], at = _block(lines, at + 1, column if listed else column + 2)
    return found, at


def _sequence(lines: list[str], at: int, column: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    start = " " * column + "- "
    while at < len(lines) and lines[at].startswith(start):
        rest = lines[at][column + 2 :]
        if rest.startswith("- ") or _is_entry(rest):
            lines[at] = f"{start[:-2]}  {rest}"
            value, at = _block(lines, at, column + 2)
        else:
            value, at = _value(rest, lines, at, column)
        found.append(value)
    return found, at


def _is_entry(text: str) -> bool:
    """Whether an item of a list is a mapping on its line. No plain string has a blank or ends in a colon."""
    if text[0] == '"':
        quoted = _QUOTED.match(text)
        return quoted is not None and text.startswith(":", quoted.end())
    return ": " in text or text.endswith(":")


def _key(line: str, column: int) -> tuple[str, str]:
    """(key, what stands behind its colon)."""
    if line[column] == '"':
        quoted = _QUOTED.match(line, column)
        if quoted is None:
            raise ValueError
        return orjson.loads(quoted.group()), line[quoted.end() + 2 :]
    head, _, rest = line.partition(": ")
    return head[column:] if rest else head[column:].removesuffix(":"), rest


def _value(text: str, lines: list[str], at: int, column: int) -> tuple[Any, int]:
    """(value, the line behind it) of what stands on the line of its key or dash."""
    at += 1
    first = text[0]
    if first == '"':
        return orjson.loads(text), at
    if first == "|":
        body = []
        indent = " " * (column + 2)
        while at < len(lines) and (not lines[at] or lines[at].startswith(indent)):
            body.append(lines[at][column + 2 :])
            at += 1
        return "\n".join(body) + ("\n" if text == "|" else ""), at
    if text in _WORDS:
        return _WORDS[text], at
    if text == "{}":
        return {}, at
    if text == "[]":
        return [], at
    if first in "-0123456789" and not text.startswith("--"):
        return int(text) if _INTEGER(text) else float(text), at
    return text, at
