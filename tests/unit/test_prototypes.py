"""Prototypes' header comments, whole messages for every fault; and parameters held to them."""

from __future__ import annotations

import pytest

from dlaasgen.errors import PrototypeError
from dlaasgen.headers import parse_header
from dlaasgen.prototypes import CODES, Parameter, Prototype

TYPES = "string, number, integer, boolean, object, array"
FORM = "@optionalParam name type default description"


def header(*lines: str) -> str:
    return "\n".join(["// @name study", *(f"// {line}" for line in lines), "function(params) {}"])


def parameter(line: str) -> Parameter:
    (found,) = parse_header(header(line), "p.jsonnet").parameters.values()
    return found


def faults(source: str) -> list[str]:
    with pytest.raises(PrototypeError) as caught:
        parse_header(source, "prototypes/p.jsonnet")
    return [str(f).removeprefix("prototypes/p.jsonnet:") for f in caught.value.findings]


def test_a_whole_header() -> None:
    source = """
// Copyright, and other lines that are no tags, may stand anywhere.
// @apiVersion 1
//@name tfjob

    //   @shortDescription   A benchmark
// @description  Runs it. See https://x.y/@z
// @param image string Image, pinned by digest
// @param raw-flags array\r
// @optionalParam replicas integer 3 Number of workers
local x = import 'x';
// @param not_this string for the header has ended
"""
    assert parse_header(source, "prototypes/tfjob.jsonnet") == Prototype(
        name="tfjob",
        file="prototypes/tfjob.jsonnet",
        parameters={
            "image": Parameter("image", "string", "Image, pinned by digest", required=True),
            "raw-flags": Parameter("raw-flags", "array", "", required=True),
            "replicas": Parameter("replicas", "integer", "Number of workers", required=False, default=3),
        },
        short_description="A benchmark",
        description="Runs it. See https://x.y/@z",
        api_version="1",
    )


def test_the_smallest_header() -> None:
    assert parse_header("// @name a", "a.jsonnet") == Prototype("a", "a.jsonnet", {}, "", "", "1")


@pytest.mark.parametrize(
    ("text", "type_", "default", "description"),
    [
        ("string dlaas Where it runs", "string", "dlaas", "Where it runs"),
        ("string 4 CPUs", "string", "4", "CPUs"),
        ('string "two words" Text', "string", "two words", "Text"),
        ('string "" Nothing', "string", "", "Nothing"),
        ('string "a\\"b\\u00e9\\ud83d\\ude00" x', "string", 'a"bé😀', "x"),
        ('string "null"', "string", "null", ""),
        ("string null", "string", None, ""),
        ("string true", "string", "true", ""),
        ("integer null\tLeft out", "integer", None, "Left out"),
        ("integer 3\tTabs  and blanks ", "integer", 3, "Tabs  and blanks"),
        ("integer 3.0", "integer", 3.0, ""),
        ("integer 1e3", "integer", 1000.0, ""),
        ("integer -9007199254740992", "integer", -(2**53), ""),
        ("number 0.5 Rate", "number", 0.5, "Rate"),
        ("number 1e-05", "number", 1e-05, ""),
        ("boolean false Whether", "boolean", False, "Whether"),
        ("boolean true", "boolean", True, ""),
        ("object {} None", "object", {}, "None"),
        ('object {"a": {"b": [1, "}"]}} Nested', "object", {"a": {"b": [1, "}"]}}, "Nested"),
        ("array [] None", "array", [], "None"),
        ('array ["a", null, 1e2] x', "array", ["a", None, 100.0], "x"),
        ("array " + "[" * 50 + "]" * 50, "array", eval("[" * 50 + "]" * 50), ""),  # noqa: S307
    ],
)
def test_defaults(text: str, type_: str, default: object, description: str) -> None:
    assert parameter(f"@optionalParam a {text}") == Parameter("a", type_, description, required=False, default=default)


