"""The model of a ksonnet application: names, app.yaml, arguments, objects."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.ksonnet import arguments, layout
from dlaasgen.ksonnet.application import Environment, load, new
from dlaasgen.ksonnet.codes import CODES
from dlaasgen.ksonnet.headers import parse
from dlaasgen.ksonnet.names import Kind, check
from dlaasgen.ksonnet.objects import as_list, as_yaml, by_namespace, objects
from ksonnets import BENCHMARK, IMPORTS

HEADERS = [parse(BENCHMARK, "small"), parse(IMPORTS, "imports")]


@pytest.mark.parametrize("name", ["a", "dlaas-resnet50", "a.b_c", "0"])
def test_good_names(name: str) -> None:
    assert check("component", name) == name


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("component", ""), ("component", "a/b"), ("component", ".."), ("component", "a..b"), ("component", "-a"),
        ("component", "a."), ("component", "ä"), ("component", "a\n"), ("component", "a" * 102),
        ("environment", "a/../b"), ("environment", "/a"), ("environment", "a/b/c/d/e"), ("package", "a\\b"),
    ],
)  # fmt: skip
def test_wrong_names(kind: Kind, name: str) -> None:
    with pytest.raises(UsageError, match=r"error\[A103\]: wrong name of an? " + kind):
        check(kind, name)


def test_names_that_are_taken() -> None:
    assert check("environment", "us-west/staging") == "us-west/staging"
    with pytest.raises(UsageError, match="this name is taken by ks itself: params"):
        check("component", "params")


def test_app_yaml_comes_back() -> None:
    made = (
        new("app")
        .with_environment(Environment("b", "ns", "https://x"))
        .with_environment(Environment("a", context="c"))
        .with_registry("r", "../r")
        .with_library("r", "p", "v1")
    )
    document = yaml.safe_load(layout.app_yaml(made))
    assert document["environments"]["b"] == {
        "destination": {"namespace": "ns", "server": "https://x"}, "k8sVersion": "", "path": "b",
    }  # fmt: skip
    again = load(document)
    assert again.as_json() == made.as_json() == document
    assert again.environment("a").context == "c"
    assert list(again.without_environment("a").environments) == ["b"]
    with pytest.raises(UsageError, match="there is a registry r already"):
        again.with_registry("r", "x")


def test_what_is_not_ours_stays() -> None:
    document = {
        "apiVersion": "0.1.0", "kind": "ksonnet.io/app", "name": "x", "license": "Apache 2.0",
        "environments": {"e": {"destination": {"server": "s"}, "k8sVersion": "v1.8.0", "targets": ["t"]}},
    }  # fmt: skip
    after = load(document).as_json()
    assert after["license"] == "Apache 2.0"
    assert after["environments"]["e"] == {
        "destination": {"namespace": "default", "server": "s"}, "k8sVersion": "v1.8.0", "targets": ["t"], "path": "e",
    }  # fmt: skip


GOOD: dict[str, Any] = {"apiVersion": "0.3.0", "name": "x"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the file holds no mapping"),
        ({"name": "x"}, "unknown version"),
        ({"apiVersion": "0.3.0"}, "the application has no name"),
        (GOOD | {"environments": []}, "environments is no mapping of names to mappings"),
        (GOOD | {"libraries": {"a": 1}}, "libraries is no mapping of names to mappings"),
        (GOOD | {"environments": {"e": {"destination": "x"}}}, "destination is no mapping"),
        (GOOD | {"environments": {"e": {"destination": {"server": 1}}}}, "server is no string"),
        (GOOD | {"environments": {"e": {"path": "../x"}}}, "a name or path that no folder may have"),
        (GOOD | {"environments": {"../e": {}}}, "a name or path that no folder may have"),
    ],
)
def test_wrong_app_yaml(document: Any, message: str) -> None:
    with pytest.raises(PrototypeError, match=message):
        load(document)


def test_an_unknown_environment() -> None:
    with pytest.raises(UsageError, match="make it: dlaasgen ks env add dev"):
        new("x").environment("dev")
    made = new("x").with_environment(Environment("default"))
    with pytest.raises(UsageError, match="did you mean default"):
        made.environment("defualt")
    with pytest.raises(UsageError, match="environments: default"):
        made.environment("xyz")


def test_arguments() -> None:
    given = arguments.split(["a", "--name=b=c", "--replicas", "3", "b", "--", "--c"])
    assert (given.names, given.options, given.help) == (("a", "b", "--c"), {"name": "b=c", "replicas": "3"}, False)
    assert arguments.split(["a", "-h", "b"]).help
    assert arguments.split(["a"]).names == ("a",)
    with pytest.raises(UsageError, match="the option --name has no value; --name=VALUE"):
        arguments.split(["a", "--name"])


def test_values() -> None:
    assert arguments.values(HEADERS[1], "com", {"replicas": "5"}) == {
        "name": '"com"', "replicas": "5", "size": '"big"', "secret": '"null"', "args": '["a","b"]', "limits": "{}",
    }  # fmt: skip


def test_every_wrong_value() -> None:
    header = parse("// @name a.b\n// @param x string What x is\n// @optionalParam n number 1 N\n", "f")
    with pytest.raises(UsageError) as caught:
        arguments.values(header, "c", {"n": "many", "nn": "1", "zzz": "1"})
    assert [str(f) for f in caught.value.findings] == [
        "error[A108]: prototype a.b has no parameter nn; did you mean n?",
        "error[A108]: prototype a.b has no parameter zzz; parameters: x, n",
        "error[A108]: prototype a.b needs the parameter x; --x=VALUE: What x is",
        "error[A108]: parameter n of prototype a.b has the wrong type; found 'many'; expected a number",
    ]
    with pytest.raises(UsageError, match="parameters: none"):
        arguments.values(parse("// @name a\n", "f"), "c", {"x": "1"})


def test_prototypes_are_found_by_the_end_of_their_names() -> None:
    assert arguments.find("bench-small", HEADERS) is HEADERS[0]
    assert arguments.find("org.example.pkg.bench-small", HEADERS) is HEADERS[0]
    assert arguments.find("imports", HEADERS) is HEADERS[1]
    other = parse(BENCHMARK, "elsewhere")
    with pytest.raises(UsageError, match=r"several prototypes are called bench-small; expected .*elsewhere"):
        arguments.find("bench-small", [*HEADERS, other])
    with pytest.raises(UsageError, match="did you mean bench-small"):
        arguments.find("bench-smal", HEADERS)
    with pytest.raises(UsageError, match="there is bench-small, bench-imports"):
        arguments.find("ben", HEADERS)
    with pytest.raises(UsageError, match="prototypes: bench-imports, bench-small"):
        arguments.find("zzz", HEADERS)
    with pytest.raises(UsageError, match="put prototypes into vendor/NAME/prototypes/"):
        arguments.find("", [])
    assert arguments.search("SMALL", HEADERS) == HEADERS[:1]


def test_documentation() -> None:
    text = arguments.described(HEADERS[1])
    assert "PROTOTYPE NAME:\norg.example.pkg.bench-imports\n" in text
    assert "  --name=<name> Name of each of the objects [type: string]\n" in text.replace("  Name", " Name")
    assert "How many [default: 2, type: number]" in text
    assert "OPTIONAL PARAMETERS:\n  [none]" in arguments.described(HEADERS[0])


def kind(name: str, kind: str, namespace: str | None = None, version: str = "v1") -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def test_the_order_to_apply_in() -> None:
    given = {
        "a": {"kind": "List", "apiVersion": "v1", "items": [kind("j", "TFJob", "n"), kind("s", "Service", "n")]},
        "b": [kind("z", "AppX"), [kind("n", "Namespace"), kind("b", "Job", "n"), kind("a", "Job", "n")]],
        "c": {"apiVersion": "v1", "kind": "Bare", "metadata": None},
    }
    found = objects(given)
    assert [(d["kind"], (d["metadata"] or {}).get("name")) for d in found] == [
        ("Namespace", "n"), ("AppX", "z"), ("Bare", None), ("Service", "s"), ("Job", "a"), ("Job", "b"), ("TFJob", "j"),
    ]  # fmt: skip
    assert [(n, len(group)) for n, group in by_namespace(found, "dlaas")] == [("dlaas", 3), ("n", 4)]
    assert as_list(found[:1]) == {"apiVersion": "v1", "kind": "List", "items": found[:1]}
    assert as_yaml(found[:1]) == '---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: "n"\n'


def test_what_is_no_object() -> None:
    with pytest.raises(PrototypeError) as caught:
        objects({"a": [5, {"kind": "x"}], "b": kind("x", "y")})
    assert [f.message for f in caught.value.findings] == ["component a holds what is no Kubernetes object"] * 2
    with pytest.raises(PrototypeError, match="cannot be written as YAML: an integer is beyond"):
        as_yaml([kind("x", "y") | {"n": 2**60}])
    deep: Any = kind("x", "y")
    for _ in range(30):
        deep = [deep]
    with pytest.raises(PrototypeError, match="holds what is no Kubernetes object"):
        objects({"a": deep})


def test_codes_are_explained() -> None:
    assert all(title and words for title, words in CODES.values())
    assert all(code[0] == "A" for code in CODES)
