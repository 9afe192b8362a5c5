"""What a value has against a schema, for people: each fault, its place, the nearest right thing. No I/O here.

A compiled validator decides whether a manifest is right; this walk says what is wrong with one that is not. It knows
the keywords that `dialects_schema.closed` keeps.
"""

from __future__ import annotations

import re
from ast import literal_eval
from typing import TYPE_CHECKING, Any

from dlaasgen.findings import Finding, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Schema = Mapping[str, Any]

_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STEP = re.compile(r"""\[(\d+)\]|\[("[^"\\]*"|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]|\.?([^.\[\]]+)""")


def joined(path: str, step: str | int) -> str:
    """A JSON path, one step longer: `a.b`, `a[0]`, `a["b.c/d"]`."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    if _PLAIN.fullmatch(step):
        return f"{path}.{step}" if path else step
    return f'{path}["{step}"]' if "\\" not in step and '"' not in step and step.isprintable() else f"{path}[{step!r}]"


def steps_of(path: str) -> list[str | int]:
    """The steps that a JSON path was joined of: keys and indexes."""
    return [
        int(index) if index else literal_eval(quoted) if quoted else plain
        for index, quoted, plain in _STEP.findall(path)
    ]


def type_of(value: object) -> str:
    """The JSON type of a value; an integral number is an integer."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array"


def faults(schema: Schema, value: Any) -> list[Finding]:
    """Everything that the schema objects to, in the document's order. [] when the value is right."""
    return list(_walk(schema, value, "", schema.get("$defs", {})))


def _walk(schema: Schema, value: Any, path: str, definitions: Schema) -> Iterator[Finding]:
    if (ref := schema.get("$ref")) is not None:
        yield from _walk(definitions[ref.rpartition("/")[2]], value, path, definitions)
    kind = type_of(value)
    types = _types(schema)
    if types and not (kind in types or (kind == "integer" and "number" in types)):
        yield _wrong_type(types, value, path)
        return
    for key in ("oneOf", "anyOf"):
        if key in schema and not _fits(schema[key], value, definitions, one=key == "oneOf"):
            yield _wrong_type([t for s in schema[key] for t in _types(_resolved(s, definitions))], value, path)
            return
    for part in schema.get("allOf", ()):
        yield from _walk(part, value, path, definitions)
    if "enum" in schema and not any(v == value and type_of(v) == kind for v in schema["enum"]):
        yield _wrong_value(schema["enum"], value, path)
        return
    if (check := _BY_TYPE.get(kind)) is not None:
        yield from check(schema, value, path, definitions)


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    while (ref := schema.get("$ref")) is not None:
        schema = definitions[ref.rpartition("/")[2]]
    return schema


def _fits(parts: Iterable[Schema], value: Any, definitions: Schema, *, one: bool) -> bool:
    count = sum(not any(_walk(part, value, "", definitions)) for part in parts)
    return count == 1 if one else count > 0


def _text(types: Iterable[str]) -> str:
    """`a string or a number`; null is never what somebody should write."""
    return " or ".join(dict.fromkeys(_NAMES[t] for t in types if t != "null"))


def _field(path: str) -> str:
    return path or "the manifest"


def _wrong_type(types: Iterable[str], value: object, path: str) -> Finding:
    kind = type_of(value)
    types = list(types)
    hint = None
    if types and "string" in types and kind in ("integer", "number", "boolean"):
        hint = "put it in quotes"
    elif (
        kind == "string" and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value) and "integer" in types
    ) or (kind == "string" and value in ("true", "false") and "boolean" in types):
        hint = "leave the quotes out"
    elif "array" in types and kind != "null":
        hint = "write a list, even of one"
    found = "null" if value is None else f"{_NAMES[kind]}: {shown(value)}"
    message = f"{_field(path)} has the wrong type"
    return Finding("K102", message, path=path, found=found, expected=_text(types) or "something else", hint=hint)


