"""Component: a cell as a jsonnet program of its own, as ksonnet had them. No I/O here.

It needs no import and no external variable, and evaluates to exactly the object in the YAML (an array of them when the
cell has several). What identifies the object is taken from `params`, where a person would look for it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHARED = ("name", "namespace", "labels", "annotations")


def component(
    template: str, matrix: str, cell: str, params: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]
) -> str:
    """The program for one cell. `params` are its parameters with name, labels and annotations; `template` is Jinja2."""
    parts = []
    for data in objects:
        metadata = data.get("metadata")
        shared = [
            f
            for f in _SHARED
            if isinstance(metadata, dict) and f in metadata and f in params and _same(metadata[f], params[f])
        ]
        rest = (
            {**data, "metadata": {k: v for k, v in metadata.items() if k not in shared}}
            if isinstance(metadata, dict)
            else data
        )
        parts.append({"rest": _jsonnet(rest), "fields": shared})
    text: str = _compiled(template).render(matrix=matrix, cell=cell, params=_jsonnet(params), objects=parts)
    return text


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _jsonnet(value: Any) -> str:
    """JSON is jsonnet; two blanks a level, as jsonnetfmt has it."""
    return json.dumps(value, indent=2, ensure_ascii=True, sort_keys=True)


@lru_cache(maxsize=4)
def _compiled(template: str) -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # Not HTML: every value is JSON by the time it comes here.
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(template)
