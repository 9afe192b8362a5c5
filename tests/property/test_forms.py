"""Forms against what they replace: an object decoded, given its identity, written by `canonical` and checked anew."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.adapters.benchmark_facts import benchmark_facts
from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
from dlaasgen.canonical import dump
from dlaasgen.checks import Checker, Context
from dlaasgen.forms import Forms
from dlaasgen.manifests import Identity, adopt
from dlaasgen.matrix import Cluster
from jobs import tfjob

KEYS = st.sampled_from(
    ["metadata", "labels", "annotations", "name", "spec", "template", "containers", "args", "command", "a", "no"]
) | st.text(max_size=3)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["{", "}", "[]", '"', "x,", "a\nb", "dlaasgen/scalar/1/", "- x", "0777"])
)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=4), max_leaves=25)
OBJECTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)
LABELS = st.dictionaries(st.sampled_from(["dlaasgen/cell", "axis.dlaasgen/a", "no"]), st.text(max_size=5), max_size=3)


def varied(value: Any, draw: Any, scalars: st.SearchStrategy[Any]) -> Any:
    """The value with some scalars replaced."""
    if isinstance(value, dict) and value:
        return {k: varied(v, draw, scalars) for k, v in value.items()}
    if isinstance(value, list) and value:
        return [varied(v, draw, scalars) for v in value]
    return draw(scalars) if draw(st.integers(0, 3)) == 0 else value


def source(data: Any, form: str) -> str:
    text = json.dumps(data, indent=3, ensure_ascii=form == "ascii")
    return text.replace("{}", "{ }").replace("[]", "[ ]") if form == "spaced" else text


def adopted(text: str, own: Identity) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(text)
    adopt(data, own)
    return data


@given(st.data(), OBJECTS, LABELS, st.sampled_from(["ascii", "spaced", "plain"]))
def test_what_is_filled_in_is_what_would_have_been_written(
    data: st.DataObject, base: dict[str, Any], labels: dict[str, str], form: str
) -> None:
    forms = Forms()
    for number in range(8):
        text = source(base if number % 3 == 0 else varied(base, data.draw, SCALARS), form)
        own = Identity("zzzz", {k: v + str(number % 2) for k, v in labels.items()}, {"dlaasgen/params": str(number)})
        filled = forms.fill(text, own)
        wanted = adopted(text, own)
        if filled is None:
            forms.learn(text, json.loads(text), own)
        else:
            assert (filled.data, filled.text) == (wanted, dump(wanted))
            assert json.dumps(filled.data, sort_keys=True) == json.dumps(wanted, sort_keys=True)  # 1 is not true


@given(st.data(), OBJECTS, st.integers(0, 200), st.integers(0, 200), st.text(alphabet='a1"{}[]:,\\n \\', max_size=6))
def test_a_text_that_no_engine_wrote_is_of_no_form_or_reads_as_what_it_is_taken_for(
    data: st.DataObject, base: dict[str, Any], start: int, stop: int, between: str
) -> None:
    forms, own = Forms(), Identity("zzzz", {}, {"dlaasgen/params": "{}"})
    text = ""
    for _ in range(3):
        text = source(varied(base, data.draw, SCALARS), "plain")
        if forms.fill(text, own) is None:
            forms.learn(text, json.loads(text), own)
    broken = text[:start] + between + text[max(start, stop) :]
    filled = forms.fill(broken, own)
    assert filled is None or filled.data == adopted(broken, own)


WORDS = st.sampled_from(
    "- x NCHW --model=alexnet --modle=alexnet --variable_update=parameter_server python 8Gi Always --data_format=NCHW "
    f"--batch_size=0 {'a' * 70} Bad_Name $(rm) busybox 0 -1 None All".split()
)
SPOILT = WORDS | st.none() | st.booleans() | st.integers(-1, 100)
SCHEMAS = KubernetesSchemas()


@given(st.data())
def test_what_is_remembered_of_checks_changes_nothing(data: st.DataObject) -> None:
    context = Context(dialect="tfjob-v1", cluster=Cluster(2, cpu=8, memory=16 << 30), facts=benchmark_facts())
    forms, checker = Forms(), Checker(context, SCHEMAS)
    own = Identity("zzzz", {"dlaasgen/cell": "a"}, {"dlaasgen/params": "{}"})
    seen: list[str] = []
    for _ in range(12):
        again = bool(seen) and data.draw(st.booleans())
        text = data.draw(st.sampled_from(seen)) if again else json.dumps(varied(tfjob(), data.draw, SPOILT), indent=1)
        seen.append(text)
        filled = forms.fill(text, own)
        if filled is None:
            forms.learn(text, json.loads(text), own)
            continue
        found = checker.findings(filled.data, filled.alike)
        assert found == Checker(context, SCHEMAS).findings(adopted(text, own))
