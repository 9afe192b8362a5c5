"""The text of ksonnet programs: tokens, headers, snippets, and edits of params.libsonnet."""

from __future__ import annotations

import json

import pytest
import rjsonnet

from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.headers import parse_header
from dlaasgen.ksonnet import shipped
from dlaasgen.ksonnet.application import Environment, new
from dlaasgen.ksonnet.arguments import values
from dlaasgen.ksonnet.headers import Header, Parameter, parse
from dlaasgen.ksonnet.layout import COMPONENT_PARAMS, application_files, environment_files
from dlaasgen.ksonnet.lexer import field, member, text_of, tokens
from dlaasgen.ksonnet.params import Params, path_of, value_of
from dlaasgen.ksonnet.snippets import component
from ksonnets import BENCHMARK, IMPORTS

EMPTY = application_files(new("a"), "")[COMPONENT_PARAMS]
OVERLAY = environment_files(Environment("dev"))["environments/dev/params.libsonnet"]


def evaluated(text: str) -> dict[str, object]:
    value = rjsonnet.evaluate_snippet("params", text)
    found: dict[str, object] = json.loads(value)["components"]
    return found


def overlaid(text: str, base: dict[str, object]) -> object:
    variables = {"__ksonnet/params": json.dumps({"components": base})}
    value = rjsonnet.evaluate_snippet(
        "params", text, ext_codes=variables, import_callback=lambda _, name: (name, "{ all: true }")
    )
    return json.loads(value)["components"]


def test_tokens() -> None:
    program = (
        'local a = \'x\\\'y\' + @"z"""; // no: token\n# none\n/* {n * one} */ '
        "{ [a]+: |||\n    in |||\n\n  |||, b: 1.5e+3 }"
    )
    read = tokens(program)
    assert [t.text for t in read] == [
        "local", "a", "=", "'x\\'y'", "+", '@"z"""', ";", "{", "[", "a", "]", "+", ":", "|||\n    in |||\n\n  |||", ",",
        "b", ":", "1.5e+3", "}",
    ]  # fmt: skip
    assert [t.kind for t in read[:4]] == ["word", "word", "symbol", "string"]
    assert all(program[t.start : t.end] == t.text for t in read)


def test_what_is_no_token() -> None:
    with pytest.raises(ValueError, match="line 2: no jsonnet token begins with '`'"):
        tokens("a\n`b`")


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r"'a\'b\"c\\d\u00e9'", "a'b\"c\\dé"),
        ('"it\'s"', "it's"),
        ("'say \"x\"'", 'say "x"'),
        ("@'a''b\\'", "a'b\\"),
        ('"a\n\tb"', "a\n\tb"),
        ("|||\n a\n|||", "|||\n a\n|||"),
    ],
)
def test_text_of_a_literal(literal: str, text: str) -> None:
    assert text_of(literal) == text


def test_a_keyword_is_quoted() -> None:
    assert (field("local"), field("replicas"), member("na-me"), member("a")) == (
        '"local"',
        "replicas",
        '["na-me"]',
        ".a",
    )


def test_a_component() -> None:
    body = "{ a: import 'param://x', b: import /* c */ \"env://namespace\", c: import 'd', e: \"import 'param://no'\" }"
    assert component(body, "re-s") == (
        'local env = std.extVar("__ksonnet/environments");\n'
        'local params = std.extVar("__ksonnet/params").components["re-s"];\n'
        "{ a: params.x, b: env.namespace, c: import 'd', e: \"import 'param://no'\" }"
    )
    with pytest.raises(ValueError, match="import of 'param://' names no parameter"):
        component("import 'param://'", "x")


def test_a_header() -> None:
    header = parse(BENCHMARK, "bench.jsonnet")
    assert (header.name, header.short_name) == ("org.example.pkg.bench-small", "bench-small")
    assert header.description == "A benchmark of two roles that runs on a small cluster"
    assert (header.short_description, header.api_version) == ("A small benchmark", "0.1")
    assert header.parameters == (Parameter("name", "string", "Name for the job."),)
    assert header.body.startswith('local k = import "k.libsonnet";')
    assert header.parameter("name") is header.parameters[0]
    assert header.parameter("other") is None


def test_defaults_are_words() -> None:
    parameters = {p.name: p.default for p in parse(IMPORTS, "x").parameters}
    assert parameters == {
        "name": None, "replicas": "2", "size": "big", "secret": "null", "args": '["a","b"]', "limits": "{}",
    }  # fmt: skip


