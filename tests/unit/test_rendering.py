"""Cells to manifests with an evaluation of the test's own: whose fault it is, and that all of it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.cells import Cell
from dlaasgen.conversion import conform
from dlaasgen.errors import PrototypeError
from dlaasgen.findings import Finding
from dlaasgen.headers import parse_header
from dlaasgen.matrix import Cluster, Matrix
from dlaasgen.rendering import SUFFIXES, Plan, objects_of, render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HEADER = """// @name study
// @param size integer Size
// @optionalParam mode string fast Mode
// @optionalParam note string null Note
"""
CELLS = [Cell(f"c{n}", {"size": str(n)}, {"size": n}) for n in (1, 2, 3)]


def plan(prototype: Callable[[dict[str, Any]], Any], **changes: Any) -> Plan:
    """A plan whose prototype is a Python function."""

    def evaluate(common: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> list[str]:
        return [json.dumps(prototype({**common, **params}), indent=2) for params in given]

    whole = Plan(
        matrix=Matrix("m", "study", "job", (), file="m.yaml"),
        prototype=parse_header(HEADER, "prototypes/study.jsonnet"),
        run="1",
        suffix=".yaml",
        evaluate=evaluate,
        check=lambda *_: (),
        canonical_json=lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")),
    )
    return replace(whole, **changes)


def job(params: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": params["name"]},
        "spec": {"size": params["size"], "mode": params["mode"]},
    }


def faults(whole: Plan, cells: Sequence[Cell] = CELLS) -> list[str]:
    with pytest.raises(PrototypeError) as caught:
        list(render(whole, cells))
    return [str(f) for f in caught.value.findings]


def test_a_cell_becomes_a_file() -> None:
    (rendered,) = render(plan(job), CELLS[:1])
    assert rendered.cell == CELLS[0]
    assert rendered.findings == ()
    (manifest,) = rendered.manifests
    assert manifest.file == "jobs/c1.yaml"
    assert manifest.text == (
        f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {rendered.job}\n"
        '  annotations:\n    dlaasgen/params: "{\\"mode\\":\\"fast\\",\\"size\\":1}"\n'
        '  labels:\n    axis.dlaasgen/size: "1"\n    dlaasgen/cell: c1\n    dlaasgen/matrix: m\n    dlaasgen/run: "1"\n'
        "spec:\n  mode: fast\n  size: 1\n"
    )


def test_the_chunk_does_not_show() -> None:
    whole = plan(job)
    assert list(render(whole, CELLS)) == [rendered for cell in CELLS for rendered in render(whole, [cell])]


SHAPED = """// @name shaped
// @param size integer Size
// @optionalParam sockets integer 1 CPU sockets of a node
// @optionalParam cores_per_socket %s Physical cores of a socket
"""


def told(whole: Plan, cell: Cell) -> Any:
    """The parameters that a cell's manifest names."""
    (rendered,) = render(whole, [cell])
    return json.loads(rendered.manifests[0].data["metadata"]["annotations"]["dlaasgen/params"])


@pytest.mark.parametrize(
    ("cluster", "type_", "params", "expected"),
    [
        (None, "integer null", {}, {"sockets": 1}),
        (Cluster(3), "integer null", {}, {"sockets": 1}),
        (Cluster(3, sockets=2, cores_per_socket=18), "integer null", {}, {"sockets": 2, "cores_per_socket": 18}),
        # What the cell says wins, even that it is to be left out.
        (Cluster(3, sockets=2), "integer null", {"sockets": 4}, {"sockets": 4}),
        (Cluster(3, cores_per_socket=18), "integer null", {"cores_per_socket": None}, {"sockets": 1}),
        # A parameter of the name that means something else.
        (Cluster(3, sockets=2, cores_per_socket=18), "array null", {}, {"sockets": 2}),
    ],
)
def test_the_prototype_gets_the_shape_of_a_node(
    cluster: Cluster | None, type_: str, params: dict[str, Any], expected: dict[str, Any]
) -> None:
    seen: list[dict[str, Any]] = []

    def remember(given: dict[str, Any]) -> dict[str, Any]:
        seen.append({k: v for k, v in given.items() if k in ("sockets", "cores_per_socket") and v is not None})
        return job(given | {"mode": ""})

    cell = Cell("c", {}, {"size": 1, **params})
    shaped = parse_header(SHAPED % type_, "prototypes/shaped.jsonnet")
    matrix = Matrix("m", "shaped", "job", (), file="m.yaml", cluster=cluster)
    whole = replace(plan(remember), prototype=shaped, matrix=matrix)
    assert told(whole, cell) == {"size": 1, **expected}
    assert seen == [expected]


