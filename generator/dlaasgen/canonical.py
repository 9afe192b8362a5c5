"""Canonical YAML: one text for one value, which every reader reads back to that value. No I/O here.

Kubernetes reads YAML 1.1 through Go, people's tools read 1.1 (PyYAML) and 1.2. The three disagree on plain scalars
(``on``, ``0777``, ``1e3``, ``12:30:45``, a bare key ``n``), so a string stays plain only when a whitelist says that all
of them read it as that string; every other string is written in JSON's double quotes, with everything escaped that
YAML does not allow to stand for itself. Text of several printable lines becomes a literal block, for the sake of diffs.

Order of keys: apiVersion, kind, metadata, spec at the top of a manifest, `name` and `namespace` first elsewhere, the
rest sorted by code point. Block style, two blanks a level, lists level with their key. Numbers: integers in decimal,
floats with a point (YAML 1.1 takes ``1e-05`` for a string).
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_PLAIN = re.compile(r"(?:--)?[A-Za-z/](?:[A-Za-z0-9_./@=,+-]|:(?=[A-Za-z0-9_/@]))*").fullmatch
# Words that one reader or another takes for a boolean, null or number.
_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
# What JSON leaves alone and YAML does not allow or folds: DEL, C1 (with NEL), line and paragraph separators, BOM,
# non-characters; and surrogates, which no encoding of Unicode can carry.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_LITERAL_LINE = re.compile(r"(?:[\x20-\x7e]*[\x21-\x7e])?").fullmatch
# A YAML reader need not look further than 1,024 characters for the colon after a key.
_LONGEST_SIMPLE_KEY = 1000
# Numbers come from jsonnet, where they are doubles: beyond this an integer has lost digits, in each engine others.
_LARGEST_INTEGER = 2**53
_FIRST = {"apiVersion": 0, "kind": 1, "name": 2, "namespace": 3, "metadata": 4, "spec": 5}


def dump(value: Any) -> str:
    """A JSON value (str keys, finite numbers) as canonical YAML, with a newline at its end.

    Raises ValueError for what has no YAML form that all readers share: NaN, infinities, integers beyond 2^53, keys that
    are long or no strings, lone surrogates, other types, and nesting as deep as Python's stack.
    """
    lines: list[str] = []
    try:
        if value.__class__ is dict and value:
            _mapping(value, "", lines)
        elif value.__class__ is list and value:
            _sequence(value, "", lines)
        else:
            lines.append(_scalar(value, ""))
    except RecursionError:
        msg = "lists and objects are nested too deep"
        raise ValueError(msg) from None
    return "\n".join(lines) + "\n"


def one_line(value: Any) -> str:
    """A scalar or an empty collection as it stands behind its key, wherever that is.

    Raises ValueError for what has no YAML form, and for what takes several lines, which depend on their indent.
    """
    if value and value.__class__ in (str, dict, list):
        text = _strings[value] if value.__class__ is str else ""
        if not text:
            msg = "it takes several lines"
            raise ValueError(msg)
        return text
    return _scalar(value, "")


class _Strings(dict[str, str]):
    """A string -> how it stands behind `key: ` or `- `; "" for one of several lines, which depends on its indent."""

    def __missing__(self, value: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        text = self[value] = "" if "\n" in value else _string(value)
        return text


class _Blocks(dict[tuple[str, bytes], str]):
    """(indent, JSON of a mapping in a list) -> its lines. The containers of a matrix' jobs repeat."""

    def of(self, value: dict[str, Any], indent: str) -> str:
        """The lines of a mapping that is an item of a list."""
        try:
            key = (indent, orjson.dumps(value))
        except TypeError:  # what has no JSON form, of which canonical YAML has more to say
            return _item(value, indent)
        text = self.get(key)
        if text is None:
            if len(self) >= _REMEMBERED:
                self.clear()
            text = self[key] = _item(value, indent)
        return text


