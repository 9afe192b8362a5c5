"""Values that stand in for parameters, and those that --set gives."""

from __future__ import annotations

import pytest

from dlaasgen.errors import UsageError
from dlaasgen.headers import parse_header
from dlaasgen.prototypes_examples import example, settings

HEADER = """// @name study
// @param name string Given by dlaasgen
// @param image string Image
// @param model integer An odd one
// @param command array Command
// @param form enum(a|b) Form
// @param more object More
// @param text string Text
// @optionalParam mode string fast Mode
"""
PROTOTYPE = parse_header(HEADER, "prototypes/study.jsonnet")


def test_examples_are_of_the_parameters_types() -> None:
    found = example(PROTOTYPE, {"text": "mine"})
    assert found == {
        "image": "docker.io/example/benchmark@sha256:" + "0" * 64,
        "model": 1,
        "command": ["python", "benchmark.py"],
        "form": "a",
        "more": {},
    }
    assert PROTOTYPE.faults({**found, "text": "mine"}) == []


def test_settings_are_read_as_their_parameters_have_them() -> None:
    words = ["text=1", "model=1", 'command=["a=b"]', "form=b", "more={", "odd=1", "mode="]
    assert settings(PROTOTYPE, words) == {
        "text": "1",
        "model": 1,
        "command": ["a=b"],
        "form": "b",
        "more": "{",
        "odd": "1",
        "mode": "",
    }


@pytest.mark.parametrize(("word", "hint"), [("mod", "; did you mean mode?"), ("=1", ""), ("", "")])
def test_a_setting_has_a_name_and_a_value(word: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings(PROTOTYPE, [word])
    assert str(caught.value) == f"error[R120]: --set {word!r} is no NAME=VALUE{hint}"