def test_a_prototype_without_them_gets_no_shape() -> None:
    whole = plan(job, matrix=Matrix("m", "study", "job", (), cluster=Cluster(3, sockets=2, cores_per_socket=18)))
    assert told(whole, CELLS[0]) == {"size": 1, "mode": "fast"}


def test_the_prototype_gets_its_identity_and_the_annotation_all_the_rest() -> None:
    seen: list[dict[str, Any]] = []

    def remember(params: dict[str, Any]) -> dict[str, Any]:
        seen.append(params)
        return job(params)

    cell = Cell("c", {"size": "1"}, {"size": 1, "note": None})
    whole = plan(remember)
    assert told(whole, cell) == {"size": 1, "mode": "fast"}
    assert seen == [
        {
            "mode": "fast",
            "size": 1,
            "note": None,
            "name": "m-c-zzzzzzzz",
            "labels": {"axis.dlaasgen/size": "1", "dlaasgen/cell": "c", "dlaasgen/matrix": "m", "dlaasgen/run": "1"},
            "annotations": {"dlaasgen/params": '{"mode":"fast","size":1}'},
        }
    ]


@pytest.mark.parametrize("form", SUFFIXES)
def test_every_format_has_a_suffix(form: str) -> None:
    (rendered,) = render(plan(job, suffix=SUFFIXES[form]), CELLS[:1])
    assert rendered.manifests[0].file == f"jobs/c1{SUFFIXES[form]}"


def test_several_objects_and_lists() -> None:
    def both(params: dict[str, Any]) -> Any:
        items = [job(params), {"apiVersion": "v1", "kind": "Service", "metadata": {"name": params["name"]}}]
        return items if params["size"] == 1 else {"apiVersion": "v1", "kind": "List", "items": items}

    first, second, _ = render(plan(both), CELLS)
    assert [m.file for m in first.manifests] == ["jobs/c1.yaml", "jobs/c1_1-service.yaml"]
    assert [m.file for m in second.manifests] == ["jobs/c2.yaml", "jobs/c2_1-service.yaml"]
    assert all(f"name: {first.job}\n" in m.text for m in first.manifests)


GOOD = {"apiVersion": "v1", "kind": "Service"}


@pytest.mark.parametrize(
    ("value", "objects"),
    [
        (GOOD, [GOOD]),
        ([GOOD, GOOD], [GOOD, GOOD]),
        ({"kind": "List", "items": [GOOD]}, [GOOD]),
        ({"apiVersion": "v1", "kind": "List", "items": 1}, [{"apiVersion": "v1", "kind": "List", "items": 1}]),
        ([], None),
        ({"kind": "List", "items": []}, None),
        ({}, None),
        (None, None),
        ("text", None),
        ([GOOD, None], None),
        ([[GOOD]], None),
        ({"kind": "Service"}, None),
        ({"apiVersion": 1, "kind": "Service"}, None),
        ({"apiVersion": "v1", "kind": None}, None),
    ],
)
def test_what_is_a_manifest(value: object, objects: object) -> None:
    assert objects_of(value) == objects