def test_a_prototype_of_dlaasgen_as_one_of_ksonnet() -> None:
    source = (
        "// @name a\n// @param name string Name\n// @param model string Model\n// @param labels object Labels\n"
        "// @optionalParam namespace string dlaas Where\n// @optionalParam form enum(x|y) null Form\n"
        "// @optionalParam flags object {} Flags\n"
    )
    header = shipped.header(parse_header(source, "prototypes/a.jsonnet"), "a")
    assert [(p.name, p.type, p.default, p.may_miss) for p in header.parameters] == [
        ("name", "string", None, False), ("model", "string", None, False), ("namespace", "string", None, True),
        ("form", "string", None, True), ("flags", "object", "{}", False),
    ]  # fmt: skip
    assert header.body == '(import "dlaasgen/a.jsonnet")({ namespace: env.namespace } + params)\n'
    assert values(header, "c", {"model": "m", "form": "y"}) == {
        "name": '"c"', "model": '"m"', "form": '"y"', "flags": "{}",
    }  # fmt: skip
    least = shipped.header(parse_header("// @name b\n", "prototypes/b.jsonnet"), "b")
    assert (least.parameters[0].name, least.body) == ("name", '(import "dlaasgen/b.jsonnet")(params)\n')


def test_comments_that_are_no_header_stay() -> None:
    header = parse("// Copyright\n// @name a.b\n// @unknown tag\n\n// about the code\n{}\n// @name c", "x")
    assert (header.name, header.body) == ("a.b", "// Copyright\n\n// about the code\n{}\n// @name c")
    assert parse("// @name a\n", "x").body == ""


def test_every_fault_of_a_header() -> None:
    source = (
        "// @param a\n// @param 1a string x\n// @optionalParam b text x y\n"
        "// @optionalParam c string\n// @param d string x\n// @param d string x\n{}"
    )
    with pytest.raises(PrototypeError) as caught:
        parse(source, "p.jsonnet")
    assert [str(f) for f in caught.value.findings] == [
        "p.jsonnet:1: error[T102]: the tag is cut short: @param NAME TYPE DESCRIPTION; found '@param a'",
        "p.jsonnet:2: error[T102]: '1a' is no parameter name; found '@param 1a string x'",
        "p.jsonnet:3: error[T102]: parameter b has an unknown type; types: string, number, numberOrString, object, "
        "array, boolean, integer; found '@optionalParam b text x y'",
        "p.jsonnet:4: error[T102]: the tag is cut short: @optionalParam NAME TYPE DEFAULT DESCRIPTION; found "
        "'@optionalParam c string'",
        "p.jsonnet:6: error[T102]: parameter d is documented twice",
        "p.jsonnet:1: error[T102]: the prototype has no // @name header; a ksonnet prototype begins with "
        "// @apiVersion 0.1 and // @name io.example.pkg.NAME",
    ]
    with pytest.raises(PrototypeError, match="did you mean string"):
        parse("// @name x\n// @param a strin x\n", "p")


@pytest.mark.parametrize(
    ("type_", "text", "literal"),
    [
        ("string", '5"', '"5\\""'),
        ("number", "-1.5", "-1.5"),
        ("numberOrString", "5", "5"),
        ("numberOrString", "5Gi", '"5Gi"'),
        ("integer", "-5", "-5"),
        ("boolean", "true", "true"),
        ("object", '{"a": 1}', '{"a": 1}'),
        ("array", "[]", "[]"),
    ],
)
def test_literals(type_: str, text: str, literal: str) -> None:
    assert Parameter("a", type_, "").literal(text) == literal


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("number", "0x10", "a number"),
        ("number", "std.pi", "a number"),
        ("integer", "1.5", "an integer"),
        ("boolean", "1", "true or false"),
        ("object", "{a: 1}", "an object in JSON"),
        ("array", "{}", "an array in JSON"),
    ],
)
def test_wrong_literals(type_: str, text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Parameter("a", type_, "").literal(text)


def test_a_component_is_added() -> None:
    text = Params(EMPTY, "p").with_component("re-s", {"name": '"re-s"', "n": "3"})
    assert '    "re-s": {\n      n: 3,\n      name: "re-s",\n    },\n  },\n}\n' in text
    assert "// Parameters that every component gets" in text
    more = Params(text, "p").with_component("b", {})
    assert evaluated(more) == {"re-s": {"name": "re-s", "n": 3}, "b": {}}
    assert Params(more, "p").components() == ["re-s", "b"]
    with pytest.raises(UsageError, match="component b has parameters already"):
        Params(more, "p").with_component("b", {})


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("{components: {}}", ["n"], {"a": {"n": 5}}),
        ("{components: {a: {n: 1}}}", ["n"], {"a": {"n": 5}}),
        ("{components: {a: {m: 1}}}", ["n"], {"a": {"m": 1, "n": 5}}),
        ("{components: {\n  a: {\n    m: 1  // one\n  }\n}}", ["n"], {"a": {"m": 1, "n": 5}}),
        ("{'components': {'a': {\"n\": [1, {b: 2}]},},}", ["n"], {"a": {"n": 5}}),
        ("{components: {a: {o: {p: 1}}}}", ["o", "n"], {"a": {"o": {"p": 1, "n": 5}}}),
        ("{components: {a: {}}}", ["o", "p", "n"], {"a": {"o": {"p": {"n": 5}}}}),
        ("local x = {components: 1}; x + {g: {components: 2}, components: {a: {n: 1}}}", ["n"], {"a": {"n": 5}}),
        ("{components: {local y = 1, a: {f(x):: x, ['m']: y, assert true : 'no', n:: 2}}}", ["n"], {"a": {"m": 1}}),
    ],
)
def test_a_value_is_set(text: str, path: list[str], expected: object) -> None:
    assert evaluated(Params(text, "p").with_value("a", path, "5")) == expected


