"""Policies on names, labels and roles (P1xx), each by an example and by what it has nothing against."""

from __future__ import annotations

import pytest

from dlaasgen.checks import Checker
from jobs import ARGS, BOX, POD, WORKER, changed, flat, job, replica, service, tfjob, trainjob
from policing import (
    CONTEXT,
    LETTER_FIRST,
    LONG_NAME,
    ONE_LABEL,
    VALUE,
    Manifest,
    W,
    annotated,
    each_bad,
    each_good,
    indexed,
    labelled,
    policies_of,
    renamed,
    shown_by,
    told,
    without,
)

# (manifest, all that is found in it)
BAD: list[tuple[Manifest, list[str]]] = [
    (
        changed(tfjob(), "metadata", "name", to="Nightly_1"),
        [
            "metadata.name: error[P101]: metadata.name is no name for Kubernetes; found 'Nightly_1'; "
            f"expected {LETTER_FIRST}; use lower-case letters, digits and '-'"
        ],
    ),
    (
        changed(tfjob(), "metadata", "name", to="3-nodes"),
        [
            "metadata.name: error[P101]: metadata.name is no name for Kubernetes; found '3-nodes'; "
            f"expected {LETTER_FIRST}; use lower-case letters, digits and '-'"
        ],
    ),
    (
        changed(job(), "metadata", "name", to="a" * 64),
        [
            "metadata.name: error[P101]: metadata.name is no name for Kubernetes; "
            f"found '{'a' * 58}…; expected at most 63 of a-z, 0-9, '-' and '.', beginning and "
            "ending with a letter or digit; use lower-case letters, digits and '-'"
        ],
    ),
    (
        changed(service(), "metadata", "namespace", to="DLaaS"),
        [
            "metadata.namespace: error[P101]: metadata.namespace is no name for Kubernetes; found 'DLaaS'; "
            f"expected {ONE_LABEL}; use lower-case letters, digits and '-'"
        ],
    ),
    (
        changed(job(), "spec", "template", "spec", "containers", 0, "name", to="Benchmark"),
        [
            "spec.template.spec.containers[0].name: error[P101]: a container's name is no name for Kubernetes; found "
            f"'Benchmark'; expected {ONE_LABEL}; use lower-case letters, digits and '-'"
        ],
    ),
    (
        labelled("batch size", "32"),
        [
            'metadata.labels["batch size"]: error[P102]: metadata.labels has a key that is no label key; '
            "found 'batch size'; write prefix/name, such as example.com/team"
        ],
    ),
    (
        annotated("Example.com/a", "b"),
        [
            'metadata.annotations["Example.com/a"]: error[P102]: metadata.annotations has a key that is no annotation '
            "key; found 'Example.com/a'; write prefix/name, such as example.com/team"
        ],
    ),
    (
        labelled("model", "resnet 50"),
        [
            "metadata.labels.model: error[P103]: the value of label model is none; found 'resnet 50'; "
            f"expected {VALUE}; shorten it, or make it an annotation"
        ],
    ),
    (
        changed(tfjob(), *WORKER, "template", "metadata", to={"labels": {"a/b": "x" * 64}}),
        [
            f'{W}.template.metadata.labels["a/b"]: error[P103]: the value of label a/b is none; found '
            f"'{'x' * 58}… (64 characters); expected {VALUE}; shorten it, or make it an annotation"
        ],
    ),
    (
        annotated("note", "x" * (256 << 10)),
        [
            "metadata.annotations: error[P104]: metadata.annotations is too large; found 262,148 bytes; "
            "expected at most 262,144; keep large texts in a ConfigMap, or out of the cluster"
        ],
    ),
    (
        changed(changed(tfjob(), "metadata", "name", to=LONG_NAME), *WORKER, "replicas", to=11),
        [
            f"metadata.name: error[P105]: the pod {LONG_NAME}-worker-10 has a name of 64 characters; expected at most "
            "63; shorten the job's name: the matrix's name and the id template make it"
        ],
    ),
    (
        without(tfjob(), "metadata", "namespace"),
        ["metadata.namespace: warning[P106]: the TFJob has no namespace; set metadata.namespace"],
    ),
    (
        changed(tfjob(), "metadata", "name", to=""),
        ["metadata.name: error[P107]: the TFJob has no name; set metadata.name"],
    ),
    (without(tfjob(), "metadata", "name"), ["metadata.name: error[P107]: the TFJob has no name; set metadata.name"]),
    (
        changed(tfjob(), *BOX, "name", to="worker"),
        [
            f"{W}.template.spec.containers: error[P108]: no container of Worker is called tensorflow; found worker; "
            "expected tensorflow; rename the container"
        ],
    ),
    (
        renamed("Worker", "Workers"),
        [
            "spec.tfReplicaSpecs.Workers: error[P109]: there is no role Workers; "
            "expected PS, Worker, Chief, Master, Evaluator; did you mean Worker?"
        ],
    ),
    (
        renamed("PS", "Ps"),
        ["spec.tfReplicaSpecs.Ps: warning[P110]: the role is spelt Ps; expected PS; write PS"],
    ),
    (
        changed(tfjob(), *WORKER, "tfReplicaType", to="WORKER"),
        [f"{W}.tfReplicaType: error[P111]: the role Worker has a left-over tfReplicaType; remove it"],
    ),
    (
        changed(flat(), *WORKER, "tfReplicaType", to="WORKER"),
        [f"{W}.tfReplicaType: warning[P111]: the role Worker has a left-over tfReplicaType; remove it"],
    ),
    (
        changed(tfjob(), *POD, "restartPolicy", to="OnFailure"),
        [
            f"{W}.template.spec.restartPolicy: warning[P112]: restartPolicy stands in the pod; found 'OnFailure'; "
            f"expected {W}.restartPolicy; move it up, beside replicas and template"
        ],
    ),
    (
        changed(indexed(101), "metadata", "name", to="a" * 60),
        [
            f"metadata.name: error[P105]: the pod {'a' * 60}-100 has a name of 64 characters; expected at most 63; "
            "shorten the job's name: the matrix's name and the id template make it"
        ],
    ),
    (
        changed(tfjob(workers=0), *WORKER, to=replica(0)),
        [
            f"{W}.replicas: error[P113]: the job has no workers; found 1 PS, 0 Worker; set replicas of Worker",
        ],
    ),
    (
        tfjob(workers=0),
        ["spec.tfReplicaSpecs: error[P113]: the job has no workers; found 1 PS; set replicas of Worker"],
    ),
    (
        changed(job(), "spec", "parallelism", to=0),
        ["spec.parallelism: error[P113]: the job has no workers; found 0 pods; set parallelism"],
    ),
    (
        trainjob(0),
        ["spec.trainer.numNodes: error[P113]: the job has no workers; found 0 pods; set numNodes"],
    ),
]


