"""What a TrainJob says of its runtime's pods, in the three shapes that Kubeflow Trainer has had. No I/O here.

2.0 has podSpecOverrides, 2.1 podTemplateOverrides, 2.2 and later runtimePatches. Its runtimes call the job of the
pods, and their container, `node`. Source: pkg/apis/trainer/v1alpha1 of kubeflow/trainer v2.0.0 to v2.3.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.conversion_shapes import as_list, as_object
from dlaasgen.dialects_faults import joined
from dlaasgen.findings import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dlaasgen.conversion_job import Notes

NODE = "node"
FIELDS = ("podSpecOverrides", "podTemplateOverrides", "runtimePatches")
# What can be patched: of a pod, of its container, of its metadata.
POD = (
    "serviceAccountName",
    "nodeSelector",
    "affinity",
    "tolerations",
    "volumes",
    "imagePullSecrets",
    "schedulingGates",
    "securityContext",
    "terminationGracePeriodSeconds",
)
BOX = ("volumeMounts", "securityContext")
MARKS = ("labels", "annotations")


def patch(metadata: Mapping[str, Any], pod: Mapping[str, Any], box: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The runtimePatches that give the node's pods these fields."""
    inside = {**pod, **({"containers": [{"name": NODE, **box}]} if box else {})}
    template = {**({"metadata": metadata} if metadata else {}), **({"spec": inside} if inside else {})}
    if not template:
        return []
    jobs = [{"name": NODE, "template": {"spec": {"template": template}}}]
    return [{"manager": "dlaasgen", "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": jobs}}}}]


def patched(spec: Mapping[str, Any], say: Notes) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(metadata, fields of the pod, those of its container) that a TrainJob gives its node. Raises MalformedError."""
    metadata = {f: spec[f] for f in MARKS if f in spec}
    for field in metadata:
        say("K206", f"{field} go to the pods, too", "note", f"spec.{field}")
    pod: dict[str, Any] = {}
    box: dict[str, Any] = {}
    found = [*_overrides(spec, say), *_templates(spec, say), *_patches(spec, say)]
    for path, _, _ in found[1:]:
        say("K207", "a second patch of the pods is lost", path=path)
    for path, marks, inside in found[:1]:
        metadata |= _only(marks, MARKS, f"{path}.metadata", say)
        pod |= {k: v for k, v in _only(inside, (*POD, "containers"), path, say).items() if k in POD}
        where = f"{path}.containers"
        for one in as_list(inside.get("containers", []), where):
            if as_object(one, where).get("name") == NODE:
                box |= {k: v for k, v in _only(one, (*BOX, "name"), where, say).items() if k in BOX}
            else:
                say("K207", "the patch of another container is lost", path=where)
    return metadata, pod, box


_Patch = tuple[str, Any, Any]


def _overrides(spec: Mapping[str, Any], say: Notes) -> Iterator[_Patch]:
    for path, override in _of_the_node(spec, "podSpecOverrides", say):
        yield path, {}, {k: v for k, v in override.items() if k != "targetJobs"}


def _templates(spec: Mapping[str, Any], say: Notes) -> Iterator[_Patch]:
    for path, override in _of_the_node(spec, "podTemplateOverrides", say):
        inside = _only(override, ("targetJobs", "metadata", "spec"), path, say)
        yield path, inside.get("metadata", {}), as_object(inside.get("spec", {}), f"{path}.spec")


def _of_the_node(spec: Mapping[str, Any], field: str, say: Notes) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, one in enumerate(as_list(spec.get(field, []), f"spec.{field}")):
        path = f"spec.{field}[{index}]"
        if as_object(one, path).get("targetJobs") == [{"name": NODE}]:
            yield path, one
        else:
            say("K207", "an override of other pods than the node's is lost", path=path)


def _patches(spec: Mapping[str, Any], say: Notes) -> Iterator[_Patch]:
    for index, one in enumerate(as_list(spec.get("runtimePatches", []), "spec.runtimePatches")):
        path = f"spec.runtimePatches[{index}]"
        runtime = _only(one, ("manager", "time", "trainingRuntimeSpec"), path, say).get("trainingRuntimeSpec", {})
        inside = _down(runtime, ("template", "spec", "replicatedJobs"), path, say, [])
        for job in as_list(inside, path):
            if as_object(job, path).get("name") != NODE:
                say("K207", "a patch of other pods than the node's is lost", path=path)
                continue
            _only(job, ("name", "template"), path, say)
            template = _down(job.get("template", {}), ("spec", "template"), path, say, {})
            both = _only(template, ("metadata", "spec"), path, say)
            yield path, both.get("metadata", {}), as_object(both.get("spec", {}), path)


def _down(value: Any, steps: Sequence[str], path: str, say: Notes, default: Any) -> Any:
    """What stands at the end of some steps, beside which nothing should stand."""
    for step in steps:
        value = _only(value, (step,), path, say).get(step)
        if value is None:
            return default
    return value


def _only(value: Any, known: Sequence[str], path: str, say: Notes) -> dict[str, Any]:
    """An object; what it has beside the known fields is told. Raises MalformedError."""
    found = as_object(value, path)
    for key in found.keys() - {*known}:
        say("K207", f"{shown(key)[1:-1]} of a patch is lost", path=joined(path, str(key)))
    return found
