"""Manifests on disk, whoever wrote them: YAML of one or more documents, or JSON. At least as strict as Kubernetes.

Plain scalars mean what they mean to Kubernetes, whose reader (go-yaml 2, then JSON) follows neither YAML 1.1 nor 1.2:
`y` is true, `0o17` and `017` are 15, `1e3` is a number, `12:30:45` and `2024-01-01` are strings.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from dlaasgen.canonical_reading import load
from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUFFIXES = (".yaml", ".yml", ".json")
STDIN = "-"
_LARGEST = 64 << 20
_DEEPEST = 200
_TOO_DEEP = f"lists and objects are nested more than {_DEEPEST} deep"
# With its aliases written out. Kubernetes' reader stops at less when most of them come from aliases.
_MOST_VALUES = 1_000_000
_TRUE = ("y", "yes", "true", "on")
_BOOL = re.compile(
    "^(?:" + "|".join(f"{w}|{w.title()}|{w.upper()}" for w in (*_TRUE, "n", "no", "false", "off")) + ")$"
)
_INT = re.compile(r"^[-+]?_*(?:0_*[xX][0-9a-fA-F_]+|0_*[oO][0-7_]+|0_*[bB][01_]+|0[0-7_]*|[1-9][0-9_]*)$")
_FLOAT = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_NO_STRINGS = frozenset(f"tag:yaml.org,2002:{t}" for t in ("bool", "int", "float", "null"))
_MERGE = re.compile(r"^<<$")
_NAME = "\nmetadata:\n  name: "
# What lies beside manifests in a tree and is none.
_NOT_MANIFESTS = frozenset({"kustomization.yaml", "index.json"})


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document. `data` is None when it could not be read, and `finding` then says why. `line` is 1-based."""

    file: str
    line: int
    data: Any
    finding: Finding | None = None
    node: Any = None
    text: str = ""  # where there is no node: canonical, and parsed when a place is asked for

    def place(self, steps: Sequence[str | int]) -> tuple[int, int]:
        """(line, column) of what lies at these steps, or of the last of them that is there; both 1-based."""
        if self.text and [*steps] == ["metadata", "name"] and (at := self.text.find(_NAME)) >= 0:
            return self.text.count("\n", 0, at) + 3, 3
        node, mark = _loader()(self.text).get_single_node() if self.text else self.node, None
        for step in steps:
            inner = _entry(node, step)
            if inner is None:
                break
            mark, node = inner
        if mark is None:
            return self.line, 1
        return mark.line + 1, mark.column + 1


def _entry(node: Any, step: str | int) -> tuple[Any, Any] | None:
    """(where it begins, the node) of an entry of a mapping, which begins at its key, or of a list; None for none."""
    inner = node.value if node is not None and isinstance(node.value, list) else []
    if isinstance(step, int):
        item = inner[step] if step < len(inner) and node.id == "sequence" else None
        return None if item is None else (item.start_mark, item)
    # The last of several: a key of its own comes after those that a merge brought.
    for key, value in reversed(inner) if inner and node.id == "mapping" else ():
        if key.value == step:
            return key.start_mark, value
    return None


def find(path: str) -> list[str]:
    """The manifest files of a folder (all below it, sorted), or the file itself. Raises UsageError for none."""
    if os.path.isfile(path):
        return [path]
    if not os.path.isdir(path):
        folder = os.path.dirname(path) or "."
        near = None
        with contextlib.suppress(OSError):
            near = did_you_mean(os.path.basename(path), os.listdir(folder))
        raise UsageError([Finding("R120", f"there is no {path}", hint=near)])
    found = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        named = sorted(f for f in files if f.endswith(SUFFIXES) and f not in _NOT_MANIFESTS)
        found += [file for f in named if os.path.isfile(file := os.path.normpath(os.path.join(folder, f)))]
    if not found:
        raise UsageError(
            [Finding("R121", f"there is no manifest below {path}", expected=", ".join("*" + s for s in SUFFIXES))]
        )
    return found


def documents(path: str) -> Iterator[Document]:
    """The documents of a file, or of standard input. What cannot be read becomes a document with a finding."""
    try:
        data = _bytes(path)
        if len(data) > _LARGEST:
            yield _bad(path, 1, "the file is too large", f"at most {_LARGEST >> 20} MiB")
            return
        text = data.decode("utf-8")
    except OSError as error:
        yield _bad(path, 1, f"the file cannot be read: {error.strerror}")
        return
    except UnicodeDecodeError as error:
        yield _bad(path, 1, f"the file is not UTF-8 at byte {error.start}")
        return
    canonical = load(text)
    if canonical is not None:
        yield Document(path, 1, canonical[0], text=text)
    else:
        yield from _parsed(path, text)


def _parsed(path: str, text: str) -> Iterator[Document]:
    """The documents of any YAML."""
    import yaml

    loader = _loader()(text)
    line = 1
    try:
        while loader.check_node():
            node = loader.get_node()
            line = node.start_mark.line + 1
            if "&" in text:
                _count(node, {}, 0)
            twice = _twice(loader, node)
            if twice is not None:
                yield _bad(path, twice.start_mark, f"the key {twice.value} stands twice")
            else:
                yield Document(path, line, _json(loader.construct_document(node)), node=node)
    except yaml.MarkedYAMLError as error:
        yield _bad(path, error.problem_mark or 1, f"the YAML cannot be read: {error.problem or error.context}")
    except (yaml.YAMLError, ValueError) as error:
        yield _bad(path, line, f"the YAML cannot be read: {str(error).splitlines()[0]}")
    except RecursionError:
        yield _bad(path, line, f"the YAML cannot be read: {_TOO_DEEP}")
    finally:
        loader.dispose()