def test_what_a_person_wrote_around_stays() -> None:
    text = "{\n  // all\n  components: {\n    a: {\n      n: 1,  // one\n      s: 'x'  // last\n    },\n  },\n}\n"
    assert Params(text, "p").with_value("a", ["n"], "2") == text.replace("n: 1", "n: 2")
    assert Params(text, "p").with_value("a", ["z"], "2") == text.replace(
        "      s: 'x'  // last\n", "      s: 'x',  // last\n      z: 2,\n"
    )
    assert Params(text, "p").without("a", ["n"]) == text.replace("n: 1,", "")


def test_values_are_removed() -> None:
    text = "{ components: {\n  a: { n: 1, m: 2 },\n  b: {},\n} }"
    assert evaluated(Params(text, "p").without("a", ["n"])) == {"a": {"m": 2}, "b": {}}
    assert evaluated(Params(text, "p").without("a", ["m"])) == {"a": {"n": 1}, "b": {}}
    assert Params(text, "p").without("a") == "{ components: {\n  b: {},\n} }"
    assert Params(text, "p").without("a", ["x"]) == text
    assert Params(text, "p").without("x", ["y"]) == text


def test_an_environment_overlays() -> None:
    base: dict[str, object] = {"a": {"n": 1, "o": {"p": 1, "q": 1}}}
    text = Params(OVERLAY, "p").with_value("a", ["n"], "2", overlay=True)
    assert overlaid(text, base) == {"a": {"n": 2, "o": {"p": 1, "q": 1}, "all": True}}
    text = Params(text, "p").with_value("a", ["o", "p"], "3", overlay=True)
    assert overlaid(text, base) == {"a": {"n": 2, "o": {"p": 3, "q": 1}, "all": True}}
    text = Params(text, "p").with_value("a", ["n"], "4", overlay=True)
    assert overlaid(Params(text, "p").without("a", ["o"]), base) == {"a": {"n": 4, "o": {"p": 1, "q": 1}, "all": True}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "it has no object `components`"),
        ("{components: import 'x'}", "it has no object `components`"),
        ("components", "it has no object `components`"),
        ("{components+", "it has no object `components`"),
        ("{components: {a: `}}", "line 1: no jsonnet token begins with '`'"),
        ("{components: {a: {}", "a bracket is not closed"),
        ("{components: {a: {} + {}}}", "a is no plain object"),
        ("{components: {a: 5}}", "a is no plain object"),
    ],
)
def test_what_cannot_be_edited(text: str, why: str) -> None:
    with pytest.raises(PrototypeError) as caught:
        Params(text, "p").with_value("a", ["n"], "5")
    (finding,) = caught.value.findings
    assert finding.message == f"the parameters cannot be edited: {why}"
    assert (finding.code, finding.file, finding.hint) == ("A109", "p", "edit the file by hand")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", "3"), ("+3", "3"), ("-1.5", "-1.5"), ("007", '"007"'), ("True", "true"), ("x y", '"x y"'), ("", '""'),
        ("[1]", "[1]"), ('{"a": "b"}', '{"a": "b"}'), ("null", '"null"'),
    ],
)  # fmt: skip
def test_values_of_words(text: str, value: str) -> None:
    assert value_of(text) == value


def test_more_values_of_words() -> None:
    assert value_of("3", as_string=True) == '"3"'
    with pytest.raises(UsageError, match=r"the value looks like JSON, and is none; found '.x'"):
        value_of("{x")
    assert path_of("a.b") == ["a", "b"]
    with pytest.raises(UsageError, match="wrong name of a parameter"):
        path_of("a..b")


def test_a_header_is_a_value() -> None:
    assert Header("a", "f", (), "") == Header("a", "f", (), "")
