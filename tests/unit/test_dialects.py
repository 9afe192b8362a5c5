"""Dialects by their shape; strict schemas; every fault of a manifest, told for people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dlaasgen.adapters.kubernetes_schemas import DEFAULT_VERSION, KubernetesSchemas, versions
from dlaasgen.dialects import DIALECTS, detect
from dlaasgen.dialects_faults import faults, joined, type_of
from dlaasgen.dialects_schema import closed, schema
from dlaasgen.errors import UsageError
from dlaasgen.matrix import DIALECTS as NAMES
from jobs import BOX, POD, PS_BOX, WORKER, changed, flat, job, replica, service, tfjob, trainjob

SCHEMAS = KubernetesSchemas()
JOB_BOX = ("spec", "template", "spec", "containers", 0)
C = "spec.tfReplicaSpecs.Worker.template.spec.containers[0]"


def told(manifest: dict[str, Any], schemas: KubernetesSchemas = SCHEMAS) -> list[str]:
    return [str(f) for f in schemas.findings(manifest)]


def test_the_dialects_are_those_that_matrix_files_name() -> None:
    assert tuple(DIALECTS) == NAMES


def of(kind: str, version: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        (tfjob(), "tfjob-v1"),
        (flat(), "tfjob-v1-flat"),
        (flat("v1beta2"), "tfjob-v1beta2"),
        (flat("v1alpha2"), "tfjob-v1alpha2"),
        (of("TFJob", "kubeflow.org/v1", tfReplicaSpecs={}), "tfjob-v1"),
        (of("TFJob", "kubeflow.org/v1", successPolicy="", cleanPodPolicy="All"), "tfjob-v1"),
        ({"apiVersion": "kubeflow.org/v1", "kind": "TFJob"}, "tfjob-v1"),
        (job(), "job"),
        (trainjob(), "trainjob-v1alpha1"),
        (of("PyTorchJob", "kubeflow.org/v1"), "pytorchjob-v1"),
        (of("MPIJob", "kubeflow.org/v1"), "mpijob-v1"),
        (of("MPIJob", "kubeflow.org/v2beta1"), "mpijob-v2beta1"),
        (service(), None),
        ({}, None),
        ({"apiVersion": [], "kind": {}}, None),
    ],
)
def test_detect(manifest: dict[str, Any], name: str | None) -> None:
    dialect = detect(manifest)
    assert (dialect.name if dialect is not None else None) == name


def test_a_job_without_policies_is_of_the_dialect_that_is_expected() -> None:
    bare = of("TFJob", "kubeflow.org/v1", tfReplicaSpecs={})
    dialect = detect(bare, "tfjob-v1-flat")
    assert dialect is DIALECTS["tfjob-v1-flat"]
    assert dialect.policy_path == "spec"
    assert DIALECTS["tfjob-v1"].policy_path == "spec.runPolicy"


# How the releases of Kubeflow Trainer, all v1alpha1, have pods changed that come from a runtime.
PATCHED = {"nodeSelector": {"a": "b"}, "containers": [{"name": "node", "volumeMounts": [], "env": []}]}
TARGET = [{"name": "node"}]
RELEASES: dict[str, dict[str, Any]] = {
    "2.0": {"podSpecOverrides": [{"targetJobs": TARGET, **PATCHED}], "labels": {"a": "b"}},
    "2.1": {"podTemplateOverrides": [{"targetJobs": TARGET, "metadata": {"labels": {"a": "b"}}, "spec": PATCHED}]},
    "2.2": {
        "activeDeadlineSeconds": 60,
        "initializer": {"dataset": {"storageUri": "s3://a/b"}},
        "runtimePatches": [
            {
                "manager": "dlaasgen",
                "trainingRuntimeSpec": {
                    "template": {
                        "spec": {
                            "replicatedJobs": [
                                {
                                    "name": "node",
                                    "template": {
                                        "spec": {
                                            "template": {
                                                "metadata": {"labels": {"a": "b"}},
                                                "spec": {**PATCHED, "securityContext": {"runAsNonRoot": True}},
                                            }
                                        }
                                    },
                                }
                            ]
                        }
                    }
                },
            }
        ],
    },
}


@pytest.mark.parametrize("release", RELEASES)
def test_trainjobs_of_every_release(release: str) -> None:
    data = trainjob()
    data["spec"] |= RELEASES[release]
    assert told(data) == []
    # The patch is strict to its end.
    text = json.dumps(data)
    assert told(json.loads(text.replace('"nodeSelector"', '"nodeSelectors"')))[0].count("did you mean nodeSelector?")


REPLICAS = {"Launcher": replica(1), "Worker": replica(2)}
RUN = {"cleanPodPolicy": "Running", "schedulingPolicy": {"minResources": {"cpu": 4}}}
GOOD = [
    tfjob(),
    flat(),
    flat("v1beta2"),
    flat("v1alpha2"),
    job(),
    trainjob(),
    service(),
    of(
        "PyTorchJob",
        "kubeflow.org/v1",
        pytorchReplicaSpecs={"Master": replica(1)},
        elasticPolicy={"rdzvBackend": "c10d"},
    ),
    of("MPIJob", "kubeflow.org/v1", mpiReplicaSpecs=REPLICAS, cleanPodPolicy="None", slotsPerWorker=2),
    of("MPIJob", "kubeflow.org/v2beta1", mpiReplicaSpecs=REPLICAS, runPolicy=RUN, mpiImplementation="OpenMPI"),
    changed(tfjob(), "status", to={"conditions": []}),
    changed(tfjob(), *BOX, "resources", "requests", "cpu", to=1),
    changed(job(), *JOB_BOX, "resources", "requests", "cpu", to=0.5),
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}},
]


@pytest.mark.parametrize("manifest", GOOD, ids=range(len(GOOD)))
def test_good(manifest: dict[str, Any]) -> None:
    assert told(manifest) == []


def moved() -> dict[str, Any]:
    data = tfjob()
    data["spec"]["cleanPodPolicy"] = data["spec"]["runPolicy"].pop("cleanPodPolicy")
    return data


BAD: list[tuple[dict[str, Any], list[str]]] = [
    (changed(tfjob(), *BOX, "imag", to="x"), [f"{C}.imag: error[K101]: {C} has no field imag; did you mean image?"]),
    (moved(), ["spec.cleanPodPolicy: error[K101]: spec has no field cleanPodPolicy; it belongs in spec.runPolicy"]),
    (
        changed(tfjob(), *POD, "env", to=[]),
        [
            "spec.tfReplicaSpecs.Worker.template.spec.env: error[K101]: spec.tfReplicaSpecs.Worker.template.spec has "
            "no field env"
        ],
    ),
    (changed(tfjob(), "odd\n", to=1), ["['odd\\n']: error[K101]: the manifest has no field odd\\n"]),
    (
        changed(flat(), "spec", "ttlSecondAfterFinished", to=1),
        [
            "spec.ttlSecondAfterFinished: error[K101]: spec has no field ttlSecondAfterFinished; "
            "did you mean ttlSecondsAfterFinished?"
        ],
    ),
    (
        changed(tfjob(), *WORKER, "replicas", to="3"),
        [
            "spec.tfReplicaSpecs.Worker.replicas: error[K102]: spec.tfReplicaSpecs.Worker.replicas has the wrong type; "
            "found a string: '3'; expected an integer; leave the quotes out"
        ],
    ),
    (
        changed(tfjob(), *BOX, "args", 3, to=32),
        [
            f"{C}.args[3]: error[K102]: {C}.args[3] has the wrong type; found an integer: 32; expected a string; "
            "put it in quotes"
        ],
    ),
    (
        changed(tfjob(), *BOX, "args", to="python"),
        [
            f"{C}.args: error[K102]: {C}.args has the wrong type; found a string: 'python'; expected a list; write a "
            "list, even of one"
        ],
    ),
    (
        changed(tfjob(), *BOX, "resources", "limits", "memory", to=[]),
        [
            f"{C}.resources.limits.memory: error[K102]: {C}.resources.limits.memory has the wrong type; found a list: "
            "[]; expected a string or an integer"
        ],
    ),
    (
        changed(tfjob(), *BOX, "resources", "limits", "memory", to=None),
        [
            f"{C}.resources.limits.memory: error[K102]: {C}.resources.limits.memory has the wrong type; found null; "
            "expected a string or an integer"
        ],
    ),
    (
        changed(tfjob(), *BOX, "resources", "limits", "cpu", to=0.5),
        [
            f"{C}.resources.limits.cpu: error[K102]: {C}.resources.limits.cpu has the wrong type; found a number: 0.5; "
            "expected a string or an integer; put it in quotes"
        ],
    ),
    (
        changed(tfjob(), *BOX, "args", 3, to=None),
        [f"{C}.args[3]: error[K102]: {C}.args[3] has the wrong type; found null; expected a string"],
    ),
    (
        of("PyTorchJob", "kubeflow.org/v1", pytorchReplicaSpecs={"Master": replica(2)}),
        [
            "spec.pytorchReplicaSpecs.Master.replicas: error[K105]: spec.pytorchReplicaSpecs.Master.replicas is out "
            "of range; found 2; expected at least 1 and at most 1"
        ],
    ),
    (
        of("PyTorchJob", "kubeflow.org/v1", pytorchReplicaSpecs={"Master": {"template": {}}}),
        [
            "spec.pytorchReplicaSpecs.Master: error[K104]: spec.pytorchReplicaSpecs.Master.replicas is missing; "
            "expected an integer"
        ],
    ),
    (
        changed(trainjob(), "spec", "runtimeRef", "name", to=""),
        ["spec.runtimeRef.name: error[K105]: spec.runtimeRef.name has the wrong form; found ''; expected a match of ."],
    ),
    (
        changed(job(), "spec", to=None),
        ["spec: error[K102]: spec has the wrong type; found null; expected an object"],
    ),
    (
        changed(job(), "spec", "template", to={}),
        ["spec.template: error[K104]: spec.template.spec is missing; expected an object"],
    ),
    (
        changed(job(), "spec", "template", "spec", "restartPolicy", to="Always"),
        [
            "spec.template.spec.restartPolicy: error[K103]: spec.template.spec.restartPolicy has a value that it does "
            "not take; found 'Always'; expected 'Never' or 'OnFailure'"
        ],
    ),
    (
        changed(job(), "spec", "template", "spec", "containers", to=[]),
        [
            "spec.template.spec.containers: error[K105]: spec.template.spec.containers is too short; found []; "
            "expected 1 or more"
        ],
    ),
    (
        changed(job(), "spec", "activeDeadlineSeconds", to=-1),
        [
            "spec.activeDeadlineSeconds: error[K105]: spec.activeDeadlineSeconds is out of range; found -1; "
            "expected at least 0"
        ],
    ),
    (
        changed(tfjob(), *POD, "hostNetwork", to="true"),
        [
            "spec.tfReplicaSpecs.Worker.template.spec.hostNetwork: error[K102]: "
            "spec.tfReplicaSpecs.Worker.template.spec.hostNetwork has the wrong type; found a string: 'true'; "
            "expected true or false; leave the quotes out"
        ],
    ),
    (
        changed(tfjob(), "metadata", "labels", 1, to="a"),
        ["metadata.labels: error[K102]: metadata.labels has a key that is no string; found 1; put it in quotes"],
    ),
    (
        changed(tfjob(), "spec", "runPolicy", "cleanPodPolicy", to="Runing"),
        [
            "spec.runPolicy.cleanPodPolicy: error[K103]: spec.runPolicy.cleanPodPolicy has a value that it does not "
            "take; found 'Runing'; expected 'None' or 'Running' or 'All'; did you mean Running?"
        ],
    ),
    (
        changed(tfjob(), *WORKER, "restartPolicy", to=False),
        [
            "spec.tfReplicaSpecs.Worker.restartPolicy: error[K103]: spec.tfReplicaSpecs.Worker.restartPolicy has a "
            "value that it does not take; found False; expected 'Always' or 'OnFailure' or 'Never' or 'ExitCode'"
        ],
    ),
    (
        of("TFJob", "kubeflow.org/v1", runPolicy={}),
        ["spec: error[K104]: spec.tfReplicaSpecs is missing; expected an object"],
    ),
    (of("Job", "batch/v1"), ["spec: error[K104]: spec.template is missing; expected an object"]),
    (
        {"apiVersion": "batch/v1", "kind": "Job"},
        [
            "error[K104]: metadata is missing; expected an object",
            "error[K104]: spec is missing; expected an object",
        ],
    ),
    (
        changed(tfjob(), *WORKER, "replicas", to=-1),
        [
            "spec.tfReplicaSpecs.Worker.replicas: error[K105]: spec.tfReplicaSpecs.Worker.replicas is out of range; "
            "found -1; expected at least 0 and at most 2147483647"
        ],
    ),
    (
        changed(tfjob(), "spec", "runPolicy", "activeDeadlineSeconds", to=0),
        [
            "spec.runPolicy.activeDeadlineSeconds: error[K105]: spec.runPolicy.activeDeadlineSeconds is out of range; "
            "found 0; expected at least 1"
        ],
    ),
    ({}, ["apiVersion: error[K106]: the manifest has no apiVersion; expected a string"]),
    (
        {"apiVersion": "v1", "kind": 1},
        ["kind: error[K106]: the manifest has no kind; found 1; expected a string"],
    ),
    (
        {"apiVersion": "batch/v1", "kind": "Jobb"},
        [f"kind: error[K107]: Kubernetes {DEFAULT_VERSION} has no kind Jobb in batch/v1; did you mean Job?"],
    ),
    (
        {"apiVersion": "batch/v2", "kind": "Job"},
        [f"kind: error[K107]: Kubernetes {DEFAULT_VERSION} has no kind Job in batch/v2; it is in batch/v1"],
    ),
    (
        {"apiVersion": "batch/v2", "kind": "Zzz"},
        [f"kind: error[K107]: Kubernetes {DEFAULT_VERSION} has no kind Zzz in batch/v2"],
    ),
    (
        {"apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "LocalQueue"},
        ["kind: note[K108]: LocalQueue of kueue.x-k8s.io/v1beta1 is not checked: there is no schema for it"],
    ),
    (
        {"apiVersion": "example.com/v1", "kind": "TrainJob"},
        [
            "kind: note[K108]: TrainJob of example.com/v1 is not checked: there is no schema for it; "
            "did you mean trainer.kubeflow.org/v1alpha1?"
        ],
    ),
]


@pytest.mark.parametrize(("manifest", "findings"), BAD, ids=range(len(BAD)))
def test_bad(manifest: dict[str, Any], findings: list[str]) -> None:
    assert told(manifest) == findings
    assert told(manifest) == findings  # and the same again from the compiled schema


def test_all_faults_are_told_in_the_documents_order() -> None:
    data = changed(changed(tfjob(), *PS_BOX, "imag", to=1), *BOX, "args", 0, to=1)
    data["spec"]["runPolicy"]["suspend"] = 1
    assert [f.path for f in SCHEMAS.findings(data)] == [
        "spec.runPolicy.suspend",
        "spec.tfReplicaSpecs.PS.template.spec.containers[0].imag",
        "spec.tfReplicaSpecs.Worker.template.spec.containers[0].args[0]",
    ]


def test_versions() -> None:
    known = versions()
    assert DEFAULT_VERSION in known
    assert known == sorted(known, key=lambda v: int(v.split(".")[1]))
    assert KubernetesSchemas().version == DEFAULT_VERSION
    assert [KubernetesSchemas(v).version for v in ("1.31", "v1.31", "1.31.4")] == ["1.31"] * 3
    assert told(tfjob(), KubernetesSchemas(known[0])) == []
    assert told(tfjob(), KubernetesSchemas(known[-1])) == []


def test_a_field_of_a_later_version_is_none_of_an_earlier_one() -> None:
    data = changed(tfjob(), *POD, "resources", to={})
    assert told(data, KubernetesSchemas("1.34")) == []
    assert [f.code for f in KubernetesSchemas("1.31").findings(data)] == ["K101"]


@pytest.mark.parametrize(
    ("version", "hint"),
    [("1.99", "the newest is "), ("1.3", "did you mean 1."), ("1.9", "the oldest is "), ("one", None), ("", None)],
)
def test_an_unknown_version_is_an_error_that_lists_the_known_ones(version: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as error:
        KubernetesSchemas(version)
    (finding,) = error.value.findings
    assert finding.message == f"there are no schemas of Kubernetes {version}"
    assert finding.expected == f"one of {', '.join(versions())}"
    assert (finding.hint or "").startswith(hint or "")
    assert (finding.hint is None) == (hint is None)


def test_without_the_packages_data_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlaasgen.adapters.kubernetes_schemas.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="the package kubernetes-validate is not installed; install dlaasgen anew"):
        KubernetesSchemas()


def test_should_walk_and_validator_disagree_the_validator_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlaasgen.adapters.kubernetes_schemas.faults", lambda *_: [])
    assert told(changed(tfjob(), *WORKER, "replicas", to="3")) == [
        'spec.tfReplicaSpecs.Worker.replicas: error[K110]: "3" is not of type "integer"'
    ]


def test_a_schema_holds_only_what_it_needs() -> None:
    definitions = {"a": {"$ref": "#/$defs/b", "description": "x"}, "b": {"type": "object"}, "c": {}}
    assert closed({"$ref": "#/$defs/a"}, definitions) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/a",
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"type": "object"}},
    }
    with pytest.raises(KeyError):
        schema(DIALECTS["tfjob-v1"], definitions)


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, [], "a string or an integer"),
        ({"allOf": [{"type": "string"}]}, 1, "a string"),
        ({"type": "string", "pattern": "^a"}, "b", "a match of ^a"),
        ({"type": "object", "properties": {}, "additionalProperties": False}, {"a": 1}, None),
        ({"type": "object", "required": ["a"], "properties": {"a": {"enum": ["x", "y"]}}}, {}, "'x' or 'y'"),
        ({"type": "object", "required": ["a"]}, {}, None),
        ({"type": "integer", "maximum": 3}, 4, "at most 3"),
        ({"enum": [1]}, True, "1"),
    ],
)
def test_other_keywords(schema: dict[str, Any], value: object, expected: str | None) -> None:
    (finding,) = faults(schema, value)
    assert finding.expected == expected


@pytest.mark.parametrize("schema", [{"items": {}}, {"type": "array"}, {"type": "string", "pattern": "a"}, {}])
def test_nothing_to_object_to(schema: dict[str, Any]) -> None:
    assert faults(schema, "a" if schema.get("type") == "string" else [1]) == []


def test_types_are_those_of_json() -> None:
    values: list[Any] = [None, True, 1, 1.0, 1.5, "", {}, []]
    types = ["null", "boolean", "integer", "integer", "number", "string", "object", "array"]
    assert [type_of(v) for v in values] == types


def test_paths() -> None:
    assert joined("a", "b") == "a.b"
    assert joined("", "b-c") == "b-c"
    assert joined("a", 3) == "a[3]"
    assert joined("a", "b.c/d") == 'a["b.c/d"]'
    assert joined("a", 'b"') == """a['b"']"""
