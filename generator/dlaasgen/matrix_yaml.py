"""YAML as matrix files have it: bytes -> JSON data and the place of every value and key. No I/O here.

The events of PyYAML's parser (the C one where there is one) are put together here, since its own loaders would take
`yes` for true, 0777 for 511 and 12:30 for 750, keep the last of two equal keys, and recurse as deep as a file likes.
Plain words are null, true, false or a number only where JSON says so too; all others are strings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from dlaasgen.errors import MatrixError
from dlaasgen.findings import Finding, did_you_mean
from dlaasgen.matrix_faults import named, path_text, quoted
from dlaasgen.matrix_scalars import CORE, SCALAR_TAGS, resolve
from dlaasgen.matrix_syntax import TOO_DEEP, explain
from dlaasgen.matrix_text import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlaasgen.matrix import Json, Path

MAX_DEPTH = 50
MAX_NODES = 250_000

# A key that is left out, since a finding has been made of it.
_DROPPED = object()


@dataclass(slots=True)
class Place:
    """Where a value stands, and its items: key or index -> (place of the key, place of the value)."""

    line: int
    column: int
    items: dict[str | int, tuple[tuple[int, int], Place]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Positions:
    """A matrix.Where: the place of a key path, or of the nearest thing around it that the file has."""

    root: Place

    def __call__(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """(line, column), 1-based."""
        place = self.root
        at = (place.line, place.column)
        for step in path:
            if step not in place.items:
                return place.line, place.column
            at, place = place.items[step]
        return at if key else (place.line, place.column)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file holds: JSON data, places, and the problems that did not keep the rest from being read."""

    document: Json
    where: Positions
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Node:
    """A value that is complete, or a list or object that is still open. size and height count aliases in full."""

    value: Any
    place: Place
    size: int = 1
    height: int = 0
    anchor: str | None = None
    key: Any = None
    key_at: tuple[int, int] | None = None


def load(data: bytes, file: str | None) -> Loaded:
    """Reads one YAML document. Raises MatrixError for bytes that are no text, no YAML, or beyond a limit."""
    text = decode(data, file)
    builder = _Builder(file)
    import yaml  # costs 15 ms

    # The C loader tells nothing of a file that its pure Python twin would not.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        root = builder.build(_events(loader))
    except yaml.MarkedYAMLError as error:
        finding = explain(error, text, file)
        # What follows a fault on its line is most often its consequence.
        last = [] if any(f.line == finding.line for f in builder.findings) else [finding]
        raise MatrixError([*builder.findings, *last]) from None
    finally:
        loader.dispose()
    if root is None or root.value is None:
        raise MatrixError([Finding("M101", "the file is empty", file=file, expected="a matrix")])
    return Loaded(root.value, Positions(root.place), tuple(builder.findings))


def _events(loader: Any) -> Iterator[Any]:
    while (event := loader.get_event()) is not None:
        yield event


