"""What a real API server, with the operators' own definitions and webhooks, says of our manifests and schemas."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dlaasgen.pipeline.checking import checker
from jobs import job, replica, tfjob, trainjob
from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.kube import Kube
    from support import Run

pytestmark = pytest.mark.outside

CHECK = checker({})


def of(kind: str, field: str, container: str, **roles: dict[str, Any]) -> dict[str, Any]:
    """A job of the training operator, with its container named as the operator demands."""
    data = tfjob()
    for role in roles.values():
        role["template"]["spec"]["containers"][0]["name"] = container
    data["kind"] = kind
    data["spec"] = {"runPolicy": data["spec"]["runPolicy"], field: roles}
    return data


def jobs() -> dict[str, dict[str, Any]]:
    """One job in each dialect that the cluster knows."""
    return {
        "tfjob-v1": tfjob(),
        "pytorchjob-v1": of("PyTorchJob", "pytorchReplicaSpecs", "pytorch", Master=replica(1), Worker=replica(2)),
        "mpijob-v1": of("MPIJob", "mpiReplicaSpecs", "mpi", Launcher=replica(1), Worker=replica(2)),
        "trainjob-v1alpha1": trainjob(),
        "job": job(),
    }


@pytest.mark.parametrize("matrix", sorted((ROOT / "matrix").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_server_takes_every_committed_matrix(matrix: Path, kube: Kube) -> None:
    tree = ROOT / "rendered" / matrix.stem
    manifests = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(tree.glob("jobs/*.yaml"))]
    assert manifests
    for namespace in {manifest["metadata"]["namespace"] for manifest in manifests}:
        kube.kubectl("create", "namespace", namespace)  # it may be there already
    told = kube.kubectl("apply", "--dry-run=server", "-k", tree).ok()
    assert len(told.out.splitlines()) == len(manifests), told.out
    assert "unknown field" not in told.err


def test_the_server_takes_what_init_makes(tmp_path: Path, dlaasgen: Run, kube: Kube) -> None:
    dlaasgen("init", cwd=tmp_path).ok()
    for matrix in sorted((tmp_path / "matrix").glob("*.yaml")):
        dlaasgen("render", matrix, cwd=tmp_path).ok()
    for file in tmp_path.glob("rendered/*/jobs/*.yaml"):
        answer = kube.attempt(yaml.safe_load(file.read_text(encoding="utf-8")))
        assert answer.accepted, (file.name, answer.message)


@pytest.mark.parametrize("dialect", jobs())
def test_the_server_takes_the_examples(dialect: str, kube: Kube) -> None:
    answer = kube.attempt(jobs()[dialect])
    assert answer.accepted, answer.message


# Every shipped prototype in every dialect that it has, and the trees of its example matrices.
GOLDEN = ROOT / "tests" / "golden"
DIALECTS = sorted(GOLDEN.glob("dialects/*/*.yaml"))
EXAMPLES = sorted(GOLDEN.glob("examples-*/jobs/*.yaml"))
# Those of other operators, or of versions that were served years ago.
ELSEWHERE = {"kubeflow.org/v1beta2", "kubeflow.org/v2beta1"}


def manifests(file: Path) -> list[dict[str, Any]]:
    return [data for data in yaml.safe_load_all(file.read_text(encoding="utf-8")) if data]


@pytest.mark.parametrize("file", [*DIALECTS, *EXAMPLES], ids=lambda file: file.relative_to(GOLDEN).as_posix())
def test_the_server_takes_every_prototype_in_every_dialect_that_it_serves(file: Path, kube: Kube) -> None:
    for manifest in manifests(file):
        answer = None if manifest["apiVersion"] in ELSEWHERE else kube.attempt(manifest)
        if file.stem == "tfjob-v1-flat":
            assert answer is not None
            assert 'unknown field "spec.cleanPodPolicy"' in answer.message
        else:
            assert answer is None or answer.accepted, answer


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """The specs of the pods in a manifest: whatever has containers."""
    if isinstance(value, dict) and isinstance(value.get("containers"), list):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from pods(item)


WITH_PODS = [file for file in (*DIALECTS, *EXAMPLES) if "kind: Service\n" not in file.read_text(encoding="utf-8")[:40]]


@pytest.mark.parametrize("file", WITH_PODS, ids=lambda file: file.relative_to(GOLDEN).as_posix())
def test_the_pods_of_every_prototype_are_admitted_by_the_restricted_profile(file: Path, kube: Kube) -> None:
    """A job's pods are made by its controller, long after the job was taken: so they are tried as pods."""
    found = [pod for manifest in manifests(file) for pod in pods(manifest)]
    assert found
    for pod in found:
        # What must exist in a cluster, and the image of a TrainJob's pods, which its patch does not repeat.
        spec = {k: v for k, v in pod.items() if k not in ("serviceAccountName", "priorityClassName")}
        spec["containers"] = [{"image": "registry.example.org/benchmark", **c} for c in pod["containers"]]
        tried = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried"}, "spec": spec}
        answer = kube.attempt(tried)
        assert answer.accepted, answer.message
        for container in spec["containers"]:
            container.pop("securityContext")
        answer = kube.attempt(tried)
        assert 'violates PodSecurity "restricted' in answer.message


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value below."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def with_value(manifest: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    data = copy.deepcopy(manifest)
    node: Any = data
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return data


def at(manifest: dict[str, Any], path: tuple[str | int, ...]) -> Any:
    node: Any = manifest
    for step in path:
        node = node[step]
    return node


def refused(manifest: dict[str, Any]) -> list[str]:
    """The errors of our own check."""
    return [str(finding) for finding in CHECK(manifest) if finding.severity == "error"]


# Where any key may stand: maps from names to values.
MAPS = {"labels", "annotations", "requests", "limits", "nodeSelector"}


@pytest.mark.parametrize("dialect", jobs())
def test_a_field_that_the_server_does_not_know_is_refused(dialect: str, kube: Kube) -> None:
    manifest = jobs()[dialect]
    paths = [(), *(p for p in places(manifest) if isinstance(at(manifest, p), dict) and p[-1] not in MAPS)]
    told = []
    for path in paths:
        wrong = with_value(manifest, (*path, "replicaz"), 1)
        answer = kube.attempt(wrong)
        if "unknown field" in answer.message:
            told.append(path)
            assert any("replicaz" in line for line in refused(wrong)), (path, answer.message)
        assert not answer.accepted or path == ("metadata",), path
    assert ("spec",) in told
    assert len(told) > 3


VALUES: tuple[Any, ...] = ("text", "", 0, -1, 2, 1.5, True, None, [], {}, ["text"], {"text": "text"})


@pytest.mark.parametrize("dialect", jobs())
def test_what_our_check_accepts_the_server_accepts(dialect: str, kube: Kube) -> None:
    manifest = jobs()[dialect]
    compared, wrong = 0, []
    for path in places(manifest):
        if path[0] in {"apiVersion", "kind"} or path[:2] == ("metadata", "namespace") or path == ("metadata",):
            continue
        for value in VALUES:
            tried = with_value(manifest, path, value)
            if refused(tried):
                continue
            compared += 1
            answer = kube.attempt(tried)
            if not answer.accepted:
                wrong.append(f"{'.'.join(map(str, path))} = {value!r}: {answer.message}")
    assert compared > 10
    assert not wrong, "\n".join(wrong)
