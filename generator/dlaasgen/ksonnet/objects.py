"""Objects: the Kubernetes objects that components evaluate to, in ks' order. No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.canonical import dump
from dlaasgen.errors import PrototypeError
from dlaasgen.findings import Finding, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What must be there before others can be; kinds that are not here come last, by name.
_ORDER = (
    "Namespace", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "Secret", "ConfigMap", "StorageClass",
    "PersistentVolume", "PersistentVolumeClaim", "ServiceAccount", "CustomResourceDefinition", "ClusterRole",
    "ClusterRoleBinding", "Role", "RoleBinding", "Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet",
    "Deployment", "StatefulSet", "Job", "CronJob", "Ingress", "APIService",
)  # fmt: skip
_RANK = {kind: number for number, kind in enumerate(_ORDER)}
_DEEPEST_LIST = 20


def objects(components: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every object of some evaluated components: Lists and arrays opened, in the order to apply them in.

    Raises PrototypeError for what is no object.
    """
    found: list[dict[str, Any]] = []
    faults: list[Finding] = []
    for name, value in components.items():
        for one in _opened(value, _DEEPEST_LIST):
            if isinstance(one, dict) and all(isinstance(one.get(f), str) for f in ("apiVersion", "kind")):
                found.append(one)
            else:
                message = f"component {name} holds what is no Kubernetes object"
                expected = "an object with apiVersion, kind and metadata, an array of them, or a List"
                faults.append(Finding("A111", message, path=name, found=shown(one), expected=expected))
    if faults:
        raise PrototypeError(faults)
    return sorted(found, key=_key)


def _opened(value: Any, depth: int) -> list[Any]:
    if isinstance(value, dict) and value.get("kind") == "List" and isinstance(value.get("items"), list):
        value = value["items"]
    if isinstance(value, list) and depth:
        return [one for item in value for one in _opened(item, depth - 1)]
    return [value]


def _key(data: Mapping[str, Any]) -> tuple[Any, ...]:
    metadata = data.get("metadata")
    of = metadata if isinstance(metadata, dict) else {}
    kind = data["kind"]
    names = [str(of.get(f) or "") for f in ("name", "generateName")]
    rank = (_RANK.get(kind, len(_RANK)), kind)
    return (str(of.get("namespace") or ""), rank, data["apiVersion"], *names)


def as_yaml(found: Sequence[Mapping[str, Any]]) -> str:
    """A YAML stream, a document an object. Raises PrototypeError for what YAML cannot say."""
    try:
        return "".join("---\n" + dump(data) for data in found)
    except ValueError as error:
        raise PrototypeError([Finding("T109", f"a component cannot be written as YAML: {error}")]) from None


def as_list(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A List, as `ks show --output json` has it."""
    return {"apiVersion": "v1", "kind": "List", "items": list(found)}


def by_namespace(found: Sequence[Mapping[str, Any]], namespace: str) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Runs of objects that go to one namespace, in order; `namespace` is where those go that name none.

    kubectl refuses an object whose namespace is not the one that it was called with.
    """
    runs: list[tuple[str, list[Mapping[str, Any]]]] = []
    for data in found:
        metadata = data.get("metadata")
        own = (metadata.get("namespace") if isinstance(metadata, dict) else None) or namespace
        if runs and runs[-1][0] == own:
            runs[-1][1].append(data)
        else:
            runs.append((str(own), [data]))
    return runs
