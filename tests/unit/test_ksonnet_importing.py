"""ksonnet prototypes as prototypes of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rjsonnet

from dlaasgen.errors import PrototypeError
from dlaasgen.headers import parse_header
from dlaasgen.ksonnet.headers import Header, parse
from dlaasgen.ksonnet.importing import imported, outdated, sample
from ksonnets import BENCHMARK, IMPORTS

LIST = "local l = { core:: { v1:: { list:: { new(items):: items } } } }; l"


def prototype(body: str, *lines: str) -> Header:
    return parse("\n".join(["// @name a.b.own", "// @param name string Name", *lines, "", body]), "own.jsonnet")


def evaluated(text: str, params: dict[str, Any]) -> Any:
    program = f"({text})({json.dumps(params)})"
    return json.loads(rjsonnet.evaluate_snippet("x", program, import_callback=lambda _, name: (name, LIST)))


def test_what_a_reader_sees() -> None:
    text, library = imported(
        prototype('local k = import "k.libsonnet";\nlocal n = params.name;\nk.core.v1.list.new([{ n: n }])')
    )
    assert not library
    assert text == (
        "// @apiVersion 1\n"
        "// @name own\n"
        "// @shortDescription own\n"
        "// @optionalParam namespace string default Namespace that the objects go to\n"
        "function(given)\n"
        "  // What ks gave to a prototype: its parameters, and the environment.\n"
        "  local params = {\n"
        "    name: given.name,\n"
        "  };\n"
        "  local env = { namespace: given.namespace, server: '' };\n"
        "  local n = params.name;\n"
        "  ([{ n: n }])\n"
    )
    assert evaluated(text, {"name": "x", "namespace": "y", "labels": {}}) == [{"n": "x"}]


@pytest.mark.parametrize("source", [BENCHMARK, IMPORTS])
def test_our_header_can_be_read(source: str) -> None:
    header = parse(source, "f")
    read = parse_header(imported(header)[0], "f")
    assert read.name == header.short_name
    assert read.faults({k: v for k, v in sample(header, "n", "m").items() if k in read.parameters}) == []
    assert read.parameters["namespace"].default == "default"


def test_parameters_keep_their_defaults() -> None:
    read = parse_header(imported(parse(IMPORTS, "f"))[0], "f")
    assert {p.name: (p.type, p.default) for p in read.parameters.values()} == {
        "replicas": ("number", 2),
        "size": ("string", "big"),
        "secret": ("string", "null"),
        "args": ("array", ["a", "b"]),
        "limits": ("object", {}),
        "namespace": ("string", "default"),
    }
    header = prototype(
        "{}", "// @optionalParam x numberOrString 5 X", "// @param y numberOrString Y", "// @param z object"
    )
    read = parse_header(imported(header)[0], "f")
    assert [(p.name, p.type, p.required) for p in read.parameters.values()] == [
        ("x", "number", False),
        ("y", "string", True),
        ("z", "object", True),
        ("namespace", "string", False),
    ]
    assert sample(header, "n", "m") == {"name": "n", "x": 5, "y": "y", "z": {}, "namespace": "m"}


def test_a_namespace_of_its_own() -> None:
    header = prototype("{ a: params.namespace, b: env.namespace }", "// @optionalParam namespace string null N")
    text, _ = imported(header)
    assert parse_header(text, "f").parameters["namespace"].default == "default"
    assert evaluated(text, {"name": "x", "namespace": "n"}) == {"a": "n", "b": "n"}
    header = prototype("{}", "// @optionalParam namespace string kubeflow N")
    assert parse_header(imported(header)[0], "f").parameters["namespace"].default == "kubeflow"


@pytest.mark.parametrize(
    "body",
    [
        'local k = import "k.libsonnet"; k.core.v1.list.new([1]) + (if std.isObject(k) then [2] else [])',
        'local k = import "k.libsonnet"; local l = import "k.libsonnet"; l.core.v1.list.new([1, 2])',
        'local k = import "k.libsonnet", x = 1; k.core.v1.list.new([x, 2])',
        '(import "k.libsonnet").core.v1.list.new([1, 2])',
    ],
)
def test_a_prototype_that_needs_more_of_the_library(body: str) -> None:
    text, library = imported(prototype(body))
    assert library
    assert "import 'lib/k.libsonnet'" in text
    assert evaluated(text, {"name": "x", "namespace": "n"}) == [1, 2]


def test_strings_of_several_lines_keep_their_value() -> None:
    body = "{\n  a: 'one\n  two',\n  b: |||\n    three\n  |||,\n\n  c: 1,\n}"
    text, _ = imported(prototype(body))
    assert "    b: |||\n" in text
    assert evaluated(text, {"name": "x", "namespace": "n"}) == {"a": "one\n  two", "b": "three\n", "c": 1}


def test_a_name_that_is_taken() -> None:
    text, _ = imported(prototype("local given = 1; local given_ = 2; given + given_"))
    assert "function(given__)" in text


@pytest.mark.parametrize(
    ("body", "lines", "messages"),
    [
        ("`", [], ["line 1: no jsonnet token begins with '`'"]),
        ("import 'other.libsonnet'", [], ["it imports 'other.libsonnet'"]),
        ("std.extVar('x')", [], ["it reads external variables, which dlaasgen does not set"]),
        (
            "{}",
            ["// @param labels object L", "// @optionalParam n number x N"],
            ["dlaasgen gives its own labels to every prototype", "the default of n is not a number"],
        ),
    ],
)
def test_what_cannot_be_imported(body: str, lines: list[str], messages: list[str]) -> None:
    with pytest.raises(PrototypeError) as caught:
        imported(prototype(body, *lines))
    assert [f.message for f in caught.value.findings] == [f"the prototype cannot be imported: {m}" for m in messages]
    assert {(f.code, f.file) for f in caught.value.findings} == {("A201", "own.jsonnet")}


def test_outdated_versions() -> None:
    versions = ["kubeflow.org/v1alpha2", "kubeflow.org/v1", "extensions/v1beta1", "apps/v1", "kubeflow.org/v1alpha2"]
    found = outdated(({"apiVersion": v, "kind": "K"} for v in versions), "f")
    assert [(f.code, f.found, f.severity) for f in found] == [
        ("A202", "kubeflow.org/v1alpha2", "warning"),
        ("A202", "extensions/v1beta1", "warning"),
    ]


def test_what_to_write_instead_of_an_outdated_version() -> None:
    kinds = {"TFJob": "kubeflow.org/v1beta2", "Deployment": "apps/v1beta1", "Ingress": "extensions/v1beta1"}
    found = outdated(({"apiVersion": v, "kind": k} for k, v in kinds.items()), "f")
    assert [f.hint for f in found] == [
        "dlaasgen convert moves a manifest on; a matrix's `dialect` does so for its jobs",
        "write apiVersion: apps/v1",
        "write apiVersion: networking.k8s.io/v1",
    ]
