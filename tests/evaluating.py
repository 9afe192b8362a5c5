"""Prototypes of a project as tests evaluate them, by both engines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from dlaasgen.adapters.jsonnet import Library, engine, evaluate
from dlaasgen.errors import PrototypeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def laid_out(tmp_path: Path) -> Path:
    """A project's prototypes, a shipped folder beside them, and what must stay out of reach."""
    for name, text in {
        "project/prototypes/lib/good.libsonnet": "{ good: true }",
        "project/prototypes/lib/bad.libsonnet": "{\n  a: 1,\n  b: }\n",
        "project/prototypes/lib/fails.libsonnet": "{\n  f(x):: error 'boom ' + x,\n}\n",
        "shipped/lib/shipped.libsonnet": "{ shipped: true } + import 'good.libsonnet'",
        "shipped/lib/good.libsonnet": "{ good: 'shipped' }",
        "shipped/tfjob.jsonnet": "// @name tfjob\nfunction(params) {}",
        "secret": "{ secret: true }",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    prototypes = tmp_path / "project" / "prototypes"
    (prototypes / "lib" / "binary").write_bytes(b"\xff\xfe")
    (prototypes / "link").symlink_to(tmp_path / "secret")
    (prototypes / "way").symlink_to(tmp_path)
    (prototypes / "inside").symlink_to("lib/good.libsonnet")
    (prototypes / "dangling").symlink_to("nowhere")
    return tmp_path


def library(project: Path) -> Library:
    return Library([str(project / "project" / "prototypes"), str(project / "missing"), str(project / "shipped")])


def write(project: Path, text: str, name: str = "p") -> None:
    (project / "project" / "prototypes" / f"{name}.jsonnet").write_text(text)


def values(
    project: Path, text: str, name: str, *cells: Mapping[str, Any], common: Mapping[str, Any] | None = None
) -> Any:
    write(project, text)
    given = cells or ({"name": "n"},)
    return orjson.loads(evaluate(library(project), "p", common or {}, given, engine(name), json.dumps))


def fault(project: Path, text: str, name: str, *cells: Mapping[str, Any]) -> str:
    with pytest.raises(PrototypeError) as caught:
        values(project, text, name, *cells)
    (finding,) = caught.value.findings
    return str(finding).replace("the prototype cannot be evaluated: ", "")


ONLY = "only files below the prototypes' folders can be imported"
