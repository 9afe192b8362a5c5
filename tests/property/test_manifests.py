"""Names and labels that Kubernetes takes, whatever matrix and cell they come from."""

from __future__ import annotations

import re

import orjson
from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.cells import Cell
from dlaasgen.ids import is_id
from dlaasgen.manifests import LONGEST_NAME, adopt, finish, identity, label_value
from dlaasgen.matrix import Matrix

# The rules of matrix files: names of matrices and axes.
NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)
AXES = st.from_regex(r"[A-Za-z](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", fullmatch=True)
IDS = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", fullmatch=True).filter(is_id)
VALUES = st.text(max_size=80) | st.from_regex(r"[-_.A-Za-z0-9]{55,75}", fullmatch=True)
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ and .../names/
DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?").fullmatch
LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?").fullmatch


@given(NAMES, IDS, st.dictionaries(AXES, VALUES, max_size=4), st.integers(1, 99))
def test_kubernetes_takes_every_name_and_label(name: str, cell: str, axes: dict[str, str], repeat: int) -> None:
    matrix = Matrix(name, "p", "job", (), repeats=99)
    own = identity(matrix, Cell(cell, axes, {}, repeat), "2026-11-24", "{}")
    data = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": own.stand_in}}
    adopt(data, own)
    job, (manifest,) = finish(Cell(cell, axes, {}, repeat), [data], own, ".json")
    assert DNS_1035(job)
    assert len(job) == len(own.stand_in) <= LONGEST_NAME
    # What pods are called must be a DNS label too: `<job>-<type>-<index>`.
    assert len(f"{job}-worker-9999") <= 63
    assert manifest.text.count(job) >= 1
    labels = orjson.loads(manifest.text)["metadata"]["labels"]
    assert labels == own.labels
    for key, value in labels.items():
        prefix, _, short = key.partition("/")
        assert prefix in ("dlaasgen", "axis.dlaasgen")
        assert LABEL(short)
        assert 0 < len(short) <= 63
        assert LABEL(value)
        assert len(value) <= 63


@given(VALUES)
def test_a_label_value_stays_as_it_is_when_it_can(text: str) -> None:
    value = label_value(text)
    assert label_value(value) == value
    if LABEL(text) and len(text) <= 63 and text.isascii():
        assert value == text


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers(0, 3), max_size=3), min_size=2, max_size=2), IDS)
def test_names_are_equal_exactly_when_contents_are(contents: list[dict[str, int]], cell: str) -> None:
    own = identity(Matrix("m", "p", "job", ()), Cell(cell, {}, {}), "1", "{}")
    one, other = (finish(Cell(cell, {}, {}), [{"kind": "Job", "data": c}], own, ".yaml")[0] for c in contents)
    assert (one == other) == (contents[0] == contents[1])
