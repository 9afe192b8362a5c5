"""TrainJob: its pods come from a runtime, so what it says of them stands elsewhere. No I/O here.

Source: pkg/apis/trainer/v1alpha1 of kubeflow/trainer v2.0.0 to v2.3.0. What is written is of v2.2 and later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.conversion_job import PEERS, Job, Role, default_restart, policies_of
from dlaasgen.conversion_patches import BOX, FIELDS, MARKS, NODE, POD, patch, patched
from dlaasgen.conversion_shapes import as_object, count
from dlaasgen.dialects_faults import joined
from dlaasgen.findings import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.conversion_job import Notes
    from dlaasgen.dialects import Dialect

RUNTIME = "torch-distributed"
# A container's field -> the trainer's.
_CONTAINER = {"image": "image", "command": "command", "args": "args", "env": "env", "resources": "resourcesPerNode"}
_READ = frozenset({"runtimeRef", "trainer", *MARKS, *FIELDS})


def read_trainjob(metadata: Any, spec: dict[str, Any], dialect: Dialect, say: Notes) -> Job:
    """A TrainJob as a Job whose pods have what the file says of them. Raises MalformedError."""
    runtime = as_object(spec.get("runtimeRef"), "spec.runtimeRef").get("name")
    trainer = as_object(spec.get("trainer", {}), "spec.trainer")
    container = {mine: trainer[theirs] for mine, theirs in _CONTAINER.items() if theirs in trainer}
    told = f"what the runtime {shown(runtime)[1:-1]} gives to the pods is not in the file"
    say("K208", told, "warning", "spec.runtimeRef")
    if "image" not in container:
        say("K208", "there is no image: the runtime names it", path="spec.trainer")
    marks, pod, box = patched(spec, say)
    template: dict[str, Any] = {"spec": {**pod, "containers": [{"name": NODE, **container, **box}]}}
    if marks:
        template["metadata"] = marks
    policies = {k: spec[k] for k in policies_of(dialect) if k in spec}
    own = {k: v for k, v in spec.items() if k not in _READ and k not in policies}
    own["runtimeRef"] = spec["runtimeRef"]
    if "numProcPerNode" in trainer:
        own["nprocPerNode"] = trainer["numProcPerNode"]
    for key in trainer.keys() - {*_CONTAINER.values(), "numNodes", "numProcPerNode"}:
        say("K202", f"a trainer has no {shown(key)[1:-1]}", path=joined("spec.trainer", str(key)))
    many = count(trainer.get("numNodes"), "spec.trainer.numNodes")
    role = Role("worker", many, None, default_restart(dialect, "worker"), template, "spec.trainer")
    return Job(dialect, metadata, (role,), PEERS["TrainJob"], policies, own)


def write_trainjob(job: Job, role: Role, policies: Mapping[str, Any], say: Notes) -> dict[str, Any]:
    """The spec of a TrainJob."""
    containers = role.template["spec"]["containers"]
    wanted = (job.dialect.container, NODE)
    main = next((c for c in containers if c.get("name") in wanted), containers[0])
    _tell(role, main, wanted, say, limited="activeDeadlineSeconds" in policies)
    trainer = {theirs: main[mine] for mine, theirs in _CONTAINER.items() if mine in main}
    if role.number is not None:
        trainer["numNodes"] = role.number
    if "nprocPerNode" in job.own:
        given = job.own["nprocPerNode"]
        trainer["numProcPerNode"] = int(given) if _is_number(given) else given
    message = f"the job is to use the runtime {RUNTIME}"
    say("K208", message, "warning", hint="name another one if its pods need what only that has")
    pod = {k: v for k, v in role.template["spec"].items() if k in POD}
    patches = patch(_marks(role, say), pod, {k: v for k, v in main.items() if k in BOX})
    spec = {"runtimeRef": {"name": RUNTIME}, "trainer": trainer, **policies}
    return {**spec, "runtimePatches": patches} if patches else spec


def _tell(role: Role, main: Mapping[str, Any], wanted: Sequence[str | None], say: Notes, *, limited: bool) -> None:
    """Tell what a TrainJob cannot say of its pods. `limited`: the job itself has a deadline."""
    pod, path = role.template["spec"], f"{role.path}.template.spec"
    containers = pod["containers"]
    if len(containers) > 1:
        say("K207", "the other containers are lost", path=f"{path}.containers")
    if main.get("name") not in wanted:
        say("K206", f"the container {shown(main.get('name'))[1:-1]} is the node's", "note", f"{path}.containers")
    for key in main.keys() - {*_CONTAINER, *BOX, "name"}:
        _runtime(key, joined(f"{path}.containers[{containers.index(main)}]", str(key)), say)
    for key in pod.keys() - {*POD, "containers"}:
        if key == "initContainers":
            say("K207", "the containers that start before are lost", path=f"{path}.{key}")
        elif key == "activeDeadlineSeconds" and limited:
            say("K206", "the job's deadline ends its pods: theirs is left out", "note", f"{path}.{key}")
        else:
            _runtime(key, joined(path, str(key)), say)
    if role.restart is not None:
        _runtime("restartPolicy", f"{role.path}.restartPolicy", say)


def _is_number(text: Any) -> bool:
    return isinstance(text, str) and text.isascii() and text.isdecimal()


def _marks(role: Role, say: Notes) -> dict[str, Any]:
    """Labels and annotations of the pods."""
    metadata = role.template.get("metadata")
    if metadata.__class__ is not dict:
        return {}
    path = f"{role.path}.template.metadata"
    for key in metadata.keys() - {*MARKS, "creationTimestamp"}:
        _runtime(key, joined(path, str(key)), say)
    return {f: metadata[f] for f in MARKS if f in metadata}


def _runtime(key: str, path: str, say: Notes) -> None:
    hint = "put it into the runtime"
    say("K207", f"a TrainJob cannot say {shown(key)[1:-1]} of its pods", "warning", path, hint)
