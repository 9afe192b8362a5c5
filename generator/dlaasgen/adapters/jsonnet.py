"""Jsonnet engines: evaluate a prototype for many cells at once. Imports are confined to the prototypes' folders.

Two engines that must agree byte for byte: `rjsonnet` (the default, quick to start and to run) and `jsonnet` (the C++
reference implementation). Both get one program for a chunk of cells, since starting costs more than evaluating.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding, did_you_mean, nearest
from dlaasgen.headers import parse_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlaasgen.prototypes import Prototype

ENGINES = ("rjsonnet", "jsonnet")
# JSON text is parsed by the engine's own parser in a fifth less of the whole time than as a program.
_MAIN = """\
local prototype = import %s;
function(common, cells) local base = std.parseJson(common); [prototype(base + cell) for cell in std.parseJson(cells)]
"""
# An import expression: between the word and the literal there may be comments.
_IMPORT = re.compile(
    r"""\bimport(?:str|bin)?(?:\s|/\*(?:[^*]|\*(?!/))*+\*/|(?://|\#)[^\n]*+)*+
    (@'(?:[^']|'')*+'|@"(?:[^"]|"")*+"|'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")""",
    re.VERBOSE | re.DOTALL,
)
_HEAD = re.compile(r"(?:RUNTIME ERROR|STATIC ERROR|runtime error|import_callback error): ?")
_IMPORTING = re.compile(r"""(?:couldn't open import "(?:[^"\\]|\\.)*": )?(?:\w+Error: )?(?:\S+: error\[T106\]: )?""")
# A path below a root has been shortened, and marked with NUL, which no path has.
_PLACE = re.compile(r"\0([^:\n]+):\(?(\d+):(\d+)\)?(?:-\(?\d+(?::\d+)?\)?)?:? ?")
_SIMILAR = re.compile(r"There (?:is|are) \w+ with similar names? present: (.+)")
_LONGEST_MESSAGE = 300


class Library:
    """The folders that prototypes may import from, nearest first, and what has been read from them."""

    def __init__(self, roots: Sequence[str], base: str | None = None) -> None:
        """`base`: the folder that messages name files relative to; without one they name them prototypes/..."""
        self.roots = tuple(os.path.realpath(r) for r in roots if os.path.isdir(r))
        self._bases = dict.fromkeys(self.roots, "prototypes/") if base is None else {os.path.realpath(base): ""}
        self._texts: dict[str, str] = {}

    def names(self) -> list[str]:
        """The names of the prototypes that can be used, sorted."""
        return sorted({n[: -len(".jsonnet")] for n in self._files() if n.endswith(".jsonnet")})

    def prototype(self, name: str) -> Prototype:
        """The prototype called `name`. Raises PrototypeError when there is none or its header is wrong."""
        with contextlib.suppress(FileNotFoundError):
            try:
                path = self.resolve("", name + ".jsonnet")
            except ValueError as error:
                raise PrototypeError([Finding("T108", str(error), path="prototype", found=name)]) from None
            return parse_header(self.text(path), self.shown(path))
        names = self.names()
        close = nearest(name, names)
        hint = f"did you mean {close}?" if close else f"prototypes: {', '.join(names) or 'none'}"
        raise PrototypeError(
            [Finding("T101", f"no prototype is called {name}", path="prototype", found=name, hint=hint)]
        )

    def text(self, path: str) -> str:
        """The text of a file below the roots, read once. Raises PrototypeError when it is not readable UTF-8."""
        if path not in self._texts:
            try:
                with open(path, encoding="utf-8", newline="") as file:
                    self._texts[path] = file.read()
            except (OSError, UnicodeDecodeError) as error:
                reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
                raise PrototypeError(
                    [Finding("T106", f"cannot read {self.shown(path)}: {reason}", file=self.shown(path))]
                ) from None
        return self._texts[path]

    def shown(self, path: str) -> str:
        """A path below a root as messages and the index name it: the same on every machine."""
        for root, prefix in self._bases.items():
            if path.startswith(root + os.sep):
                return prefix + os.path.relpath(path, root).replace(os.sep, "/")
        return os.path.basename(path)

    def marked(self, text: str) -> str:
        """A text with the paths below the roots as they are shown, a NUL before each."""
        for root, prefix in self._bases.items():
            text = text.replace(root + os.sep, "\0" + prefix)
        return text

    def resolve(self, folder: str, name: str) -> str:
        """The file that `import 'name'` in `folder` means. Raises ValueError (outside the roots), FileNotFoundError."""
        if os.path.isabs(name):
            msg = f"import of {name!r}: only files below the prototypes' folders can be imported"
            raise ValueError(msg)
        for base in dict.fromkeys((folder, *self.roots) if folder else self.roots):
            path = os.path.join(base, name)
            if os.path.isfile(path):
                path = os.path.realpath(path)
                if not any(path.startswith(r + os.sep) for r in self.roots):
                    msg = f"import of {name!r} leads out of the prototypes' folders"
                    raise ValueError(msg)
                return path
        near = did_you_mean(name, self._files())
        msg = f"import of {name!r}: no such file in the prototypes' folders" + (f"; {near}" if near else "")
        raise FileNotFoundError(msg)

    def _files(self) -> list[str]:
        """Every file below the roots, as an import from a root names it."""
        walk = ((r, folder, files) for r in self.roots for folder, _, files in os.walk(r))
        every = ((r, os.path.join(folder, f)) for r, folder, files in walk for f in files)
        return [os.path.relpath(path, r) for r, path in every if os.path.isfile(path)]

    def closure(self, name: str) -> dict[str, str]:
        """What prototype `name` is made of: every file that it imports, directly or not, as shown -> SHA-256 in hex.

        Found by reading the import expressions, whose paths jsonnet wants literal. One inside a comment counts too. A
        project's file and a shipped one of the same name have one digest together.
        """
        found: dict[str, str] = {}
        for shown, text in sorted(self.sources(name)):
            digest = hashlib.sha256(text.encode()).hexdigest()
            before = found.get(shown)
            found[shown] = digest if before is None else hashlib.sha256((before + digest).encode()).hexdigest()
        return found

    def sources(self, name: str) -> list[tuple[str, str]]:
        """(path as shown, text) of every file that prototype `name` imports, directly or not, itself included."""
        todo, seen = [self.resolve("", name + ".jsonnet")], {}
        while todo:
            path = todo.pop()
            if path in seen:
                continue
            text = seen[path] = self.text(path)
            for literal in _IMPORT.findall(text):
                with contextlib.suppress(ValueError, OSError):
                    todo.append(self.resolve(os.path.dirname(path), _text_of(literal)))
        return [(self.shown(p), text) for p, text in seen.items()]