def test_enums() -> None:
    given = parameter("@optionalParam order enum(NHWC|NCHW|1) NHWC Order of the dimensions")
    assert given.type == "enum"
    assert given.choices == ("NHWC", "NCHW", "1")
    assert given.default == "NHWC"
    assert parameter("@param order enum(one)").choices == ("one",)
    assert parameter("@optionalParam order enum(a|b) null").default is None
    assert given.expected == "one of NHWC, NCHW, 1"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "@parm a string x",
            (
                "2: error[T102]: unknown header tag @parm; "
                "expected @apiVersion, @name, @description, @shortDescription, "
                "@param, @optionalParam; did you mean param?"
            ),
        ),
        (
            "@zzz",
            (
                "2: error[T102]: unknown header tag @zzz; "
                "expected @apiVersion, @name, @description, @shortDescription, "
                "@param, @optionalParam"
            ),
        ),
        ("@name again", "2: error[T102]: header tag @name stands twice"),
        (
            "@param",
            "2: error[T102]: @param is cut short; found '@param'; expected @param name type description",
        ),
        (
            "@param a",
            "2: error[T102]: @param is cut short; found '@param a'; expected @param name type description",
        ),
        (
            "@optionalParam a string",
            f"2: error[T102]: @optionalParam is cut short; found '@optionalParam a string'; expected {FORM}",
        ),
        (
            "@param 1a string",
            (
                "2: error[T102]: '1a' is no parameter name; "
                "expected letters, digits, _ and -, beginning with a letter or _"
            ),
        ),
        (
            "@param \x1b[31m string",
            (
                "2: error[T102]: '\\x1b[31m' is no parameter name; "
                "expected letters, digits, _ and -, beginning with a letter or _"
            ),
        ),
        (
            "@param a Strin x",
            (
                f"2: error[T102]: parameter a has an unknown type; found 'Strin'; expected {TYPES} or enum(a|b); "
                "did you mean string?"
            ),
        ),
        (
            "@param a numberOrString x",
            (
                "2: error[T102]: parameter a has an unknown type; found 'numberOrString'; "
                f"expected {TYPES} or enum(a|b); "
                "did you mean string?"
            ),
        ),
        (
            "@param a enum() x",
            f"2: error[T102]: parameter a has an unknown type; found 'enum()'; expected {TYPES} or enum(a|b)",
        ),
        (
            "@param a enum(a||b) x",
            f"2: error[T102]: parameter a has an unknown type; found 'enum(a||b)'; expected {TYPES} or enum(a|b)",
        ),
        (
            "@optionalParam a integer three Number",
            "2: error[T102]: the default of a is not of its type; found 'three'; expected integer",
        ),
        (
            "@optionalParam a integer 3.5",
            "2: error[T102]: the default of a is not of its type; found '3.5'; expected integer",
        ),
        (
            "@optionalParam a integer " + "1" * 5000,
            "2: error[T102]: the default of a is not of its type; found '" + "1" * 58 + "…; expected integer",
        ),
        (
            "@optionalParam a integer " + "1" * 4000,
            "2: error[T102]: the default of a cannot be read; found '" + "1" * 58 + "…; expected integer; "
            "an integer is beyond 2^53, where numbers lose digits",
        ),
        (
            "@optionalParam a number NaN",
            "2: error[T102]: the default of a is not of its type; found 'NaN'; expected number",
        ),
        (
            "@optionalParam a number 1e400",
            (
                "2: error[T102]: the default of a cannot be read; found '1e400'; expected number; "
                "a number is NaN, or beyond 1.8e308, the largest there is"
            ),
        ),
        (
            "@optionalParam a boolean yes",
            "2: error[T102]: the default of a is not of its type; found 'yes'; expected boolean",
        ),
        (
            '@optionalParam a integer "3" Number',
            "2: error[T102]: the default of a is not of its type; found '\"3\"'; expected integer",
        ),
        (
            '@optionalParam a array {"b": 1} Number',
            "2: error[T102]: the default of a is not of its type; found '{\"b\": 1}'; expected array",
        ),
        (
            "@optionalParam a object None",
            "2: error[T102]: the default of a is not of its type; found 'None'; expected object",
        ),
        (
            "@optionalParam a enum(NHWC|NCHW) NWHC Order",
            (
                "2: error[T102]: the default of a is not of its type; found 'NWHC'; expected one of NHWC, NCHW; "
                "did you mean NHWC?"
            ),
        ),
        (
            "@optionalParam a object {x: 1} Text",
            (
                "2: error[T102]: the default of a cannot be read; found '{x: 1} Text'; expected object; "
                "as JSON it is wrong: "
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
            ),
        ),
        (
            '@optionalParam a object {"b": 1, "b": 2}',
            (
                '2: error[T102]: the default of a cannot be read; found \'{"b": 1, "b": 2}\'; expected object; '
                "as JSON it is wrong: a key stands twice"
            ),
        ),
        (
            "@optionalParam a array [NaN]",
            (
                "2: error[T102]: the default of a cannot be read; found '[NaN]'; expected array; "
                "a number is NaN, or beyond 1.8e308, the largest there is"
            ),
        ),
        (
            "@optionalParam a array [9007199254740993]",
            (
                "2: error[T102]: the default of a cannot be read; found '[9007199254740993]'; expected array; "
                "an integer is beyond 2^53, where numbers lose digits"
            ),
        ),
        (
            '@optionalParam a object {"\\ud800": [1]}',
            (
                "2: error[T102]: the default of a cannot be read; found '{\"\\\\ud800\": [1]}'; expected object; "
                "an escape in quotes is no character"
            ),
        ),
        (
            "@optionalParam a array " + "[" * 51 + "]" * 51,
            "2: error[T102]: the default of a cannot be read; found '" + "[" * 51 + "]" * 7 + "…; expected array; "
            "lists and objects are nested more than 50 deep",
        ),
        (
            "@optionalParam a array " + "[" * 100_000,
            "2: error[T102]: the default of a cannot be read; found '" + "[" * 58 + "…; expected array; "
            "lists and objects are nested more than 50 deep",
        ),
    ],
)
def test_faults_in_a_line(line: str, told: str) -> None:
    assert faults(header(line)) == [told]


