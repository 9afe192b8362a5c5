"""Identity: names by content, labels on every pod, and files that stay where they belong."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from typing import Any

import pytest
import yaml

from dlaasgen.cells import Cell
from dlaasgen.manifests import LONGEST_NAME, Identity, Manifest, adopt, digest, finish, identity, label_value
from dlaasgen.matrix import Matrix

MATRIX = Matrix("nightly", "tfjob", "tfjob-v1", ())
CELL = Cell("resnet50-bs32", {"model": "resnet50", "batch_size": "32"}, {"model": "resnet50", "batch_size": 32})
OWN = Identity("nightly-a-zzzzzzzz", {"dlaasgen/cell": "a", "dlaasgen/run": "1"}, {"dlaasgen/params": "{}"})


def test_the_identity_of_a_cell() -> None:
    assert identity(MATRIX, CELL, "2026-11-24", '{"a":1}') == Identity(
        stand_in="nightly-resnet50-bs32-zzzzzzzz",
        labels={
            "dlaasgen/cell": "resnet50-bs32",
            "dlaasgen/matrix": "nightly",
            "dlaasgen/run": "2026-11-24",
            "axis.dlaasgen/model": "resnet50",
            "axis.dlaasgen/batch_size": "32",
        },
        annotations={"dlaasgen/params": '{"a":1}'},
    )


def test_repeats_say_which_they_are() -> None:
    matrix = Matrix("nightly", "tfjob", "tfjob-v1", (), repeats=3)
    assert identity(matrix, Cell("a-r2", {}, {}, 2), "1", "{}").labels["dlaasgen/repeat"] == "2"


@pytest.mark.parametrize(
    ("name", "cell", "stand_in"),
    [
        ("m", "a.b", "m-a-b-zzzzzzzz"),
        ("m", "x" * 63, "m-" + "x" * 39 + "-zzzzzzzz"),
        ("m" * 40, "abc", "m" * 40 + "-zzzzzzzz"),
        ("m" * 39, "abc", "m" * 39 + "-a-zzzzzzzz"),
        ("m" * 30, "a" * 9 + ".-b", "m" * 30 + "-" + "a" * 9 + "-zzzzzzzz"),
    ],
)
def test_names_are_cut_before_their_hash(name: str, cell: str, stand_in: str) -> None:
    own = identity(Matrix(name, "p", "job", ()), Cell(cell, {}, {}), "1", "{}")
    assert own.stand_in == stand_in
    assert len(stand_in) <= LONGEST_NAME
    assert own.labels["dlaasgen/cell"] == cell


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("resnet50", "resnet50"), ("", ""), ("-", ""), ("日本", ""), ("a b", "a-b"), ("1e-05", "1e-05"),
        ("-0.1", "0.1"), ("docker.io/x/y:1", "docker.io-x-y-1"),
        ("_a_", "a"), ("a" * 70, "a" * 63), ("a" * 62 + "--b", "a" * 62),
        ("é" * 70 + "x", "x"), ("a\n", "a"), ("a_b.c-d", "a_b.c-d"), ("٣3", "3"),
    ],
)  # fmt: skip
def test_label_values(text: str, value: str) -> None:
    assert label_value(text) == value


def pod(**metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata, "spec": {"containers": [{"name": "tensorflow"}]}}


MARKS = {"labels": dict(OWN.labels), "annotations": dict(OWN.annotations)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"metadata": MARKS}),
        ({"metadata": None}, {"metadata": MARKS}),
        ({"metadata": {"name": "n"}}, {"metadata": {"name": "n", **MARKS}}),
        ({"metadata": {"labels": None, "annotations": []}}, {"metadata": MARKS}),
        (
            {"metadata": {"labels": {"app": "x", "dlaasgen/cell": "other"}, "annotations": {"note": "y"}}},
            {
                "metadata": {
                    "labels": {"app": "x", **OWN.labels},
                    "annotations": {"note": "y", **OWN.annotations},
                }
            },
        ),
        # What no object of Kubernetes has is for the checks to tell.
        ({"metadata": "no"}, {"metadata": "no"}),
    ],
)
def test_objects_carry_the_identity(before: dict[str, Any], after: dict[str, Any]) -> None:
    adopt(before, OWN)
    assert before == after


def test_an_object_that_carries_it_already_is_left_alone() -> None:
    labels = {"app": "x", **OWN.labels}
    data = {"metadata": {"labels": labels, "annotations": dict(OWN.annotations)}}
    adopt(data, OWN)
    assert data["metadata"]["labels"] is labels
    assert data["metadata"]["annotations"] == OWN.annotations


@pytest.mark.parametrize(
    "spec",
    [
        lambda t: {"template": t},
        lambda t: {"tfReplicaSpecs": {"Worker": {"replicas": 3, "template": t}, "PS": {"template": copy.deepcopy(t)}}},
        lambda t: {"jobTemplate": {"spec": {"template": t}}},
        lambda t: {"replicatedJobs": [{"name": "w", "template": {"spec": {"template": t}}}]},
        lambda t: {"template": {"spec": {"template": t}}},
    ],
)
def test_pod_templates_carry_the_identity_wherever_they_are(spec: Any) -> None:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": []}}
    data = {"spec": spec(template)}
    adopt(data, OWN)
    marked = {
        "metadata": {"labels": {"app": "x", **OWN.labels}, "annotations": OWN.annotations},
        "spec": {"containers": []},
    }
    assert data["spec"] == spec(marked)


@pytest.mark.parametrize(
    "spec",
    [
        None, "text", 1, [], {}, {"template": None}, {"template": "x"}, {"template": {}}, {"template": {"spec": None}},
        {"template": {"spec": "containers"}}, {"template": {"spec": 1}}, {"template": {"spec": ["containers"]}},
        {"pod": {"spec": {"containers": []}}}, {"template": [{"spec": {"containers": []}}]},
    ],
)  # fmt: skip
def test_what_is_no_pod_template_stays_as_it_is(spec: Any) -> None:
    data = {"spec": copy.deepcopy(spec)}
    adopt(data, OWN)
    assert data["spec"] == spec


def test_the_search_for_pod_templates_ends() -> None:
    spec: dict[str, Any] = {"template": pod()}
    for _ in range(5000):
        spec = {"a": spec}
    adopt(data := {"spec": spec}, OWN)
    assert data["metadata"] == MARKS


def job(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": OWN.stand_in}, "spec": spec}


def test_the_name_stands_wherever_its_stand_in_stood() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": OWN.stand_in},
        OWN.stand_in: f"x.{OWN.stand_in}.y",
    }
    name, manifests = finish(CELL, [job(args=[f"--job={OWN.stand_in}"]), service], OWN, ".yaml")
    assert re.fullmatch(r"nightly-a-[0-9a-f]{8}", name)
    assert [m.file for m in manifests] == ["jobs/resnet50-bs32.yaml", "jobs/resnet50-bs32_1-service.yaml"]
    first, second = (yaml.safe_load(m.text) for m in manifests)
    assert second == {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, name: f"x.{name}.y"}
    assert first == {**job(args=[f"--job={name}"]), "metadata": {"name": name}}
    assert "zzzzzzzz" not in "".join(m.text for m in manifests)


def test_the_same_content_has_the_same_name_and_other_content_another() -> None:
    name = finish(CELL, [job(a=1, b=[2])], OWN, ".yaml")[0]
    assert finish(CELL, [job(b=[2], a=1)], OWN, ".yaml")[0] == name
    assert finish(CELL, [job(a=1, b=[2])], OWN, ".json")[0] == name
    others = [
        finish(CELL, [job(a=1, b=[3])], OWN, ".yaml")[0],
        finish(CELL, [job(a=1, b=["2"])], OWN, ".yaml")[0],
        finish(CELL, [job(a=1, b=[2]), job(a=1, b=[2])], OWN, ".yaml")[0],
        finish(CELL, [job(a=1), job(b=[2])], OWN, ".yaml")[0],
    ]
    assert len({name, *others}) == 5


def test_the_run_is_part_of_the_name() -> None:
    names = set()
    for run in ("1", "2"):
        own = identity(MATRIX, CELL, run, "{}")
        adopt(data := job(a=1), own)
        names.add(finish(CELL, [data], own, ".yaml")[0])
    assert len(names) == 2


def test_json_is_the_same_object() -> None:
    data = job(text="é\u2028\n", number=1e-05, none=None)
    name, (manifest,) = finish(CELL, [data], OWN, ".json")
    assert manifest.file == "jobs/resnet50-bs32.json"
    assert json.loads(manifest.text) == {**data, "metadata": {"name": name}}
    assert manifest.text.startswith('{\n  "apiVersion": "batch/v1",\n')
    assert manifest.text.endswith("\n}\n")


def test_the_digest_is_that_of_the_files_bytes() -> None:
    manifest = Manifest("jobs/a.yaml", {}, "a: é\n")
    assert manifest.digest == "sha256:" + hashlib.sha256("a: é\n".encode()).hexdigest()
    assert digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("Service", "service"), ("../../../etc/x", "etc-x"), ("", "object"), ("..", "object"), ("/", "object"),
        ("A\x00b", "a-b"), ("é", "object"), ("K" * 300, "k" * 63), ("a" * 62 + "/b", "a" * 62),
    ],
)  # fmt: skip
def test_a_kind_does_not_lead_a_file_elsewhere(kind: str, part: str) -> None:
    (_, second) = finish(CELL, [job(), {**job(), "kind": kind}], OWN, ".yaml")[1]
    assert second.file == f"jobs/resnet50-bs32_1-{part}.yaml"