def test_a_prototype_that_returns_no_manifest() -> None:
    assert faults(plan(lambda params: job(params) if params["size"] == 1 else {"size": params["size"]})) == [
        (
            "prototypes/study.jsonnet: error[T107]: prototype study returns no manifest (cell c2); found {'size': 2}; "
            "expected an object with apiVersion, kind and metadata, an array of them, or a List"
        )
    ]


def test_faults_of_parameters_are_told_once_for_all_cells_that_have_them() -> None:
    cells = [
        Cell("a", {}, {"size": "1", "mod": "x"}),
        Cell("b", {}, {"size": "1"}),
        Cell("c", {}, {"size": 1, "mod": "x"}),
        Cell("d", {}, {}),
    ]
    assert faults(plan(job), cells) == [
        (
            "m.yaml: params.size: error[T105]: parameter size of prototype study has the wrong type (cell a and 1 "
            "more); "
            "found '1'; expected integer; write 1 without quotes"
        ),
        "m.yaml: params.mod: error[T103]: prototype study has no parameter mod (cell a and 1 more); did you mean mode?",
        (
            "m.yaml: params.size: error[T104]: prototype study needs the parameter size (cell d); expected integer; "
            "Size; add size to params or axes"
        ),
    ]


def test_no_more_than_twenty_faults_are_told() -> None:
    cells = [Cell(f"c{n}", {}, {"size": n, f"unknown{n}": 1}) for n in range(30)]
    assert len(faults(plan(job), cells)) == 20


def failing(*sizes: int) -> Callable[[dict[str, Any]], Any]:
    def prototype(params: dict[str, Any]) -> Any:
        if params["size"] in sizes:
            raise PrototypeError([Finding("T106", "boom", file="prototypes/study.jsonnet", line=7)])
        return job(params)

    return prototype


def test_a_failed_evaluation_names_its_cells() -> None:
    told = "prototypes/study.jsonnet:7: error[T106]: boom"
    assert faults(plan(failing(2))) == [f"{told} (cell c2)"]
    assert faults(plan(failing(1, 3))) == [f"{told} (cell c1 and 1 more)"]
    assert faults(plan(failing(1)), CELLS[:1]) == [f"{told} (cell c1)"]


def test_not_every_failing_cell_is_evaluated_again() -> None:
    tried: list[int] = []

    def prototype(params: dict[str, Any]) -> Any:
        tried.append(params["size"])
        return failing(params["size"])(params)

    cells = [Cell(f"c{n}", {}, {"size": n}) for n in range(100)]
    assert faults(plan(prototype), cells) == ["prototypes/study.jsonnet:7: error[T106]: boom (cell c0 and 19 more)"]
    assert tried == [0, *range(20)]


def test_a_chunk_that_fails_as_a_whole_alone() -> None:
    """Too large for the engine, say: each cell by itself is good."""

    def evaluate(_: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> list[str]:
        if len(given) > 1:
            raise PrototypeError([Finding("T106", "too much")])
        return [json.dumps(job({"mode": "fast", **given[0]}))]

    assert faults(plan(job, evaluate=evaluate)) == ["error[T106]: too much"]


def test_a_result_that_turns_out_to_be_no_json_when_it_is_decoded() -> None:
    def text(params: Mapping[str, Any]) -> str:
        return '{"size": NaN}' if params["size"] == 2 else json.dumps(job({"mode": "fast", **params}))

    (told,) = faults(plan(job, evaluate=lambda _, given: map(text, given)))
    assert "what it returns is no JSON (cell c2)" in told


def test_a_result_that_is_no_json() -> None:
    def evaluate(_: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> list[str]:
        if any(params["size"] == 2 for params in given):
            msg = "unexpected character: line 1 column 9 (char 8)"
            raise ValueError(msg)
        return [json.dumps(job({"mode": "fast", **params})) for params in given]

    assert faults(plan(job, evaluate=evaluate)) == [
        (
            "prototypes/study.jsonnet: error[T106]: the prototype cannot be evaluated: what it returns is no JSON "
            "(cell c2); look for a number that is none, such as std.log(-1), and for nesting without end"
        )
    ]


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"data": 2**53 + 1}, "an integer is beyond 2^53, where numbers lose digits"),
        ({"k" * 1001: 1}, "a key takes 1,001 characters; more than 1,000 are too many for a YAML key"),
    ],
)
def test_a_manifest_that_no_yaml_can_say(extra: dict[str, Any], reason: str) -> None:
    assert faults(plan(lambda params: {**job(params), **extra})) == [
        (
            "prototypes/study.jsonnet: error[T109]: "
            f"prototype study returns what cannot be written as YAML (cell c1): {reason}"
        )
    ]