def test_a_parameter_documented_twice() -> None:
    source = header("@param a string", "@optionalParam a integer 1")
    assert faults(source) == ["3: error[T102]: parameter a is documented twice"]


@pytest.mark.parametrize("source", ["", "function(params) {}", "/* // @name x */", "// @name", "# c\n// @name x"])
def test_a_prototype_without_a_name(source: str) -> None:
    assert faults(source) == [
        (
            "1: error[T102]: the prototype has no // @name header; "
            "begin the file with // @apiVersion 1, // @name NAME, // @shortDescription TEXT"
        )
    ]


def test_a_prototype_of_ksonnet() -> None:
    """It has no function, and types of its own: what it lacks is not the point."""
    source = "// @apiVersion 0.1\n// @name io.example.pkg.x\n// @param a numberOrString A\n{}"
    assert faults(source) == [
        (
            "1: error[T102]: this is a prototype of ksonnet; found '@apiVersion 0.1'; move it elsewhere, and make one "
            "of ours: dlaasgen ks import FILE"
        )
    ]


def test_every_fault_is_told_at_once() -> None:
    source = (
        "// @parm a\n\n// @param\n// @param a integr\n// @optionalParam b integer x\n// @apiVersion 1\n// @apiVersion 2"
    )
    assert [text.split(":")[0] for text in faults(source)] == ["1", "3", "4", "5", "7", "1"]


PROTOTYPE = parse_header(
    header(
        "@param name string The object's name",
        "@param image string Image of the benchmark",
        "@param batch_size integer",
        "@optionalParam order enum(NHWC|NCHW) NHWC Order",
        "@optionalParam level enum(1|2|true) 1",
        "@optionalParam mkl boolean false Whether",
        "@optionalParam rate number null Rate",
        "@optionalParam env object {} Environment",
        "@optionalParam args array [] Arguments",
        "@optionalParam cpu string 4 CPUs",
    ),
    "p.jsonnet",
)
GOOD = {"image": "i", "batch_size": 32}


def told(**params: object) -> list[str]:
    return [str(f) for f in PROTOTYPE.faults({**GOOD, **params})]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"batch_size": 32.0, "order": "NCHW", "level": "2", "mkl": True, "rate": 1, "env": {"A": 1}, "args": [1]},
        {"order": None, "level": None, "mkl": None, "rate": None, "env": None, "args": None, "cpu": None},
        {"rate": 0.5, "level": "true", "batch_size": 1e300},
    ],
)
def test_parameters_that_fit(params: dict[str, object]) -> None:
    assert told(**params) == []


