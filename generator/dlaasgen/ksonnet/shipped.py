"""A prototype of dlaasgen as one of ksonnet's: its parameters become options, and its component calls it. No I/O here.

The prototype's files are copied into the application, so that a later dlaasgen does not change its jobs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dlaasgen.ksonnet.headers import Header, Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen import prototypes

FOLDER = "vendor/dlaasgen/"
_SOURCES = "prototypes/"
# Made by dlaasgen from a cell of a matrix, which a component is not.
_OF_A_CELL = ("labels", "annotations")
_NAMESPACE = "namespace"


def header(prototype: prototypes.Prototype, name: str) -> Header:
    """The documentation of the prototype that is imported as `name`, and the program that calls it."""
    known = {p.name: p for p in prototype.parameters.values() if p.name not in _OF_A_CELL}
    parameters = [Parameter("name", "string", "Name of the job")] if "name" not in known else []
    parameters += map(_parameter, known.values())
    defaults = "{ namespace: env.namespace } + " if _NAMESPACE in known else ""
    body = f"(import {json.dumps(f'dlaasgen/{name}.jsonnet')})({defaults}params)\n"
    return Header(
        prototype.name,
        prototype.file,
        tuple(parameters),
        body,
        prototype.short_description,
        prototype.description,
        prototype.api_version,
    )


def _parameter(own: prototypes.Parameter) -> Parameter:
    if own.name == _NAMESPACE:
        return Parameter(own.name, own.type, f"{own.description}; the environment's when left out", may_miss=True)
    text = own.default if own.default is None or isinstance(own.default, str) else json.dumps(own.default)
    kind = "string" if own.choices else own.type
    return Parameter(own.name, kind, own.description, text, own.choices, not own.required and text is None)


def files(sources: Mapping[str, str]) -> dict[str, str]:
    """Where a prototype's files go in an application; `sources` as messages name them -> text."""
    return {FOLDER + path.removeprefix(_SOURCES): text for path, text in sources.items()}