def test_nesting_without_end() -> None:
    text = json.dumps(GOOD)[:-1] + f', "data": {nested(1000)}}}'
    whole = plan(job, evaluate=lambda _, given: [text for _ in given])
    assert faults(whole) == [
        (
            "prototypes/study.jsonnet: error[T109]: prototype study returns what cannot be written as YAML (cell c1): "
            "lists and objects are nested too deep"
        )
    ]


def test_findings_are_told_with_their_cell_their_file_and_the_name() -> None:
    def check(data: Mapping[str, Any], _: object) -> Sequence[Finding]:
        name = data["metadata"]["name"]
        return [Finding("P101", f"{name} is bad", "warning", path="metadata.name", found=name, hint=f"not {name}")]

    (rendered,) = render(plan(job, check=check), CELLS[:1])
    name = rendered.job
    assert [str(f) for f in rendered.findings] == [
        f"m/jobs/c1.yaml: metadata.name: warning[P101]: {name} is bad; found {name}; not {name}"
    ]
    assert rendered.findings[0].cell == "c1"


def test_a_component_stands_beside_the_yaml() -> None:
    def component(
        cell: Cell, params: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], _: object
    ) -> tuple[str, str]:
        text = f"{cell.id} {params['name']} {params['mode']} {sorted(params)} {len(objects)}"
        return f"jsonnet/{cell.id}.jsonnet", text

    (rendered,) = render(plan(job, component=component), CELLS[:1])
    assert [m.file for m in rendered.manifests] == ["jobs/c1.yaml", "jsonnet/c1.jsonnet"]
    assert rendered.manifests[1].text == (f"c1 {rendered.job} fast ['annotations', 'labels', 'mode', 'name', 'size'] 1")


def test_a_job_of_another_dialect_is_converted_before_it_is_named() -> None:
    def tfjob(params: dict[str, Any]) -> dict[str, Any]:
        box = {"name": "tensorflow", "image": "a"}
        replica = {"replicas": params["size"], "template": {"spec": {"containers": [box]}}}
        spec = {"runPolicy": {"suspend": True}, "tfReplicaSpecs": {"Worker": replica}}
        return {"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": params["name"]}, "spec": spec}

    whole = plan(tfjob)
    (as_written,) = render(whole, CELLS[:1])
    assert [*render(replace(whole, conform=lambda objects: conform(objects, "tfjob-v1")), CELLS[:1])] == [as_written]
    (one,) = render(replace(whole, conform=lambda objects: conform(objects, "tfjob-v1beta2")), CELLS[:1])
    (manifest,) = one.manifests
    assert manifest.data["apiVersion"] == "kubeflow.org/v1beta2"
    assert manifest.data["spec"]["tfReplicaSpecs"]["Worker"]["template"]["metadata"]["labels"]["dlaasgen/cell"] == "c1"
    assert one.job != as_written.job
    assert [str(f) for f in one.findings] == [
        "m/jobs/c1.yaml: spec.runPolicy: note[K206]: cleanPodPolicy None is written out",
        "m/jobs/c1.yaml: spec.runPolicy.suspend: error[K202]: tfjob-v1beta2 has no suspend",
    ]
    assert [f.cell for f in one.findings] == ["c1", "c1"]
