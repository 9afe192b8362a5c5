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
from typing import TYPE_CHECKING, Any, Protocol

from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding, nearest
from dlaasgen.headers import parse_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlaasgen.prototypes import Prototype

ENGINES = ("rjsonnet", "jsonnet")
_MAIN = "local prototype = import %s;\nfunction(common, cells) [prototype(common + cell) for cell in cells]\n"
_IMPORT = re.compile(r"\bimport(?:str|bin)?\s*@?(['\"])(.+?)\1")


class Library:
    """The folders that prototypes may import from, nearest first, and what has been read from them."""

    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = tuple(os.path.realpath(r) for r in roots if os.path.isdir(r))
        self._texts: dict[str, str] = {}

    def names(self) -> list[str]:
        """The names of the prototypes that can be used, sorted."""
        return sorted({n[: -len(".jsonnet")] for r in self.roots for n in os.listdir(r) if n.endswith(".jsonnet")})

    def prototype(self, name: str) -> Prototype:
        """The prototype called `name`. Raises PrototypeError when there is none or its header is wrong."""
        for root in self.roots:
            path = os.path.join(root, name + ".jsonnet")
            if "/" not in name and os.path.isfile(path):
                return parse_header(self.text(path), self.shown(path))
        names = self.names()
        close = nearest(name, names)
        hint = f"did you mean {close}?" if close else f"prototypes: {', '.join(names)}"
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
        for root in self.roots:
            if path.startswith(root + os.sep):
                return "prototypes/" + os.path.relpath(path, root).replace(os.sep, "/")
        return os.path.basename(path)

    def resolve(self, folder: str, name: str) -> str:
        """The file that `import 'name'` in `folder` means. Raises ValueError (outside the roots), FileNotFoundError."""
        if os.path.isabs(name):
            msg = f"import of {name!r}: only files below the prototypes' folders can be imported"
            raise ValueError(msg)
        for base in dict.fromkeys((folder or self.roots[0], *self.roots)):
            path = os.path.realpath(os.path.join(base, name))
            if os.path.isfile(path):
                if not any(path.startswith(r + os.sep) for r in self.roots):
                    msg = f"import of {name!r} leads out of the prototypes' folders"
                    raise ValueError(msg)
                return path
        msg = f"import of {name!r}: no such file in the prototypes' folders"
        raise FileNotFoundError(msg)

    def closure(self, name: str) -> dict[str, str]:
        """What prototype `name` is made of: every file that it imports, directly or not, as shown -> SHA-256 in hex.

        Found by reading the import expressions, whose paths jsonnet wants literal. One inside a comment counts too.
        """
        todo, seen = [self.resolve("", name + ".jsonnet")], {}
        while todo:
            path = todo.pop()
            if path in seen:
                continue
            text = self.text(path)
            seen[path] = hashlib.sha256(text.encode()).hexdigest()
            for _, target in _IMPORT.findall(text):
                with contextlib.suppress(ValueError, OSError):
                    todo.append(self.resolve(os.path.dirname(path), target))
        return dict(sorted((self.shown(p), d) for p, d in seen.items()))


class Engine(Protocol):
    """Evaluates a jsonnet program; `tla` are top-level arguments as JSON text."""

    def __call__(self, program: str, tla: Mapping[str, str], library: Library) -> str:
        """The program's result as JSON text. Raises RuntimeError with the engine's own words."""


def _rjsonnet(program: str, tla: Mapping[str, str], library: Library) -> str:
    import rjsonnet

    def load(folder: str, name: str) -> tuple[str, str]:
        path = library.resolve(folder, name)
        return path, library.text(path)

    # Collecting its garbage costs as much as the evaluation. What is left goes with the worker's process.
    evaluated: str = rjsonnet.evaluate_snippet(  # type: ignore[call-arg]
        "dlaasgen", program, tla_codes=dict(tla), import_callback=load, gc=False
    )
    return evaluated


def _jsonnet(program: str, tla: Mapping[str, str], library: Library) -> str:
    import _jsonnet

    def load(folder: str, name: str) -> tuple[str, bytes]:
        path = library.resolve(folder, name)
        return path, library.text(path).encode()

    result: str = _jsonnet.evaluate_snippet("dlaasgen", program, tla_codes=dict(tla), import_callback=load)
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
        raise PrototypeError([_explain(str(error), library)]) from None


def _explain(text: str, library: Library) -> Finding:
    """An engine's message as a finding: its first line, and the place in a prototype when it names one."""
    for root in library.roots:
        text = text.replace(root + os.sep, "prototypes/")
    lines = [line.strip() for line in text.strip().splitlines()]
    message = (
        re.sub(r"^(?:RUNTIME ERROR|STATIC ERROR|runtime error|import_callback error): ?", "", lines[0])
        if lines
        else "no reason given"
    )
    message = re.sub(r"^(?:\w+Error): ", "", message)
    place = next((m for line in lines if (m := re.search(r"(prototypes/[^:\s]+):\(?(\d+):(\d+)", line))), None)
    code = "T108" if "prototypes' folders" in message and "no such file" not in message else "T106"
    return Finding(
        code,
        f"the prototype cannot be evaluated: {message}",
        file=place.group(1) if place else None,
        line=int(place.group(2)) if place else None,
        column=int(place.group(3)) if place else None,
    )
