"""Conversions as tests see them: jobs to convert, what is made of them, what is told."""

from __future__ import annotations

from typing import Any

from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
from dlaasgen.conversion import convert
from jobs import POD, changed, job, replica, tfjob


def pytorchjob(workers: int = 1, **spec: Any) -> dict[str, Any]:
    roles = {"Master": replica(1), **({"Worker": replica(workers)} if workers else {})}
    for role in roles.values():
        role["template"]["spec"]["containers"][0]["name"] = "pytorch"
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": {"name": "study"},
        "spec": {"pytorchReplicaSpecs": roles, **spec},
    }


def mpijob(version: str = "v1", workers: int = 2, **spec: Any) -> dict[str, Any]:
    roles = {"Launcher": replica(1), **({"Worker": replica(workers)} if workers else {})}
    return {
        "apiVersion": f"kubeflow.org/{version}",
        "kind": "MPIJob",
        "metadata": {"name": "study"},
        "spec": {"mpiReplicaSpecs": roles, **spec},
    }


def single(**run_policy: Any) -> dict[str, Any]:
    """A TFJob of one worker."""
    data = tfjob(workers=1, servers=0)
    data["spec"]["runPolicy"] = run_policy
    return data


def limited(seconds: int, **run_policy: Any) -> dict[str, Any]:
    """A TFJob of one worker, whose pod has a deadline."""
    return changed(single(**run_policy), *POD, "activeDeadlineSeconds", to=seconds)


def batch(number: int | None = None, **spec: Any) -> dict[str, Any]:
    data = job()
    del data["spec"]["activeDeadlineSeconds"]
    equal = {} if number is None else {"parallelism": number, "completions": number}
    data["spec"] |= {"backoffLimit": 0, **equal, **spec}
    return data


def told(manifest: Any, to: str) -> list[str]:
    """The findings of a conversion, whose result has the form of its dialect."""
    converted = convert(manifest, to)
    if not any(f.code in ("K209", "K211") for f in converted.findings):
        assert [str(f) for f in KubernetesSchemas(dialect=to).findings(converted.data)] == []
    return [f"{f.severity[0]} {f.code} {f.path}: {f.message}" for f in converted.findings]


ROLES = "spec.tfReplicaSpecs"
OPERATOR = "kubeflow.org/training-operator"
TORCH_WORKER = ("spec", "pytorchReplicaSpecs", "Worker")
BACKOFF = "n K206 spec.runPolicy.backoffLimit: backoffLimit 0 is written out: with Never nothing is retried"
RUNTIME = "w K208 : the job is to use the runtime torch-distributed"


def made(manifest: dict[str, Any], to: str) -> Any:
    return convert(manifest, to).data