class _Builder:
    """Puts events together without recursion."""

    def __init__(self, file: str | None) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.open: list[_Node] = []
        self.root: _Node | None = None
        self.anchors: dict[str, _Node] = {}
        self.nodes = 0

    def build(self, events: Iterator[Any]) -> _Node | None:
        """The root, or None when there is no document."""
        for event in events:
            match type(event).__name__:
                case "ScalarEvent":
                    node = _Node(self.scalar(event), self.place(event), anchor=event.anchor)
                    self.count(node)
                    self.complete(node)
                case "MappingStartEvent" | "SequenceStartEvent" as kind:
                    self.begin(event, {} if kind == "MappingStartEvent" else [])
                case "MappingEndEvent" | "SequenceEndEvent":
                    self.complete(self.open.pop())
                case "AliasEvent":
                    self.alias(event)
                case "DocumentStartEvent" if self.root is not None:
                    self.refuse(
                        "M105", self.place(event), "the file holds more than one YAML document", hint="one file a study"
                    )
                case _:
                    pass
        return self.root

    def place(self, event: Any) -> Place:
        return Place(event.start_mark.line + 1, event.start_mark.column + 1)

    def begin(self, event: Any, value: dict[str, Json] | list[Json]) -> None:
        node = _Node(value, self.place(event), anchor=event.anchor)
        kind = "map" if isinstance(value, dict) else "seq"
        if event.tag not in (None, "!", CORE + kind):
            self.tag(event, node.place)
        self.count(node)
        self.open.append(node)
        if len(self.open) > MAX_DEPTH:
            self.too_deep(node.place)
        if event.anchor is not None:
            self.anchors[event.anchor] = node

    def alias(self, event: Any) -> None:
        place = self.place(event)
        target = self.anchors.get(event.anchor)
        if target is None:
            hint = did_you_mean("*" + event.anchor, ["*" + a for a in self.anchors])
            hint = hint or "quote a text that begins with *"
            self.refuse("M105", place, f"no anchor &{event.anchor} stands before *{event.anchor}", hint=hint)
        if any(target is node for node in self.open):
            self.refuse(
                "M105", place, f"*{event.anchor} stands inside of what &{event.anchor} names, which would be endless"
            )
        if len(self.open) + target.height > MAX_DEPTH:
            self.too_deep(place)
        copy = _Node(target.value, Place(place.line, place.column, target.place.items), target.size, target.height)
        self.count(copy)
        self.complete(copy)

    def complete(self, node: _Node) -> None:
        """Gives a complete value to the list or object around it."""
        if node.anchor is not None:
            self.anchors[node.anchor] = node
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        if isinstance(parent.value, list):
            parent.place.items[len(parent.value)] = ((node.place.line, node.place.column), node.place)
            parent.value.append(node.value)
        elif parent.key_at is None:
            parent.key = node.value if self.is_key(node, parent) else _DROPPED
            parent.key_at = (node.place.line, node.place.column)
        else:
            if parent.key is not _DROPPED:
                parent.value[parent.key] = node.value
                parent.place.items[parent.key] = (parent.key_at, node.place)
            parent.key_at = None

    def is_key(self, node: _Node, parent: _Node) -> bool:
        """Whether a value can be a key of an object; if not, says why."""
        key = node.value
        if isinstance(key, dict):
            place, outer = node.place, parent.place
            if (place.line, place.column) == (outer.line, outer.column + 1):
                hint = 'put it in quotes: "{{ ... }}"'
                self.note("M107", outer, "a text that begins with {{ is an object to YAML", hint=hint)
            else:
                self.note("M107", place, "a key is an object", expected="a string", hint="put it in quotes")
        elif isinstance(key, list):
            self.note("M107", node.place, "a key is a list", expected="a string", hint="put it in quotes")
        elif not isinstance(key, str):
            kind = {type(None): "null", bool: "true or false"}.get(type(key), "a number")
            self.note(
                "M107",
                node.place,
                f"a key is {kind}",
                found=json.dumps(key),
                expected="a string",
                hint="put it in quotes",
            )
        elif key in parent.value:
            line, column = parent.place.items[key][0]
            message = f"the key {named(key)} stands here a second time"
            self.note("M104", node.place, message, hint=f"the first is at line {line}, column {column}", step=key)
        elif key == "<<":
            self.note("M105", node.place, "merge keys (<<) are not supported", hint="write the keys out, or use params")
        else:
            return True
        return False

    def scalar(self, event: Any) -> Json:
        if event.tag is not None and event.tag != "!" and event.tag not in SCALAR_TAGS:
            self.tag(event, self.place(event))
            return event.value
        scalar = resolve(event.value, event.tag, plain=event.implicit[0])
        if scalar.code is not None:
            self.note(scalar.code, self.place(event), scalar.message, found=quoted(event.value), hint=scalar.hint)
        return scalar.value

    def tag(self, event: Any, place: Place) -> None:
        name = event.tag.replace(CORE, "!!", 1)
        shown = name if len(name) <= 40 and name.isprintable() else quoted(name, 40)
        expected = "!!str, !!int, !!float, !!bool, !!null, !!map or !!seq, each where it fits, or no tag"
        self.note("M105", place, f"the tag {shown} is not supported", expected=expected)

    def count(self, node: _Node) -> None:
        self.nodes += node.size
        if self.nodes > MAX_NODES:
            message = f"the file has more than {MAX_NODES:,} values, aliases written out"
            self.refuse("M106", node.place, message, hint="write fewer aliases, or several matrix files")

    def too_deep(self, place: Place) -> NoReturn:
        self.refuse("M106", place, TOO_DEEP)

    def path(self) -> Path:
        """The key path of what comes next."""
        steps: list[str | int] = []
        for node in self.open:
            if isinstance(node.value, list):
                steps.append(len(node.value))
            elif node.key_at is not None and isinstance(node.key, str):
                steps.append(node.key)
        return tuple(steps)

    def note(
        self,
        code: str,
        place: Place,
        message: str,
        *,
        found: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
        step: str | None = None,
    ) -> None:
        path = path_text(self.path() if step is None else (*self.path(), step))
        finding = Finding(
            code,
            message,
            file=self.file,
            line=place.line,
            column=place.column,
            path=path[:200],
            found=found,
            expected=expected,
            hint=hint,
        )
        self.findings.append(finding)

    def refuse(self, code: str, place: Place, message: str, *, hint: str | None = None) -> NoReturn:
        finding = Finding(code, message, file=self.file, line=place.line, column=place.column, hint=hint)
        raise MatrixError([*self.findings, finding])
