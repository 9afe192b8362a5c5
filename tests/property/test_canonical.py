from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dlaasgen.canonical import dump
from dlaasgen.canonical_reading import load

# Characters that mean something to YAML come up far more often than chance would have them.
_CHARS = st.one_of(
    st.sampled_from(
        "\n\n \t:-#?!&*|>'\"%@`{}[],.~=<0123456789eExXoO_+ynYN\x00\x1b\x7f\x85\xa0\u2028\ufeff\ufffe\U0001f600"
    ),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.text(_CHARS, max_size=30)
# Strings that could be numbers, dates, or words of one reader or another.
LOOKALIKES = st.one_of(
    st.from_regex(r"[-+.]?(0[xXoObB]?)?[0-9a-fA-F_:.]{1,8}([eE][-+]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[-+]?(\.?[iI][nN][fF]|\.?[nN][aA][nN])", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}:[0-9]{2})?", fullmatch=True),
    st.sampled_from(["yes", "no", "on", "off", "y", "n", "null", "true", "false", "~", "<<", "="]).flatmap(
        lambda w: st.sampled_from([w, w.upper(), w.title(), w.swapcase(), f" {w}", f"{w}\n", f"-{w}", f"--{w}"])
    ),
)
STRINGS = TEXTS | LOOKALIKES
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), STRINGS
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4))


def typed(value: Any) -> Any:
    """A value that is equal only where the types are too, and minus zero is not zero."""
    if isinstance(value, dict):
        return {k: typed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [typed(v) for v in value]
    return (type(value), repr(value))


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    text = dump(value)
    assert typed(yaml.load(text, yaml.CSafeLoader)) == typed(value)
    assert text.endswith("\n")
    found = load(text)
    if isinstance(value, dict | list) and value:
        assert found is not None
        assert typed(found[0]) == typed(value)


@given(st.text(_CHARS, max_size=60).map(lambda text: f"a: {text}\n") | VALUES.map(dump))
def test_a_text_is_read_as_every_reader_reads_it_or_not_at_all(text: str) -> None:
    found = load(text)
    if found is not None:
        assert typed(yaml.load(text, yaml.CSafeLoader)) == typed(found[0])
    assert text.encode().decode() == text


@given(st.lists(STRINGS, min_size=1, max_size=8))
def test_slow_readers_read_the_same_strings(strings: list[str]) -> None:
    value = {"list": strings, "map": {s: s for s in strings}, "deep": [[{s: [s]}] for s in strings]}
    text = dump(value)
    assert yaml.load(text, yaml.SafeLoader) == value
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    assert reader.load(text) == value


@given(VALUES)
def test_one_text_for_one_value(value: Any) -> None:
    text = dump(value)
    assert dump(yaml.load(text, yaml.CSafeLoader)) == text
    assert dump(json.loads(json.dumps(value))) == text


@given(st.dictionaries(STRINGS, st.integers(0, 9), min_size=2, max_size=6), st.randoms())
def test_the_order_of_a_mapping_does_not_show(value: dict[str, int], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert dump(dict(items)) == dump(value)
