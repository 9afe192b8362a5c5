"""Manifests that checks have nothing against, for tests to break: `from jobs import tfjob, job`."""

from __future__ import annotations

from typing import Any

DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = f"docker.io/example/benchmark@{DIGEST}"
SCRIPT = "/opt/tf_cnn_benchmarks.py"
ARGS = ("python", SCRIPT, "--model=resnet50", "--batch_size=32", "--device=cpu", "--data_format=NHWC")


def container(*args: str, cpu: str = "4", memory: str = "8Gi") -> dict[str, Any]:
    return {
        "name": "tensorflow",
        "image": IMAGE,
        "args": [*(args or ARGS)],
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
    }


def replica(count: int, *args: str, cpu: str = "4") -> dict[str, Any]:
    return {
        "replicas": count,
        "restartPolicy": "Never",
        "template": {"spec": {"containers": [container(*args, cpu=cpu)]}},
    }


def tfjob(*args: str, workers: int = 3, servers: int = 1) -> dict[str, Any]:
    roles = {"PS": replica(servers, *args, cpu="2"), "Worker": replica(workers, *args)}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {
            "name": "nightly-resnet50-0123abcd",
            "namespace": "dlaas",
            "labels": {"dlaasgen/cell": "resnet50"},
        },
        "spec": {
            "runPolicy": {"activeDeadlineSeconds": 7200, "backoffLimit": 1, "cleanPodPolicy": "Running"},
            "tfReplicaSpecs": {role: spec for role, spec in roles.items() if spec["replicas"]},
        },
    }


def flat(version: str = "v1", **policies: Any) -> dict[str, Any]:
    """A TFJob whose policies stand in spec."""
    data = tfjob()
    data["apiVersion"] = f"kubeflow.org/{version}"
    run = data["spec"].pop("runPolicy")
    kept = run if version != "v1alpha2" else {"cleanPodPolicy": run["cleanPodPolicy"]}
    data["spec"] = {**kept, **data["spec"], **policies}
    return data


def job(*args: str) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "nightly-resnet50-0123abcd", "namespace": "dlaas"},
        "spec": {
            "activeDeadlineSeconds": 7200,
            "template": {"spec": {"restartPolicy": "Never", "containers": [container(*args)]}},
        },
    }


def trainjob(nodes: int = 2, *args: str) -> dict[str, Any]:
    return {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": {"name": "study", "namespace": "dlaas"},
        "spec": {
            "runtimeRef": {"name": "tensorflow"},
            "trainer": {
                "image": IMAGE,
                "args": [*(args or ARGS), "--variable_update=independent"],
                "numNodes": nodes,
                "resourcesPerNode": {"requests": {"cpu": 4}},
            },
        },
    }


def service() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "results", "namespace": "dlaas"},
        "spec": {"ports": [{"port": 80}]},
    }


def changed(data: dict[str, Any], *path: str | int, to: Any) -> dict[str, Any]:
    """`data` with the value at `path` set (in place); a path to a missing field adds it."""
    node: Any = data
    for step in path[:-1]:
        node = node[step] if isinstance(step, int) or step in node else node.setdefault(step, {})
    node[path[-1]] = to
    return data


WORKER = ("spec", "tfReplicaSpecs", "Worker")
POD = (*WORKER, "template", "spec")
BOX = (*POD, "containers", 0)
PS_BOX = ("spec", "tfReplicaSpecs", "PS", "template", "spec", "containers", 0)
