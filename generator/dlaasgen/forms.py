"""Form: what objects have in common that differ in a few scalars alone, as the cells of a matrix do. No I/O here.

An engine writes an object's JSON with one scalar a line. Where two such texts differ in scalars alone, so do the
objects with their identity, and their YAML. So a form is made of the first of a kind: its JSON and its YAML as the
texts between those scalars that have been seen to differ, and the object as a tree of which the rest is shared. The
following ones are matched with it and filled in, which takes a third of the time. What fits no form makes a new one, or
widens one.
"""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from dlaasgen.canonical import dump, one_line
from dlaasgen.manifests import Identity, adopt

if TYPE_CHECKING:
    from collections.abc import Iterator

_REMEMBERED = 4096
_MOST_FORMS = 32
# Objects that no other is like would cost a form each: so many are tried, and one more for so many that were filled in.
_TRIES = 64
_WORTH = 16
# A line of an engine's JSON: indent and key, a scalar or bracket, comma.
_LINE = re.compile(r'( *(?:"(?:[^"\\]|\\.)*": )?)(.*?)(,?)')
_BRACKETS = frozenset("{}[]")
# Whether there is a mapping decides where an identity goes.
_FIXED = _BRACKETS | {"null", "{}", "{ }", "[]", "[ ]", ""}
_QUOTE = frozenset({'"'})
# What stands for a scalar while the text around it is made. As YAML it is plain.
_MARK = "dlaasgen/scalar/"
_MARKED = re.compile(f"{_MARK}([0-9]+)/")
_NAMES = (("metadata", "name"), ("metadata", "labels"), ("metadata", "annotations"))
_CONTAINERS = ("template", "spec", "containers")
_COMMANDS = ("args", "command")


class Filled(NamedTuple):
    """An object with its identity. `text` is its canonical YAML; `data` shares what it can with others of its form.

    Where `alike` is the same, objects differ at most in strings of their name, labels, annotations and of the commands
    and arguments of their pods' containers.
    """

    data: dict[str, Any]
    text: str
    alike: tuple[Any, ...]


class Forms:
    """The forms of the objects seen so far."""

    def __init__(self) -> None:
        self._forms: dict[tuple[str, ...], _Form] = {}
        # Which form came after which one: an axis that changes from cell to cell takes them by turns.
        self._following: dict[_Form | None, tuple[_Form, ...]] = {}
        self._last: _Form | None = None
        self._scalars = _Scalars()
        self._left = _TRIES * _WORTH

    def fill(self, source: str, own: Identity) -> Filled | None:
        """The object that a JSON text reads as, with its identity; None when no form is known of it."""
        form: _Form
        for form in (*self._following.get(self._last, ()), *self._forms.values()):
            filled = form.fill(source, own, self._scalars)
            if filled is not None:
                self._following[self._last] = (form,)
                self._last = form
                self._left += 1
                return filled
        return None

    def learn(self, source: str, data: dict[str, Any], own: Identity) -> None:
        """Make a form of an object without its identity, or let the one that it is nearly of know where it differs.

        `source` is JSON text that reads as `data`.
        """
        if self._left < _WORTH:
            return
        self._left -= _WORTH
        matches = map(_LINE.fullmatch, source.split("\n"))
        lines: list[_Line] = [(m[1], m[2], m[3]) for m in matches if m]
        same = [head + comma if _varies(value) else head + value + comma for head, value, comma in lines]
        kind = (*same, *own.labels, *own.annotations)
        form = self._forms.get(kind)
        if form is not None:
            form.widen(lines)
            return
        if len(self._forms) >= _MOST_FORMS:
            self._forms.clear()
            self._following.clear()
        with suppress(ValueError, RecursionError):  # it cannot be written, as `canonical` will say
            form = _form(lines, data, own)
        if form is not None:
            self._forms[kind] = form


_Line = tuple[str, str, str]
"""Indent and key, value, comma."""