def _text_of(literal: str) -> str:
    """What a string literal of jsonnet says. Raises ValueError for a wrong one."""
    if literal[0] == "@":
        return literal[2:-1].replace(literal[1] * 2, literal[1])
    inner = literal[1:-1]
    return str(json.loads('"' + re.sub(r"""\\'|(\\.)|"|'""", _quoted, inner) + '"')) if "\\" in inner else inner


def _quoted(match: re.Match[str]) -> str:
    """A piece of a jsonnet string as JSON has it, where only double quotes need a backslash."""
    return match[1] or {'"': '\\"'}.get(match[0], "'")


class Engine(Protocol):
    """Evaluates a jsonnet program; `tla` are its top-level arguments, strings; `ext` external variables, jsonnet."""

    def __call__(
        self, program: str, tla: Mapping[str, str], library: Library, ext: Mapping[str, str] = MappingProxyType({})
    ) -> str:
        """The program's result as JSON text. Raises RuntimeError with the engine's own words."""


def _rjsonnet(
    program: str, tla: Mapping[str, str], library: Library, ext: Mapping[str, str] = MappingProxyType({})
) -> str:
    import rjsonnet

    def load(folder: str, name: str) -> tuple[str, str]:
        path = library.resolve(folder, name)
        return path, library.text(path)

    # Collecting its garbage costs as much as the evaluation. What is left goes with the worker's process.
    evaluated: str = rjsonnet.evaluate_snippet(  # type: ignore[call-arg]
        "dlaasgen", program, tla_vars=dict(tla), ext_codes=dict(ext), import_callback=load, gc=False
    )
    return evaluated


def _jsonnet(
    program: str, tla: Mapping[str, str], library: Library, ext: Mapping[str, str] = MappingProxyType({})
) -> str:
    import _jsonnet

    def load(folder: str, name: str) -> tuple[str, bytes]:
        path = library.resolve(folder, name)
        return path, library.text(path).encode()

    result: str = _jsonnet.evaluate_snippet(
        "dlaasgen", program, tla_vars=dict(tla), ext_codes=dict(ext), import_callback=load
    )
    return result


