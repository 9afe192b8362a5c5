"""Header: the `// @...` comments at the top of a prototype, read into its documentation. No I/O here.

A default is one word, or JSON when it begins with a quote, bracket or brace; `null` means that the parameter is left
out.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Protocol

from dlaasgen.errors import PrototypeError
from dlaasgen.findings import Finding, did_you_mean, nearest, shown
from dlaasgen.prototypes import TYPES, Parameter, Prototype

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENUM = re.compile(r"enum\(([^()|\s]+(?:\|[^()|\s]+)*)\)").fullmatch
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*").fullmatch
_NAME_RULE = "letters, digits, _ and -, beginning with a letter or _"
_TAG = re.compile(r"\s*//\s*@([A-Za-z]+)[ \t]*(.*)").fullmatch
_TAGS = ("apiVersion", "name", "description", "shortDescription", "param", "optionalParam")
_TYPE_RULE = f"{', '.join(TYPES)} or enum(a|b)"
_FIRST_LINES = "begin the file with // @apiVersion 1, // @name NAME, // @shortDescription TEXT"
_SURROGATE = re.compile("[\ud800-\udfff]").search
# Jsonnet's numbers are doubles, and no manifest is nested that deep.
_LARGEST_INTEGER = 2**53
_DEEPEST = 50


class _Fault(Protocol):
    """Notes a fault of the line that is being read."""

    def __call__(
        self, message: str, found: str | None = None, expected: str | None = None, hint: str | None = None
    ) -> None: ...


def parse_header(source: str, file: str) -> Prototype:
    """The documentation in the comments at the top of a prototype. Raises PrototypeError with every fault."""
    faults: list[Finding] = []
    parameters: dict[str, Parameter] = {}
    texts: dict[str, str] = {}
    for number, tag, rest in _tags(source):

        def fault(
            message: str,
            found: str | None = None,
            expected: str | None = None,
            hint: str | None = None,
            line: int = number,
        ) -> None:
            faults.append(Finding("T102", message, file=file, line=line, found=found, expected=expected, hint=hint))

        if tag in ("param", "optionalParam"):
            parameter = _parameter(tag, rest, fault)
            if parameter is not None and parameter.name in parameters:
                fault(f"parameter {parameter.name} is documented twice")
            elif parameter is not None:
                parameters[parameter.name] = parameter
        elif tag not in _TAGS:
            fault(
                f"unknown header tag @{tag:.60}",
                expected=", ".join("@" + t for t in _TAGS),
                hint=did_you_mean(tag, _TAGS),
            )
        elif tag in texts:
            fault(f"header tag @{tag} stands twice")
        else:
            texts[tag] = rest
    _refuse_ksonnet(texts.get("apiVersion", ""), file)
    if not texts.get("name"):
        faults.append(Finding("T102", "the prototype has no // @name header", file=file, line=1, hint=_FIRST_LINES))
    if faults:
        raise PrototypeError(faults)
    return Prototype(
        name=texts["name"],
        file=file,
        parameters=parameters,
        short_description=texts.get("shortDescription", ""),
        description=texts.get("description", ""),
        api_version=texts.get("apiVersion", "1"),
    )


def _refuse_ksonnet(version: str, file: str) -> None:
    """Raises PrototypeError for a prototype of ksonnet, which has no function and types of its own."""
    if version.startswith("0."):
        message, hint = (
            "this is a prototype of ksonnet",
            "move it elsewhere, and make one of ours: dlaasgen ks import FILE",
        )
        found = shown(f"@apiVersion {version}")
        raise PrototypeError([Finding("T102", message, file=file, line=1, found=found, hint=hint)])


def _tags(source: str) -> Iterable[tuple[int, str, str]]:
    """(line, tag, what stands behind it) of the comments before the first line of code."""
    for number, line in enumerate(source.split("\n"), 1):
        text = line.strip()
        if text and not text.startswith("//"):
            return
        if match := _TAG(text):
            yield number, match[1], match[2]


def _parameter(tag: str, rest: str, fault: _Fault) -> Parameter | None:
    """One @param or @optionalParam line; None when it cannot be read (and the fault is noted)."""
    required = tag == "param"
    form = "@param name type description" if required else "@optionalParam name type default description"
    words = rest.split(None, 2)
    if len(words) < (2 if required else 3):
        fault(f"@{tag} is cut short", found=shown(f"@{tag} {rest}".strip()), expected=form)
        return None
    name, type_, tail = (*words, "")[:3]
    if not _NAME(name):
        fault(f"{shown(name)} is no parameter name", expected=_NAME_RULE)
        return None
    enum = _ENUM(type_)
    if type_ not in TYPES and enum is None:
        close = nearest(type_.lower(), TYPES)
        fault(
            f"parameter {name:.60} has an unknown type",
            found=shown(type_),
            expected=_TYPE_RULE,
            hint=f"did you mean {close}?" if close else None,
        )
        return None
    choices = tuple(enum[1].split("|")) if enum else ()
    base = "enum" if enum else type_
    if required:
        return Parameter(name, base, tail, required=True, choices=choices)
    default, text, description, problem = _default(tail, base)
    parameter = Parameter(name, base, description, required=False, default=default, choices=choices)
    if problem is not None:
        fault(f"the default of {name:.60} cannot be read", found=shown(text), expected=parameter.expected, hint=problem)
        return None
    if not parameter.accepts(default):
        hint = did_you_mean(text, choices)
        fault(
            f"the default of {name:.60} is not of its type", found=shown(text), expected=parameter.expected, hint=hint
        )
        return None
    return parameter


def _default(tail: str, type_: str) -> tuple[Any, str, str, str | None]:
    """(default, its text, description, problem) of what stands behind the type in an @optionalParam line."""
    if tail[0] in '"[{':
        try:
            value, end = json.JSONDecoder(object_pairs_hook=_object).raw_decode(tail)
        except RecursionError:
            return None, tail, "", _TOO_DEEP
        except ValueError as error:
            return None, tail, "", f"as JSON it is wrong: {error}"
        return value, tail[:end], tail[end:].strip(), _problem(value)
    word, description = (*tail.split(None, 1), "")[:2]
    if word == "null":
        return None, word, description, None
    if type_ in ("string", "enum"):
        return word, word, description, None
    try:
        value = json.loads(word, parse_constant=lambda _: word)
    except ValueError:
        value = word
    return value, word, description, _problem(value)


_TOO_DEEP = f"lists and objects are nested more than {_DEEPEST} deep"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a key stands twice"
        raise ValueError(msg)
    return found


def _problem(value: Any, depth: int = 0) -> str | None:
    """What jsonnet or YAML could not carry in a JSON value; None when it is good."""
    if isinstance(value, dict | list):
        if depth == _DEEPEST:
            return _TOO_DEEP
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        return next((p for v in inner if (p := _problem(v, depth + 1))), None)
    if isinstance(value, str):
        return "an escape in quotes is no character" if _SURROGATE(value) else None
    if isinstance(value, float):
        return None if math.isfinite(value) else "a number is NaN, or beyond 1.8e308, the largest there is"
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        return "an integer is beyond 2^53, where numbers lose digits"
    return None
