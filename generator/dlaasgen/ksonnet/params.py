"""Parameters: edit params.libsonnet as text, so that what a person wrote around a value stays. No I/O here.

The file is a jsonnet program in which one object `components` (or `components+`, in an environment) holds an object for
each component. Only that object is touched; what else the program says is not looked at.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding, shown
from dlaasgen.ksonnet.lexer import Token, field, text_of, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OPEN = {"{": "}", "[": "]", "(": ")"}
_NUMBER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of an object: its name (None for one that is computed or a local), and the numbers of its tokens."""

    name: str | None
    first: int
    value: int
    last: int


@dataclass(frozen=True, slots=True)
class _Object:
    """An object in the program: the numbers of its braces and its fields; `comma` when one ends the last field."""

    opening: int
    closing: int
    fields: tuple[_Field, ...]
    comma: bool

    def field(self, name: str) -> _Field | None:
        """The field of that name."""
        return next((f for f in self.fields if f.name == name), None)


class Params:
    """The text of a params.libsonnet, read. Raises PrototypeError when it has not the form that ks gave it."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        try:
            self._tokens = tokens(text)
        except ValueError as error:
            raise self._fault(str(error)) from None
        self._components = self._find()

    def components(self) -> list[str]:
        """The names of the components that have an object of their own."""
        return [f.name for f in self._components.fields if f.name is not None]

    def with_component(self, name: str, values: Mapping[str, str]) -> str:
        """The text with an object for one more component; `values` in jsonnet. Raises UsageError when there is one."""
        if self._components.field(name) is not None:
            raise UsageError([Finding("A104", f"component {name} has parameters already", file=self.file)])
        inner = "".join(f"      {field(k)}: {v},\n" for k, v in sorted(values.items()))
        return self._inserted(
            self._components, f"{field(name)}: {{\n{inner}    }}" if inner else f"{field(name)}: {{}}"
        )

    def with_value(self, component: str, path: Sequence[str], value: str, *, overlay: bool = False) -> str:
        """The text with one parameter set. `overlay`: in an environment, whose objects add to others (`name+:`)."""
        return self._set(self._components, [component, *path], value, "+: " if overlay else ": ")

    def _set(self, here: _Object, names: Sequence[str], value: str, colon: str) -> str:
        found = here.field(names[0])
        if found is None:
            return self._inserted(here, _nested(names, value, colon))
        if len(names) > 1:
            return self._set(self._object(found, names[0]), names[1:], value, colon)
        start, end = self._tokens[found.value].start, self._tokens[found.last].end
        return self.text[:start] + value + self.text[end:]

    def without(self, component: str, path: Sequence[str] = ()) -> str:
        """The text without one parameter, or without all of a component; the same text when there is none."""
        here, names = self._components, [component, *path]
        for name in names[:-1]:
            found = here.field(name)
            if found is None:
                return self.text
            here = self._object(found, name)
        found = here.field(names[-1])
        if found is None:
            return self.text
        start, end = self._tokens[found.first].start, self._tokens[found.last].end
        if self._tokens[found.last + 1].text == ",":
            end = self._tokens[found.last + 1].end
        line = self.text.rfind("\n", 0, start) + 1
        if not self.text[line:start].strip() and self.text[end : end + 1] == "\n":
            start, end = line, end + 1
        return self.text[:start] + self.text[end:]

    def _inserted(self, into: _Object, member: str) -> str:
        opening, closing = self._tokens[into.opening], self._tokens[into.closing]
        before = self._tokens[into.closing - 1]
        text, place = self.text, closing.start
        if into.fields and not into.comma:
            text, place = text[: before.end] + "," + text[before.end :], place + 1
        line = text.rfind("\n", 0, place) + 1
        margin = text[line:place]
        if margin.strip() or "\n" not in text[opening.start : place]:  # the closing brace stands behind something
            whole = text[text.rfind("\n", 0, opening.start) + 1 :]
            margin = whole[: len(whole) - len(whole.lstrip(" \t"))]
            kept = text[:place].rstrip(" \t")
            return f"{kept}\n{margin}  {member},\n{margin}{text[place:]}"
        return f"{text[:line]}{margin}  {member},\n{text[line:]}"

    def _find(self) -> _Object:
        """The object `components`: a field of an outermost object, which a local or a sum may have around it."""
        depth = 0
        for number, token in enumerate(self._tokens):
            if token.text in _OPEN and token.kind == "symbol":
                depth += 1
            elif token.text in _OPEN.values() and token.kind == "symbol":
                depth -= 1
            elif depth == 1 and _name(token) == "components":
                after = number + 1
                while after < len(self._tokens) and self._tokens[after].text in ("+", ":"):
                    after += 1
                if after > number + 1 and after < len(self._tokens) and self._tokens[after].text == "{":
                    return self._read(after)
        raise self._fault("it has no object `components`")

    def _object(self, at: _Field, name: str) -> _Object:
        if self._tokens[at.value].text != "{" or self._close(at.value) != at.last:
            raise self._fault(f"{name} is no plain object", self._tokens[at.value])
        return self._read(at.value)

    def _read(self, opening: int) -> _Object:
        closing = self._close(opening)
        fields, start, colon = [], opening + 1, 0
        number, comma = start, False
        while number < closing:
            token = self._tokens[number]
            if token.kind == "symbol" and token.text in _OPEN:
                number = self._close(number)
            elif token.text == ":" and not colon:
                colon = number
            elif token.text == ",":
                fields.append(self._field(start, colon, number - 1))
                start, colon = number + 1, 0
            number += 1
        comma = start == closing and closing > opening + 1
        if start < closing:
            fields.append(self._field(start, colon, closing - 1))
        return _Object(opening, closing, tuple(fields), comma)

    def _field(self, first: int, colon: int, last: int) -> _Field:
        name = _name(self._tokens[first])
        plain = colon - first == 1 or (colon - first == 2 and self._tokens[first + 1].text == "+")
        value = colon
        while value < last and self._tokens[value].text == ":":
            value += 1
        return _Field(name if plain else None, first, value, last)

    def _close(self, opening: int) -> int:
        depth = 0
        for number in range(opening, len(self._tokens)):
            token = self._tokens[number]
            if token.kind == "symbol":
                depth += (token.text in _OPEN) - (token.text in _OPEN.values())
            if not depth:
                return number
        raise self._fault("a bracket is not closed", self._tokens[opening])

    def _fault(self, why: str, at: Token | None = None) -> PrototypeError:
        line = None if at is None else self.text.count("\n", 0, at.start) + 1
        hint = "edit the file by hand"
        return PrototypeError(
            [Finding("A109", f"the parameters cannot be edited: {why}", file=self.file, line=line, hint=hint)]
        )


def _nested(names: Sequence[str], value: str, colon: str) -> str:
    """`value` as a field of fields: `a+: { b: 1 }`."""
    text = f"{field(names[-1])}: {value}"
    for name in reversed(names[:-1]):
        text = f"{field(name)}{colon}{{ {text} }}"
    return text


def _name(token: Token) -> str | None:
    """What a token is as the name of a field."""
    if token.kind == "word":
        return token.text
    return text_of(token.text) if token.kind == "string" else None


def value_of(text: str, *, as_string: bool = False) -> str:
    """What `ks param set` takes a word for, in jsonnet: number, true, false, array and object in JSON, else a string.

    Raises UsageError.
    """
    if not as_string:
        if _NUMBER(text):
            return text.removeprefix("+")
        if text.lower() in ("true", "false"):
            return text.lower()
        if text[:1] in ("[", "{"):
            try:
                value: Any = json.loads(text)
            except (ValueError, RecursionError):
                message = "the value looks like JSON, and is none"
                hint = "write it as JSON, or give --as-string"
                raise UsageError([Finding("A108", message, found=shown(text), hint=hint)]) from None
            return json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False)


def path_of(text: str) -> list[str]:
    """The path of a parameter: names with dots between. Raises UsageError."""
    path = text.split(".")
    if not all(path):
        message = "wrong name of a parameter"
        raise UsageError([Finding("A108", message, found=shown(text), expected="a name, or names with dots between")])
    return path