def test_the_defaults_are_those_that_are_no_null() -> None:
    assert PROTOTYPE.defaults == {"order": "NHWC", "level": "1", "mkl": False, "env": {}, "args": [], "cpu": "4"}


def wrong(name: str, rest: str) -> list[str]:
    return [f"params.{name}: error[T105]: parameter {name} of prototype study has the wrong type; {rest}"]


@pytest.mark.parametrize(
    ("name", "value", "rest"),
    [
        ("image", 1, 'found 1; expected string; write "1", with quotes'),
        ("image", True, 'found True; expected string; write "true", with quotes'),
        ("image", 1.5, 'found 1.5; expected string; write "1.5", with quotes'),
        ("image", None, "found None; expected string"),
        ("image", ["a"], "found ['a']; expected string"),
        ("batch_size", "32", "found '32'; expected integer; write 32 without quotes"),
        ("batch_size", "0x20", "found '0x20'; expected integer; write a decimal number without quotes"),
        ("batch_size", 1.5, "found 1.5; expected integer"),
        ("batch_size", True, "found True; expected integer"),
        ("batch_size", {}, "found {}; expected integer"),
        ("batch_size", "big", "found 'big'; expected integer"),
        ("rate", "0.1", "found '0.1'; expected number; write 0.1 without quotes"),
        ("rate", "1e-3", "found '1e-3'; expected number; write a decimal number without quotes"),
        ("rate", False, "found False; expected number"),
        ("mkl", "yes", "found 'yes'; expected boolean; write true"),
        ("mkl", "Off", "found 'Off'; expected boolean; write false"),
        ("mkl", "true", "found 'true'; expected boolean; write true without quotes"),
        ("mkl", "maybe", "found 'maybe'; expected boolean"),
        ("mkl", 1, "found 1; expected boolean"),
        ("env", [], "found []; expected object"),
        ("args", {}, "found {}; expected array"),
        ("args", "x" * 100, f"found '{'x' * 58}…; expected array"),
        ("order", "NWHC", "found 'NWHC'; expected one of NHWC, NCHW; did you mean NHWC?"),
        ("order", "z", "found 'z'; expected one of NHWC, NCHW"),
        ("order", ["NHWC"], "found ['NHWC']; expected one of NHWC, NCHW"),
        ("level", 2, 'found 2; expected one of 1, 2, true; write "2", with quotes'),
        ("level", True, 'found True; expected one of 1, 2, true; write "true", with quotes'),
        ("level", 3, "found 3; expected one of 1, 2, true"),
    ],
)
def test_parameters_of_the_wrong_type(name: str, value: object, rest: str) -> None:
    assert told(**{name: value}) == wrong(name, rest)


def test_unknown_and_missing_parameters() -> None:
    assert [str(f) for f in PROTOTYPE.faults({"imag": "i", "zzz": 1})] == [
        "params.imag: error[T103]: prototype study has no parameter imag; did you mean image?",
        "params.zzz: error[T103]: prototype study has no parameter zzz; see dlaasgen prototypes describe study",
        (
            "params.image: error[T104]: prototype study needs the parameter image; expected string; "
            "Image of the benchmark; add image to params or axes"
        ),
        (
            "params.batch_size: error[T104]: prototype study needs the parameter batch_size; expected integer; "
            "add batch_size to params or axes"
        ),
    ]
    # What is given already is not what a misspelt name means.
    assert told(imag="i") == [
        "params.imag: error[T103]: prototype study has no parameter imag; see dlaasgen prototypes describe study"
    ]


def test_a_prototype_without_parameters() -> None:
    found = Prototype("bare", "bare.jsonnet").faults({"a": 1})
    assert [str(f) for f in found] == ["params.a: error[T103]: prototype bare has no parameter a; it has none"]


def test_codes_are_explained() -> None:
    assert list(CODES) == [f"T{n}" for n in range(101, 110)]
    assert all(title and text.endswith(".") for title, text in CODES.values())