@each_bad(BAD)
def test_bad(manifest: Manifest, findings: list[str]) -> None:
    assert told(manifest) == findings


def test_every_policy_on_one_manifest_has_an_example() -> None:
    assert shown_by(BAD) == policies_of("P1")


GOOD = [
    tfjob(*ARGS, "--variable_update=collective_all_reduce", servers=0, workers=2),
    tfjob(),
    tfjob(workers=1),
    tfjob(workers=1, servers=0),  # a job of one pod is no distributed one
    tfjob(*ARGS, "--variable_update=distributed_all_reduce", servers=0),
    job(),
    job(*ARGS, "--variable_update=parameter_server"),
    flat("v1beta2"),
    flat(),
    service(),
    trainjob(),
    changed(job(), "metadata", "name", to="a.b"),
    changed(tfjob(), "metadata", "name", to="a" * 54),
    changed(tfjob(), *WORKER, "template", "metadata", to={"labels": {"example.com/a": ""}}),
    changed(tfjob(), *BOX, "args", to=["python", "train.py", "--nonsense"]),
    changed(indexed(100), "metadata", "name", to="a" * 60),
    indexed(None),
]


@each_good(GOOD)
def test_good(manifest: Manifest) -> None:
    assert told(manifest) == []


@pytest.mark.parametrize(
    ("version", "kind", "name", "good"),
    [
        ("v1", "Namespace", "a.b", False),
        ("v1", "Namespace", "ab", True),
        ("v1", "Service", "1a", False),
        ("v1", "ConfigMap", "1.a", True),
        ("v1", "ConfigMap", "A", False),
        ("batch/v1", "CronJob", "a" * 52, True),
        ("batch/v1", "CronJob", "a" * 53, False),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", "system:a", True),
    ],
)
def test_kinds_have_names_of_their_own_form(version: str, kind: str, name: str, *, good: bool) -> None:
    data = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "b"}}
    assert [f.code for f in Checker(CONTEXT).findings(data)] == ([] if good else ["P101"])


def test_kinds_outside_of_namespaces_need_none() -> None:
    assert told({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}) == []
    assert told({"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "a"}}) == []


def test_a_known_key_with_a_value_that_is_no_text_is_left_to_the_schema() -> None:
    assert told(labelled("team", "x")) == []
    assert told(labelled("team", 3)) == []


def test_a_line_break_makes_one_label_no_two() -> None:
    data = changed(tfjob(), "metadata", "labels", to={"a": "x", "b": "y"})
    assert told(data) == []
    data = changed(tfjob(), "metadata", "labels", to={"a": "x\ny", "b": "y"})
    assert [f.path for f in Checker(CONTEXT).findings(data)] == ["metadata.labels.a"]


def test_annotations_are_measured_in_bytes() -> None:
    assert told(annotated("note", "x" * (200 << 10))) == []
    assert [f.code for f in Checker(CONTEXT).findings(annotated("note", "\u20ac" * (100 << 10)))] == ["P104"]
    assert told(annotated("note", "\u20ac" * (80 << 10))) == []


def test_what_is_wrong_with_a_job_and_its_pods_alike_is_told_once() -> None:
    labels = {"labels": {"model": "resnet 50"}}
    data = changed(tfjob(), *WORKER, "template", "metadata", to=labels)
    data["metadata"] |= labels
    assert [f.path for f in Checker(CONTEXT).findings(data)] == ["metadata.labels.model"]
