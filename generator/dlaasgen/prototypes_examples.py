"""Values that stand in for parameters, so that a prototype can be looked at without a matrix. No I/O here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean, shown
from dlaasgen.prototypes import GIVEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.prototypes import Parameter, Prototype

# What parameters that are called so mostly want; the others get something of their type.
_BY_NAME = {
    "image": "docker.io/example/benchmark@sha256:" + "0" * 64,
    "model": "resnet50",
    "command": ["python", "benchmark.py"],
    "batch_size": 32,
}
_BY_TYPE: Mapping[str, Any] = {
    "string": "example",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "object": {},
    "array": ["example"],
}


def example(prototype: Prototype, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the parameters that have no default and are not in `given`."""
    needed = (p for p in prototype.parameters.values() if p.required and p.name not in GIVEN)
    return {p.name: _value(p) for p in needed if p.name not in given}


def _value(parameter: Parameter) -> Any:
    if parameter.choices:
        return parameter.choices[0]
    value = _BY_NAME.get(parameter.name)
    return value if value is not None and parameter.accepts(value) else _BY_TYPE[parameter.type]


def settings(prototype: Prototype, words: Sequence[str]) -> dict[str, Any]:
    """The parameters that `NAME=VALUE` words give, each value as its parameter's type has it. Raises UsageError.

    A text is taken as it is; anything else is JSON. Whether it is of the type is for the prototype to say.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            message = f"--set {shown(word)} is no NAME=VALUE"
            raise UsageError([Finding("R120", message, hint=did_you_mean(name, prototype.parameters))])
        parameter = prototype.parameters.get(name)
        found[name] = text if parameter is None or parameter.type in ("string", "enum") else _json(text)
    return found


def _json(text: str) -> Any:
    """The JSON value of a text, or the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
