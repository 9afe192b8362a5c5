"""Canonical YAML is read back as what it was written from, and nothing else is read."""

from __future__ import annotations

from typing import Any

import pytest

from dlaasgen.canonical import dump
from dlaasgen.canonical_reading import load

VALUES: list[Any] = [
    {"a": 1, "b": -2.5, "c": None, "d": True, "e": False, "f": {}, "g": [], "h": "", "i": "no", "j": "text"},
    {"list": [1, "x", {"k": "v", "l": [{"m": 1}, [2, [3]]]}, [], {}, "a: b", "--flag=x:1", "x y", "- x", '"q"']},
    {"text": "one\n\n two\nthree\n", "list": ["a\nb", "c\nd\n", {"t": "e\nf"}], "end": "x"},
    {"a: b": 1, "on": {"--x": 2, "": 3, "é": 4}, 'q"': [{'"': 1}, {"x y": 2}]},
    [1, {"a": [2]}, "three"],
    {"n": [1e300, -0.0, 1e-7, 9007199254740992]},
]


@pytest.mark.parametrize("value", VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    found = load(dump(value))
    assert found is not None
    assert repr(found[0]) == repr(value) or dump(found[0]) == dump(value)
    assert found[0] == value


DEEP: Any = 1
for _ in range(300):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1",
        "a: 1 # said\n",
        "b: 1\na: 2\n",
        "a: 1\na: 2\n",
        "a: 'x'\n",
        "a:   1\n",
        "a:\n    b: 1\n",
        "a: {b: 1}\n",
        "a: &x 1\nb: *x\n",
        "---\na: 1\n",
        "a: 1\n---\nb: 2\n",
        "a:\n",
        'a: "x\n',
        '"a: 1\n',
        '- "a: 1\n',
        "a: 0777\n",
        "a: 1e5\n",
        "a: -x\n",
        "a: |\n  x",
        "text\n",
        "a: |\n  x \n",
        "\n",
        dump({"a": DEEP}),
    ],
)
def test_no_other_text_is_read(text: str) -> None:
    assert load(text) is None
