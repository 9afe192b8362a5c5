"""Laws of the matrix reader: it never fails otherwise than by MatrixError, and the JSON Schema says what it says."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from dlaasgen import cells_codes
from dlaasgen.adapters import matrix_files
from dlaasgen.errors import MatrixError
from dlaasgen.matrix import DIALECTS, Matrix
from dlaasgen.matrix_codes import CODES
from dlaasgen.matrix_parser import KEYS, parse

if TYPE_CHECKING:
    from dlaasgen.findings import Finding

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
# What no schema can say: equal ids, names of axes elsewhere in the file, sizes of quantities.
MEANING = {"M106", "M121", "M123", "M130", "M131", "M140", "M141"}


@cache
def seeds() -> list[bytes]:
    return [file.read_bytes() for file in sorted(EXAMPLES.glob("*/*.yaml")) if file.stat().st_size < 5000]


@cache
def documents() -> list[Any]:
    import yaml

    texts = (file.read_bytes() for file in sorted((EXAMPLES / "accept").glob("*.yaml")))
    return [json.loads(json.dumps(yaml.safe_load(text), default=str)) for text in texts]


@cache
def validator() -> jsonschema.Draft7Validator:
    text = (resources.files("dlaasgen.schemas") / "matrix.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def outcome(data: bytes) -> Matrix | tuple[Finding, ...]:
    try:
        return matrix_files.read_bytes(data, "m.yaml")
    except MatrixError as error:
        findings = error.findings
    assert findings
    assert all(f.code in {**CODES, **cells_codes.CODES} and str(f).isprintable() for f in findings), findings
    return findings


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    outcome(data)


@given(st.text(alphabet=st.sampled_from("ab1 \n\t-:?,[]{}#&*!|>'\"%@`\\~.=<0xeé\u2028"), max_size=80))
def test_any_punctuation(text: str) -> None:
    outcome(text.encode())


@given(st.data())
def test_mutated_files(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(seeds()))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        other = data.draw(st.sampled_from(seeds()))
        cut = data.draw(st.integers(0, len(other)))
        new = data.draw(st.binary(max_size=4) | st.just(other[cut : cut + 20]) | st.just(text[start:end] * 2))
        text = text[:start] + new + text[end:]
    outcome(text)


WORDS = st.sampled_from([
    "", " ", "a", "A", "model", "batch_size", "batchsize", "when", "name", "id", "value", "1", "1.34", "192Gi", "P210",
    "tfjob", "prototypes/a", "a.jsonnet", "../x", "a b", "-", "pairwise", "random", "x" * 64, "é", *DIALECTS[:2],
])  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-3, 300) | st.sampled_from([0.5, 2.0, 1e3, -1.5]) | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(place for key, value in items for place in places(value, (*path, key)))]


def changed(document: Any, path: tuple[Any, ...], change: Any) -> Any:
    if not path:
        return change(document)
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = changed(copy[path[0]], path[1:], change)
    return copy


@st.composite
def mutants(draw: st.DrawFn) -> Any:
    document = draw(st.sampled_from(documents()))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(document)))
        kind = draw(st.sampled_from(["replace", "drop", "add"]))
        value = draw(VALUES)
        key = draw(WORDS | st.sampled_from(KEYS))

        def change(old: Any, kind: str = kind, value: Any = value, key: str = key) -> Any:
            if kind == "add" and isinstance(old, dict):
                return {**old, key: value}
            if kind == "add" and isinstance(old, list):
                return [*old, value]
            if kind == "drop" and isinstance(old, dict | list) and old:
                return dict(list(old.items())[:-1]) if isinstance(old, dict) else old[:-1]
            return value

        document = changed(document, path, change)
    return document


def of_structure(finding: Finding) -> bool:
    """Whether a schema can find it, too: it does not know which keys of include are axes, nor how much 192Gi is."""
    if finding.code in MEANING or (finding.code == "M114" and finding.path in ("cluster.cpu", "cluster.memory")):
        return False
    return re.match(r"include\[\d+\](?:\.(?!when$)|\[)", finding.path) is None


@given(mutants())
def test_the_schema_and_the_parser_agree_on_structure(document: Any) -> None:
    errors = [f"{error.json_path}: {error.message}" for error in validator().iter_errors(document)]
    try:
        parse(document)
    except MatrixError as error:
        structure = [str(f) for f in error.findings if of_structure(f)]
        assert errors or not structure, structure
    else:
        assert not errors


@given(st.data())
def test_places_are_those_of_the_text(data: st.DataObject) -> None:
    """In a document written one value a line, each finding stands on the line of its value."""
    names = data.draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6, unique=True))
    wrong = data.draw(st.sampled_from(names))
    lines = ["apiVersion: dlaasgen/v1", "name: m", "prototype: p", "axes:"]
    for name in names:
        lines += [f"  {name}:", f"    - {'[x]' if name == wrong else 'x'}"]
    found = outcome("\n".join(lines).encode())
    assert isinstance(found, tuple)
    assert [(f.code, f.line, f.column) for f in found] == [("M122", lines.index(f"  {wrong}:") + 2, 7)]