def _varies(value: str) -> bool:
    """Whether what a line of JSON holds may be another scalar in an object of the same form."""
    return value not in _FIXED and "\\n" not in value  # text of several lines is laid out by its indent


class _Scalars(dict[str, tuple[Any, str]]):
    """A scalar that may vary, as JSON -> its value, and its canonical YAML on one line."""

    def __missing__(self, raw: str) -> tuple[Any, str]:
        if len(self) >= _REMEMBERED:
            self.clear()
        if not _varies(raw):
            msg = "it does not vary within a form"
            raise ValueError(msg)
        value = orjson.loads(raw)
        found = self[raw] = value, one_line(value)
        return found


class _Slot:
    """The place of a scalar: of that on a line of JSON, or, numbered behind the lines, of one of the identity's."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class _Form:
    """One form. What was the same in all objects so far is part of it, the rest is filled in."""

    def __init__(self, lines: list[_Line], layout: dict[str, Any], apart: set[int], own: Identity) -> None:
        """`layout`: an object with its identity, slots in the place of its scalars; `apart`: see `Filled.alike`."""
        self._lines = lines
        self._layout = layout
        self._apart = apart
        self._names = _names(own)
        self._lengths = len(own.labels), len(own.annotations)
        self._yaml = _MARKED.split(dump(_with_marks(layout)))
        self._varying: set[int] = set()
        self.widen(lines)

    def widen(self, lines: list[_Line]) -> None:
        """Fill in from now on what is different here."""
        self._varying |= {n for n, (mine, other) in enumerate(zip(self._lines, lines, strict=True)) if mine != other}
        varying = sorted(self._varying)
        first, second, end = accumulate([len(self._lines), *self._lengths])
        own = [*range(first, end), tuple(range(first, second)), tuple(range(second, end))]
        places: _Places = {n: place for place, n in enumerate([*varying, *own])}
        self._first, *rest = self._between()
        self._rest = [(text, text.startswith(","), len(text)) for text in rest]
        self._strings = [places[n] for n in varying if n in self._apart]
        self._others = [places[n] for n in varying if n not in self._apart]
        self._base, fills = _filling(self._layout, self._lines, places)
        self._fills = fills or []
        self._pieces = self._yaml[:1]
        self._written: list[int] = []
        for number, text in zip(map(int, self._yaml[1::2]), self._yaml[2::2], strict=True):
            if number in places:
                self._written.append(places[number])
                self._pieces += ["", text]
            else:
                self._pieces[-1] += one_line(orjson.loads(self._lines[number][1])) + text

    def _between(self) -> list[str]:
        """The JSON text before, between and behind the values that vary."""
        texts = [""]
        for number, (head, value, comma) in enumerate(self._lines):
            if number in self._varying:
                texts[-1] += head
                texts.append("")
            else:
                texts[-1] += head + value
            texts[-1] += comma + "\n"
        texts[-1] = texts[-1][:-1]
        return texts

    def fill(self, source: str, own: Identity, scalars: _Scalars) -> Filled | None:
        """The object that a JSON text of this form reads as, with its identity; None when it is of another."""
        if not source.startswith(self._first) or _names(own) != self._names:
            return None
        at = len(self._first)
        raws = []
        for text, comma, length in self._rest:
            end = source.find("\n", at) - comma
            if not source.startswith(text, end):
                return None
            raws.append(source[at:end])
            at = end + length
        if at != len(source) or not {raws[n][:1] for n in self._strings} <= _QUOTE:
            return None
        identity = [*own.labels.values(), *own.annotations.values()]
        try:
            found = [scalars[raw] for raw in raws]
            texts = [*[text for _, text in found], *map(one_line, identity)]
        except ValueError:
            return None
        values = [*[value for value, _ in found], *identity, dict(own.labels), dict(own.annotations)]
        self._pieces[1::2] = [texts[n] for n in self._written]
        data = _filled(self._base, self._fills, values)
        return Filled(data, "".join(self._pieces), (self, *[raws[n] for n in self._others]))


_Places = dict[int | tuple[int | None, ...], int]
"""The number of a slot, or those of a mapping that the identity is all of -> its place among what is filled in."""


def _names(own: Identity) -> tuple[str, ...]:
    return (*own.labels, *own.annotations)


def _form(lines: list[_Line], data: dict[str, Any], own: Identity) -> _Form | None:
    """The form of `data`, whose JSON has these lines; None when they do not have one scalar each."""
    numbers = [n for n, (_, value, _) in enumerate(lines) if value not in _BRACKETS]
    if list(_leaves(data)) != [orjson.loads(lines[n][1]) for n in numbers]:
        return None
    if any(_MARK in head or _MARK in value for head, value, _ in lines):
        return None
    apart: set[int] = set()
    layout = _layout(data, (), iter(numbers), lines, apart)
    slots = map(_Slot, count(len(lines)))
    labels: Any = {name: next(slots) for name in own.labels}
    annotations: Any = {name: next(slots) for name in own.annotations}
    adopt(layout, Identity(own.stand_in, labels, annotations))
    return _Form(lines, layout, apart, own)


def _leaves(value: Any) -> Iterator[Any]:
    """The scalars and empty collections of a value, in order."""
    if value and value.__class__ in (dict, list):
        for child in value.values() if value.__class__ is dict else value:
            yield from _leaves(child)
    else:
        yield value


def _layout(value: Any, path: tuple[Any, ...], numbers: Iterator[int], lines: list[_Line], apart: set[int]) -> Any:
    """The value with slots in the places of its scalars; the numbers of those that stand apart go to `apart`."""
    if value and value.__class__ is dict:
        return {k: _layout(v, (*path, k), numbers, lines, apart) for k, v in value.items()}
    if value and value.__class__ is list:
        return [_layout(v, (*path, n), numbers, lines, apart) for n, v in enumerate(value)]
    number = next(numbers)
    if path[:2] in _NAMES or (path[-6:-3] == _CONTAINERS and path[-2] in _COMMANDS):
        apart.add(number)
    return _Slot(number) if _varies(lines[number][1]) else value


def _with_marks(node: Any) -> Any:
    """A layout as a value, with marks in the places of its slots."""
    if node.__class__ is dict:
        return {k: _with_marks(v) for k, v in node.items()}
    if node.__class__ is list:
        return [_with_marks(v) for v in node]
    return f"{_MARK}{node.number}/" if node.__class__ is _Slot else node


def _filling(node: Any, lines: list[_Line], places: _Places) -> tuple[Any, Any]:
    """(a layout as a value, None in the places that vary; how those are filled in).

    That is None where nothing varies, the place of what is to stand there, or for a collection what stands in it where
    it varies: (key, value, how that is filled in).
    """
    if node.__class__ is _Slot:
        if node.number in places:
            return None, places[node.number]
        return orjson.loads(lines[node.number][1]), None
    if node.__class__ is dict:
        whole = tuple([v.number if v.__class__ is _Slot else None for v in node.values()])
        if whole in places:
            return None, places[whole]
        parts = [(k, _filling(v, lines, places)) for k, v in node.items()]
        base: Any = {k: value for k, (value, _) in parts}
    elif node.__class__ is list:
        parts = [(n, _filling(v, lines, places)) for n, v in enumerate(node)]
        base = [value for _, (value, _) in parts]
    else:
        return node, None
    fills = [(k, base[k], how) for k, (_, how) in parts if how is not None]
    return base, fills or None


def _filled(base: Any, fills: list[tuple[Any, Any, Any]], values: list[Any]) -> Any:
    """A copy of a value where it varies, filled in."""
    made = base.copy()
    for key, inside, how in fills:
        made[key] = values[how] if how.__class__ is int else _filled(inside, how, values)
    return made