class _Orders(dict[tuple[str, ...], tuple[tuple[str, str, str], ...]]):
    """Keys of a mapping at one indent -> (key, `key:`, `key: `), indented, in canonical order."""

    def __init__(self, indent: str) -> None:
        self._indent = indent

    def __missing__(self, keys: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
        if len(self) >= _REMEMBERED:
            self.clear()
        heads = [(k, self._indent + _key(k)) for k in _ordered(keys)]
        order = self[keys] = tuple((k, head, head + " ") for k, head in heads)
        return order


class _Levels(dict[str, _Orders]):
    """Indent -> the orders of the mappings there."""

    def __missing__(self, indent: str) -> _Orders:
        level = self[indent] = _Orders(indent)
        return level


_REMEMBERED = 4096
_strings = _Strings()
_blocks = _Blocks()
_levels = _Levels()


def _mapping(value: dict[str, Any], indent: str, lines: list[str]) -> None:
    """Append the lines of a non-empty mapping."""
    append = lines.append
    for key, head, scalar in _levels[indent][tuple(value)]:
        item = value[key]
        kind = item.__class__
        if kind is str:
            append(scalar + (_strings[item] or _text(item, indent)))
        elif kind is dict and item:
            append(head)
            _mapping(item, indent + "  ", lines)
        elif kind is list and item:
            append(head)
            _sequence(item, indent, lines)
        else:
            append(scalar + _scalar(item, indent))


def _sequence(value: list[Any], indent: str, lines: list[str]) -> None:
    """Append the lines of a non-empty sequence."""
    for item in value:
        kind = item.__class__
        if kind is str:
            lines.append(f"{indent}- {_strings[item] or _text(item, indent)}")
        elif kind is dict and item:
            lines.append(_blocks.of(item, indent))
        elif kind is list and item:
            lines.append(_item(item, indent))
        else:
            lines.append(f"{indent}- {_scalar(item, indent)}")


def _item(value: dict[str, Any] | list[Any], indent: str) -> str:
    """The lines of a non-empty mapping or sequence that is an item of a sequence."""
    lines: list[str] = []
    deeper = indent + "  "
    if isinstance(value, dict):
        _mapping(value, deeper, lines)
    else:
        _sequence(value, deeper, lines)
    return f"{indent}- {lines[0][len(deeper) :]}" + "".join(["\n" + line for line in lines[1:]])


def _scalar(value: Any, indent: str) -> str:
    """Anything that fits behind its key: a scalar or an empty collection."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    kind = value.__class__
    if kind is str:
        return _text(value, indent)
    if kind is int:
        if -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER:
            return str(value)
        msg = "an integer is beyond 2^53, where numbers lose digits"
        raise ValueError(msg)
    if kind is float:
        return _float(value)
    if kind is dict:
        return "{}"
    if kind is list:
        return "[]"
    msg = f"{kind.__name__} has no YAML form"
    raise ValueError(msg)


def _float(value: float) -> str:
    """A finite float in the one form that YAML 1.1, YAML 1.2 and JSON readers agree on."""
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    if mantissa.lstrip("-") in ("inf", "nan"):
        msg = f"{text} has no JSON form"
        raise ValueError(msg)
    if e and "." not in mantissa:
        return f"{mantissa}.0e{exponent}"
    return text


def _text(value: str, indent: str) -> str:
    """A string; one of several plain lines becomes a literal block."""
    if "\n" in value and value[0] not in " \n" and value[-2:] != "\n\n":
        body = value.removesuffix("\n").split("\n")
        if all(map(_LITERAL_LINE, body)):
            head = "|" if value.endswith("\n") else "|-"
            return "\n".join([head, *(f"{indent}  {line}" if line else "" for line in body)])
    return _string(value)


def _string(value: str) -> str:
    """A string on one line: plain where all readers agree on it, else in double quotes."""
    if _PLAIN(value) and value.lower() not in _RESERVED:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return quoted if value.isascii() and "\x7f" not in value else _UNPRINTABLE.sub(_escape, quoted)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xD800 <= code <= 0xDFFF:
        msg = f"the lone surrogate U+{code:04X} is no character"
        raise ValueError(msg)
    return f"\\u{code:04x}"


def _key(key: str) -> str:
    """A key with its colon."""
    text = _string(key)
    if len(text) > _LONGEST_SIMPLE_KEY:
        msg = f"a key takes {len(text):,} characters; more than {_LONGEST_SIMPLE_KEY:,} are too many for a YAML key"
        raise ValueError(msg)
    return text + ":"


def _ordered(keys: tuple[str, ...]) -> list[str]:
    """Keys in canonical order. Raises ValueError for one that is no string."""
    for key in keys:
        if key.__class__ is not str:
            msg = f"the key {key!r} is not a string"
            raise ValueError(msg)
    if "metadata" not in keys:
        return sorted(keys, key=lambda k: (k != "name", k != "namespace", k))
    return sorted(keys, key=lambda k: (_FIRST.get(k, len(_FIRST)), k))