def _wrong_value(choices: list[Any], value: object, path: str) -> Finding:
    expected = " or ".join(shown(c) for c in choices)
    hint = did_you_mean(value, [c for c in choices if c]) if isinstance(value, str) else None
    return Finding(
        "K103",
        f"{_field(path)} has a value that it does not take",
        path=path,
        found=shown(value),
        expected=expected,
        hint=hint,
    )


def _mapping(schema: Schema, value: Mapping[Any, Any], path: str, definitions: Schema) -> Iterator[Finding]:
    properties: Schema = schema.get("properties", {})
    more = schema.get("additionalProperties", True)
    for key, item in value.items():
        if not isinstance(key, str):
            yield Finding(
                "K102",
                f"{_field(path)} has a key that is no string",
                path=path,
                found=shown(key),
                hint="put it in quotes",
            )
        elif key in properties:
            yield from _walk(properties[key], item, joined(path, key), definitions)
        elif more is False:
            yield _unknown(key, properties, path, definitions)
        elif isinstance(more, dict):
            yield from _walk(more, item, joined(path, key), definitions)
    for key in schema.get("required", ()):
        if key not in value:
            yield Finding(
                "K104",
                f"{joined(path, key)} is missing",
                path=path,
                expected=_expected(properties.get(key, {}), definitions),
            )


def _expected(schema: Schema, definitions: Schema) -> str | None:
    """What a missing field should have been."""
    if "enum" in schema:
        return " or ".join(shown(c) for c in schema["enum"])
    return _text(_types(_resolved(schema, definitions))) or None


def _unknown(key: str, properties: Schema, path: str, definitions: Schema) -> Finding:
    """A field that is none: misspelt, or one level too high."""
    inside = [name for name, schema in properties.items() if key in _fields(schema, definitions)]
    hint = f"it belongs in {joined(path, inside[0])}" if len(inside) == 1 else did_you_mean(key, properties)
    if not properties:
        hint = "nothing can be set here"
    owner = f"{path} has" if path else "the manifest has"
    return Finding("K101", f"{owner} no field {shown(key)[1:-1]}", path=joined(path, key), hint=hint)


def _fields(schema: Schema, definitions: Schema) -> Iterable[str]:
    """The fields of an object, or of the objects in a list."""
    schema = _resolved(schema, definitions)
    if "items" in schema:
        schema = _resolved(schema["items"], definitions)
    fields: Iterable[str] = schema.get("properties", ())
    return fields


def _sequence(schema: Schema, value: list[Any], path: str, definitions: Schema) -> Iterator[Finding]:
    least = schema.get("minItems", 0)
    if len(value) < least:
        yield Finding(
            "K105", f"{_field(path)} is too short", path=path, found=shown(value), expected=f"{least} or more"
        )
    if "items" in schema:
        for index, item in enumerate(value):
            yield from _walk(schema["items"], item, joined(path, index), definitions)


def _number(schema: Schema, value: float, path: str, _: Schema) -> Iterator[Finding]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if (least is not None and value < least) or (most is not None and value > most):
        bounds = [f"at least {least}" if least is not None else "", f"at most {most}" if most is not None else ""]
        expected = " and ".join(b for b in bounds if b)
        yield Finding("K105", f"{_field(path)} is out of range", path=path, found=shown(value), expected=expected)


def _string(schema: Schema, value: str, path: str, _: Schema) -> Iterator[Finding]:
    pattern = schema.get("pattern")
    if pattern is not None and not re.search(pattern, value):
        yield Finding(
            "K105",
            f"{_field(path)} has the wrong form",
            path=path,
            found=shown(value),
            expected=f"a match of {pattern}",
        )


_BY_TYPE: dict[str, Callable[[Schema, Any, str, Schema], Iterator[Finding]]] = {
    "object": _mapping,
    "array": _sequence,
    "integer": _number,
    "number": _number,
    "string": _string,
}
