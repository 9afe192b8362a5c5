"""Whatever stands in a prototype's comments, it is read or it is told: never a traceback."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.canonical import dump
from dlaasgen.errors import PrototypeError
from dlaasgen.headers import parse_header

_PIECES = st.sampled_from([
    "@name", "@param", "@optionalParam", "@apiVersion", "@", "//", "a", "string", "integer", "number", "boolean",
    "object", "array", "enum(a|b)", "enum(", "null", "1", "-0", "1.5", "1e400", "true", '"', '"a"', "{", "}", "{}", "[",
    "]", "[1]", '{"a": 1}', '"\\ud800"', "NaN", "\t", "\r", "\x00", "\x85", "\u2028", "\ufeff", "é", "…", "1" * 5000,
    "[" * 3000, "\\",
])  # fmt: skip
LINES = st.lists(_PIECES | st.text(max_size=6), max_size=7).map(" ".join)
SOURCES = st.lists(LINES.map("// ".__add__) | st.text(max_size=20), max_size=6).map("\n".join)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(SOURCES)
def test_any_comment_is_read_or_told(text: str) -> None:
    source = f"// @name x\n{text}"
    try:
        prototype = parse_header(source, "p.jsonnet")
    except PrototypeError as error:
        findings = error.findings
    else:
        dump(prototype.defaults)
        prototype.faults(dict.fromkeys(prototype.parameters))
        return
    assert findings
    for f in findings:
        assert (f.code, f.file) == ("T102", "p.jsonnet")
        assert f.line is not None
        assert 1 <= f.line <= source.count("\n") + 1
        assert f.found is None or (f.found.isprintable() and len(f.found) <= 60)


@given(_JSON.filter(lambda v: v is not None))
def test_a_json_default_comes_back(value: object) -> None:
    types = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
    line = f"// @optionalParam a {types[type(value)]} {json.dumps(value)} What it is"
    (parameter,) = parse_header(f"// @name x\n{line}", "p.jsonnet").parameters.values()
    assert json.dumps(parameter.default) == json.dumps(value)
    assert parameter.description == "What it is"
