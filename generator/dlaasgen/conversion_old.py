"""Old spellings of TFJobs, brought into the form that came after them. No I/O here.

Sources: pkg/apis/tensorflow/v1alpha1 of kubeflow/training-operator v0.3.0, and pkg/apis/tensorflow/v1beta1 of v0.4.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.conversion_shapes import MalformedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen.conversion_job import Notes

_TYPES = {"MASTER": "Master", "PS": "PS", "WORKER": "Worker"}
_PORT = 2222


def is_old(manifest: Mapping[str, Any]) -> bool:
    """Whether the manifest is a TFJob of a version before those that have a dialect."""
    return manifest.get("kind") == "TFJob" and manifest.get("apiVersion") in (
        "kubeflow.org/v1alpha1",
        "kubeflow.org/v1beta1",
    )


def renewed(manifest: Mapping[str, Any], say: Notes) -> dict[str, Any]:
    """An old TFJob as one of the next version that has a dialect. Raises MalformedError."""
    if manifest["apiVersion"] == "kubeflow.org/v1beta1":  # the same fields
        return {**manifest, "apiVersion": "kubeflow.org/v1alpha2"}
    spec = manifest.get("spec")
    replicas = spec.get("replicaSpecs") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(replicas, list):
        raise MalformedError("a TFJob of v1alpha1 has a list of replicas", "spec.replicaSpecs")
    say("K210", "the replicas stand in a list", "warning", "spec.replicaSpecs")
    roles: dict[str, Any] = {}
    for index, replica in enumerate(replicas):
        path = f"spec.replicaSpecs[{index}]"
        if not isinstance(replica, dict):
            raise MalformedError("a replica spec is an object", path)
        role = _TYPES.get(str(replica.get("tfReplicaType", "MASTER")))
        if role is None or role in roles:
            raise MalformedError("the types MASTER, PS and WORKER stand once each", f"{path}.tfReplicaType")
        if replica.get("tfPort", _PORT) != _PORT:
            say("K202", "tfPort is lost", path=f"{path}.tfPort", hint="name a port of the container tfjob-port")
        roles[role] = {k: v for k, v in replica.items() if k not in ("tfReplicaType", "tfPort")}
    new: dict[str, Any] = {"tfReplicaSpecs": roles}
    if spec.get("cleanupPodPolicy"):
        new["cleanPodPolicy"] = spec["cleanupPodPolicy"]
    for key in spec.keys() - {"replicaSpecs", "cleanupPodPolicy"}:
        if key in ("RuntimeId", "tfImage") or (key == "terminationPolicy" and _usual(spec[key], roles)):
            say("K206", f"{key} says nothing any more", "note", f"spec.{key}")
        else:
            say("K202", f"{key} is lost", path=f"spec.{key}")
    return {**manifest, "apiVersion": "kubeflow.org/v1alpha2", "spec": new}


def _usual(policy: Any, roles: Mapping[str, Any]) -> bool:
    """Whether a termination policy is what later operators do by themselves."""
    usual = "MASTER" if "Master" in roles else "WORKER"
    return bool(policy == {"chief": {"replicaName": usual, "replicaIndex": 0}})
