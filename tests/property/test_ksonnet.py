"""Laws of editing params.libsonnet: what is set is what jsonnet then says, and any name can be a field."""

from __future__ import annotations

import json

import rjsonnet
from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.ksonnet.application import new
from dlaasgen.ksonnet.layout import COMPONENT_PARAMS, application_files
from dlaasgen.ksonnet.lexer import field, member, tokens
from dlaasgen.ksonnet.params import Params

EMPTY = application_files(new("a"), "")[COMPONENT_PARAMS]


@given(st.text())
def test_fields_are_read_back(name: str) -> None:
    text = f"local o = {{ {field(name)}: 1 }}; o{member(name)}"
    assert tokens(text)
    assert json.loads(rjsonnet.evaluate_snippet("x", text)) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.lists(st.sampled_from(["x", "y-z", "w"]), min_size=1, max_size=2),
            st.integers(-1000, 1000),
        ),
        max_size=6,
    )
)
def test_edits_mean_what_they_say(edits: list[tuple[str, list[str], int]]) -> None:
    text = EMPTY
    wanted: dict[str, dict[str, object]] = {}
    for name, path, number in edits:
        here: dict[str, object] = wanted.setdefault(name, {})
        if len(path) == 2:
            inner = here.get(path[0])
            if isinstance(inner, int):
                continue
            inner = here.setdefault(path[0], {})
            assert isinstance(inner, dict)
            inner[path[1]] = number
        else:
            here[path[0]] = number
        text = Params(text, "p").with_value(name, path, str(number))
    assert json.loads(rjsonnet.evaluate_snippet("params", text))["components"] == wanted
