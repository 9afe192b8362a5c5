"""Laws of checking: nothing makes it fail, the walk agrees with the validator, memory changes nothing."""

from __future__ import annotations

import copy
from fractions import Fraction
from functools import cache
from typing import Any

import jsonschema_rs
from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.adapters.benchmark_facts import benchmark_facts
from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
from dlaasgen.checks import Checker, Context, check_set
from dlaasgen.dialects_faults import faults, joined, steps_of
from dlaasgen.findings import Finding
from dlaasgen.formats import safe, to_github, to_table
from dlaasgen.matrix import Cluster
from dlaasgen.policies_commands import judged
from dlaasgen.quantities import nano, quantity
from jobs import ARGS, flat, job, service, tfjob, trainjob

FACTS = benchmark_facts()
CONTEXT = Context("tfjob-v1", Cluster(3, 36, 192 << 30), gitops={"self_heal": True}, facts=FACTS)
SCHEMAS = KubernetesSchemas()

scalars = st.none() | st.booleans() | st.integers(-3, 40) | st.floats(allow_nan=False) | st.text(max_size=8)
words = st.sampled_from([*ARGS, "--mkl", "--xla=yes", "--model", "--noxla", "--", "x", "--data_name=coco", "sh -c", ""])
values: st.SearchStrategy[Any] = st.recursive(
    scalars | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
bases = st.sampled_from([tfjob(), flat(), flat("v1alpha2"), job(), trainjob(), service()])


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in a document."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [p for key, child in items for p in ((*path, key), *places(child, (*path, key)))]


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """A manifest with up to three places replaced, removed or renamed."""
    data: dict[str, Any] = copy.deepcopy(draw(bases))
    for _ in range(draw(st.integers(0, 3))):
        *path, last = draw(st.sampled_from(places(data)))
        node: Any = data
        for step in path:
            node = node[step]
        how = draw(st.sampled_from(["replace", "remove", "rename"]))
        if how == "replace" or isinstance(node, list):
            node[last] = draw(values)
        elif how == "remove":
            del node[last]
        else:
            node[draw(st.text(max_size=8))] = node.pop(last)
        if not places(data):
            break
    return data


@given(manifests() | values)
def test_checking_never_fails(manifest: Any) -> None:
    found = Checker(CONTEXT, SCHEMAS).findings(manifest)
    assert all(f.message.isprintable() and f.path.isprintable() for f in found)


@cache
def validator(api_version: str, kind: str) -> tuple[dict[str, Any], jsonschema_rs.Validator]:
    schemas = KubernetesSchemas()
    schemas.findings({"apiVersion": api_version, "kind": kind})
    schema = dict(next(iter(schemas._schemas.values())))
    return schema, jsonschema_rs.validator_for(schema)


@given(manifests())
def test_the_walk_finds_a_fault_exactly_where_the_validator_does(manifest: dict[str, Any]) -> None:
    for api_version, kind in (("kubeflow.org/v1", "TFJob"), ("batch/v1", "Job"), ("v1", "Service")):
        schema, decides = validator(api_version, kind)
        assert (faults(schema, manifest) == []) == decides.is_valid(manifest)


@given(st.lists(manifests(), max_size=4))
def test_what_a_checker_has_seen_changes_nothing(many: list[dict[str, Any]]) -> None:
    checker = Checker(CONTEXT, SCHEMAS)
    together = [checker.findings(m) for m in [tfjob(), *many, *many]]
    assert together == [Checker(CONTEXT, SCHEMAS).findings(m) for m in [tfjob(), *many, *many]]


@given(manifests())
def test_checking_changes_nothing(manifest: dict[str, Any]) -> None:
    before = copy.deepcopy(manifest)
    Checker(CONTEXT, SCHEMAS).findings(manifest)
    assert manifest == before


@given(st.lists(st.tuples(st.none() | st.text(max_size=3), manifests()), max_size=4))
def test_sets_never_fail(many: list[tuple[str | None, dict[str, Any]]]) -> None:
    assert {f.code for f in check_set(many, CONTEXT)} <= {"K112"}


@given(st.lists(words | st.text(max_size=12), max_size=6))
def test_any_words_are_judged(line: list[str]) -> None:
    command = judged(("tf_cnn_benchmarks.py", *line), FACTS)
    assert command is not None
    assert all(0 <= fault.place <= len(line) for fault in command.faults)


@given(st.fractions(0, 10**6, max_denominator=1000), st.sampled_from(["", "m", "k", "Ki", "Mi", "G"]))
def test_quantities_keep_their_size(number: Fraction, suffix: str) -> None:
    text = f"{float(number):.3f}{suffix}"
    exact, rounded = quantity(text), nano(text)
    assert exact is not None
    assert rounded is not None
    assert 0 <= Fraction(rounded, 10**9) - exact < Fraction(1, 10**9)


@given(st.text(max_size=20), st.text(max_size=20))
def test_what_a_finding_says_cannot_break_out_of_its_line(file: str, message: str) -> None:
    finding = Finding("P101", message, file=file or None)
    assert len(to_github([finding]).split("\n")) == 1
    assert "\r" not in to_github([finding])
    assert all(c.isprintable() or c in "\n\t" for c in safe(to_table([finding])))


@given(st.lists(st.integers(0, 99) | st.text(min_size=1, max_size=6), max_size=6))
def test_a_path_leads_back_to_its_steps(steps: list[str | int]) -> None:
    path = ""
    for step in steps:
        path = joined(path, step)
    assert steps_of(path) == steps