def objects(data: Any) -> Iterator[Any]:
    """The objects of a document: itself, or the items of a List; none in an empty document."""
    if data is None:
        return
    if is_list(data):
        yield from data["items"]
    else:
        yield data


def is_list(data: Any) -> bool:
    """Whether a document is a List: objects in one object."""
    return isinstance(data, dict) and data.get("kind") == "List" and isinstance(data.get("items"), list)


def _bytes(path: str) -> bytes:
    """What a file or standard input holds, or one byte more than is taken."""
    if path == STDIN:
        return sys.stdin.buffer.read(_LARGEST + 1)
    with open(path, "rb") as file:
        return file.read(_LARGEST + 1)


def _bad(path: str, at: Any, message: str, expected: str | None = None) -> Document:
    """A document that cannot be read. `at`: a line, or a mark of the YAML reader."""
    line, column = (at, None) if isinstance(at, int) else (at.line + 1, at.column + 1)
    return Document(path, line, None, Finding("R122", message, file=path, line=line, column=column, expected=expected))


@cache
def _loader() -> Any:
    """A YAML loader that takes plain scalars for what Kubernetes takes them for."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("Loader", (base,), {"yaml_implicit_resolvers": {}})
    for tag, regexp, first in (
        ("bool", _BOOL, "yYnNtTfFoO"),
        ("int", _INT, "-+0123456789"),
        ("float", _FLOAT, "-+.0123456789"),
        ("null", _NULL, ["~", "n", "N", ""]),
        ("merge", _MERGE, "<"),
    ):
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", regexp, list(first))
    loader.add_constructor("tag:yaml.org,2002:bool", lambda _, node: node.value.lower() in _TRUE)
    loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: _integer(node.value.replace("_", "")))
    return loader


def _integer(text: str) -> int | float | str:
    """A whole number as Go reads it: base by prefix, and a double when 64 bits do not hold it."""
    if len(text) < 70:
        sign, digits = -1 if text[0] == "-" else 1, text.lstrip("+-").lower()
        number = sign * int(digits, 8 if digits.isdigit() and digits[0] == "0" else 0)
        if -(1 << 63) <= number < 1 << 63:
            return number
    try:
        return float(text)
    except ValueError:
        return text


def _count(node: Any, sizes: dict[int, int], depth: int) -> int:
    """How many values a document has. Raises ValueError when they are too many, too deep, or without end."""
    size = sizes.get(id(node))
    if size is None:
        if depth > _DEEPEST:
            raise ValueError(_TOO_DEEP)
        sizes[id(node)] = -1
        inner = node.value if isinstance(node.value, list) else ()
        parts = [part for item in inner for part in (item if isinstance(item, tuple) else (item,))]
        size = sizes[id(node)] = 1 + sum(_count(part, sizes, depth + 1) for part in parts)
    if size < 0:
        msg = "an alias stands inside of what it names"
        raise ValueError(msg)
    if size > _MOST_VALUES:
        msg = f"with its aliases it has more than {_MOST_VALUES:,} values"
        raise ValueError(msg)
    return size


def _json(value: Any, depth: int = 0) -> Any:
    """A YAML value as the JSON that Kubernetes makes of it. Raises ValueError when there is none."""
    if isinstance(value, str):
        return value
    if depth > _DEEPEST:
        raise ValueError(_TOO_DEEP)
    if isinstance(value, dict):
        odd = [key for key in value if not isinstance(key, str)]
        if odd:
            msg = f"the key {odd[0]} is no string"
            raise ValueError(msg)
        return {k: _json(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_json(v, depth + 1) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        msg = f"{value} is no number to JSON"
        raise ValueError(msg)
    if value is None or isinstance(value, int | float):
        return value
    msg = f"a value is of the type {type(value).__name__}, which JSON has not"
    raise ValueError(msg)


def _key(key: Any) -> str:
    """A key that is no string, as the JSON of Kubernetes has it. Raises ValueError for null."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, float) and key.is_integer() and abs(key) < 1e21:
        return str(int(key))
    if key is None:
        msg = "the key null is no string"
        raise ValueError(msg)
    return str(key)


def _twice(loader: Any, node: Any) -> Any:
    """The second of two equal keys anywhere in a document, or None. All scalar keys are strings afterwards."""
    import yaml

    seen, todo = set(), [node]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys = set()
            for n, (given, value) in enumerate(node.value):
                key = given
                if isinstance(key, yaml.ScalarNode):
                    if key.tag in _NO_STRINGS:
                        # Before there is a dict of them: to Python, 1 and true are one key.
                        text = _key(loader.construct_object(key))
                        key = yaml.ScalarNode("tag:yaml.org,2002:str", text, key.start_mark, key.end_mark)
                        node.value[n] = (key, value)
                    if key.value in keys:
                        return key
                    keys.add(key.value)
                todo.append(value)
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
    return None