def engine(name: str) -> Engine:
    """The engine called `name`. Raises UsageError."""
    engines: dict[str, Engine] = {"rjsonnet": _rjsonnet, "jsonnet": _jsonnet}
    if name not in engines:
        raise UsageError(
            [Finding("T106", f"no jsonnet engine is called {name}", found=name, expected=", ".join(ENGINES))]
        )
    return engines[name]


def evaluate(
    library: Library,
    prototype: str,
    common: Mapping[str, Any],
    cells: Sequence[Mapping[str, Any]],
    run: Engine,
    dumps: Callable[[Any], str],
) -> str:
    """JSON text of an array: what `prototype` returns for `common` overlaid by each of `cells`.

    Raises PrototypeError (without a cell: the caller knows which it gave) in dlaasgen's words.
    """
    program = _MAIN % json.dumps(prototype + ".jsonnet")
    try:
        return run(program, {"common": dumps(common), "cells": dumps(cells)}, library)
    except RuntimeError as error:
        finding = _explain(str(error), library)
    if finding.line is None and run is _rjsonnet and len(cells) == 1:
        # The reference knows where it was in cases where the other engine does not.
        try:
            _jsonnet(program, {"common": dumps(common), "cells": dumps(cells)}, library)
        except RuntimeError as error:
            place = _explain(str(error), library)
            finding = replace(finding, file=place.file, line=place.line, column=place.column)
        else:
            finding = replace(finding, hint="the other engine can: --engine jsonnet")
    if finding.file is None:
        finding = replace(finding, file=f"prototypes/{prototype}.jsonnet")
    raise PrototypeError([finding])


def items(text: str, count: int) -> list[str]:
    """The JSON texts of an array's `count` items, cut from the text that an engine made of it, without decoding it.

    Raises ValueError when the array is not one of so many objects, laid out as the engines do.
    """
    indent = text[1 : text.find("{")]  # a line's end and the indent of an item; inside strings no line ends
    # Not str.split(), which takes six times as long where so few texts are so long.
    parts = re.split(f",{re.escape(indent)}(?={{)", text)
    parts[0] = parts[0].removeprefix(f"[{indent}")
    parts[-1] = parts[-1].rstrip().removesuffix("\n]")
    if indent.strip() or len(parts) != count or not all(p.startswith("{") and p.endswith("}") for p in parts):
        msg = f"not an array of {count} objects"
        raise ValueError(msg)
    return parts


def evaluate_program(library: Library, program: str, ext: Mapping[str, str], run: Engine, what: str) -> str:
    """JSON text of what a program returns. Raises PrototypeError, which says that `what` cannot be evaluated."""
    try:
        return run(program, {}, library, ext)
    except RuntimeError as error:
        raise PrototypeError([_explain(str(error), library, what)]) from None


def _explain(text: str, library: Library, what: str = "the prototype") -> Finding:
    """An engine's message as a finding: what went wrong, and the place in a prototype when it names one."""
    text = library.marked(text)
    # What the engine says, on one or more lines, then where it was, innermost first, on indented lines.
    lines = _HEAD.sub("", text, count=1).rstrip().split("\n")
    depth = next((n for n, line in enumerate(lines) if n and line.startswith(("\t", "    "))), len(lines))
    said = [line.strip() for line in lines[:depth] if line.strip()]
    place = _PLACE.match(lines[0]) or next((m for line in lines[depth:] if (m := _PLACE.search(line))), None)
    hint = next((f"did you mean {m[1]}?" for line in said if (m := _SIMILAR.fullmatch(line))), None)
    message = _IMPORTING.sub("", "; ".join(s for s in said if not _SIMILAR.fullmatch(s)), count=1)
    if place and (leading := _PLACE.match(message)):
        message = message[leading.end() :]
    message = message.replace("\0", "")
    if message == '"" (empty string)':
        message = ""
    outside = message.startswith("import of ") and message.endswith(("prototypes' folders", "can be imported"))
    return Finding(
        "T108" if outside and "no such file" not in message else "T106",
        f"{what} cannot be evaluated: {_printable(message) or 'it gives no reason'}",
        file=place[1] if place else None,
        line=int(place[2]) if place else None,
        column=int(place[3]) if place else None,
        hint=hint,
    )


def _printable(text: str) -> str:
    """A prototype's own words, which may be anything."""
    short = text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)
