"""From a manifest of each kind to a Job. Moves old spellings to their place on the way. No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.conversion_job import OWN, PEERS, RUN_POLICIES, Job, Role, default_restart, policies_of
from dlaasgen.conversion_shapes import MalformedError, as_object, count, pod_template, text, without_restart
from dlaasgen.conversion_trainjob import read_trainjob
from dlaasgen.dialects_faults import joined
from dlaasgen.findings import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen.conversion_job import Notes
    from dlaasgen.dialects import Dialect

_REPLICA = frozenset({"replicas", "restartPolicy", "template", "tfReplicaType"})
_JOB = frozenset({"parallelism", "completions", "completionMode", "template"})


def read(manifest: Mapping[str, Any], dialect: Dialect, say: Notes) -> Job:
    """A manifest of the dialect as a Job. Raises MalformedError."""
    spec = as_object(manifest.get("spec"), "spec")
    for key in manifest.keys() - {"apiVersion", "kind", "metadata", "spec"}:
        say("K206", f"{shown(key)[1:-1]} is left out", "note", joined("", str(key)))
    metadata = manifest.get("metadata")
    if dialect.kind == "TrainJob":
        return read_trainjob(metadata, spec, dialect, say)
    if dialect.replicas is None:
        return _batch(metadata, spec, dialect, say)
    policies = _run_policies(spec, dialect, say)
    roles = _roles(as_object(spec.get(dialect.replicas), f"spec.{dialect.replicas}"), dialect, say)
    known = {dialect.replicas, dialect.run_policy, *RUN_POLICIES}
    own = {k: v for k, v in spec.items() if k not in known}
    for key in own.keys() - OWN.get(dialect.name, ()):
        say("K202", f"{dialect.name} has no {shown(key)[1:-1]}", path=joined("spec", str(key)))
        del own[key]
    return Job(dialect, metadata, roles, PEERS[dialect.kind], policies, own)


def _run_policies(spec: dict[str, Any], dialect: Dialect, say: Notes) -> dict[str, Any]:
    """The run policies, wherever they stand: what stands in the right place counts."""
    place = dialect.policy_path
    inside = as_object(spec.get(dialect.run_policy, {}), place) if dialect.run_policy else spec
    found = {}
    for name in RUN_POLICIES:
        if name in inside:
            found[name] = inside[name]
            if name not in dialect.policies:
                say("K210", f"{dialect.name} has no {name} yet", "warning", f"{place}.{name}")
        if dialect.run_policy and name in spec:
            say("K210", f"{name} belongs into {dialect.run_policy}", "warning", f"spec.{name}")
            found.setdefault(name, spec[name])
    if dialect.run_policy:
        for key in inside.keys() - set(RUN_POLICIES):
            say("K202", f"{dialect.name} has no {shown(key)[1:-1]}", path=joined(place, str(key)))
    return found


def _roles(replicas: dict[str, Any], dialect: Dialect, say: Notes) -> tuple[Role, ...]:
    found: dict[str, Role] = {}
    for name, value in replicas.items():
        path = joined(f"spec.{dialect.replicas}", str(name))
        replica = as_object(value, path)
        right = next((r for r in dialect.roles if r.lower() == str(name).lower()), str(name))
        if right != name:
            say("K210", f"the role is spelt {shown(name)[1:-1]}", "warning", path, f"it is {right}")
        if right in found:
            message = f"the role {right} stands twice"
            raise MalformedError(message, path)
        if "tfReplicaType" in replica:
            say("K210", "tfReplicaType is left out", "warning", f"{path}.tfReplicaType", f"the role is {right}")
        for key in replica.keys() - _REPLICA:
            say("K202", f"a replica spec has no {shown(key)[1:-1]}", path=joined(path, str(key)))
        template = pod_template(replica.get("template"), f"{path}.template")
        restart, template = _restart(replica, template, path, say)
        neutral = right.lower() if right in dialect.roles else right
        number = count(replica.get("replicas"), f"{path}.replicas")
        found[right] = Role(neutral, number, restart, default_restart(dialect, neutral), template, path)
    if not found:
        message = f"spec.{dialect.replicas} names no role"
        raise MalformedError(message, f"spec.{dialect.replicas}")
    return tuple(found.values())


def _restart(
    replica: dict[str, Any], template: dict[str, Any], path: str, say: Notes
) -> tuple[str | None, dict[str, Any]]:
    """(the role's restart policy, its template without one)."""
    restart = replica.get("restartPolicy")
    in_pod = template["spec"].get("restartPolicy")
    if "restartPolicy" in template["spec"]:
        say(
            "K210",
            "restartPolicy stands in the pod",
            "warning",
            f"{path}.template.spec.restartPolicy",
            "it is moved up",
        )
        template = without_restart(template)
    return text(restart if restart is not None else in_pod, f"{path}.restartPolicy"), template


def _batch(metadata: Any, spec: dict[str, Any], dialect: Dialect, say: Notes) -> Job:
    """A batch Job."""
    template = pod_template(spec.get("template"), "spec.template")
    restart = text(template["spec"].get("restartPolicy"), "spec.template.spec.restartPolicy")
    policies = {k: spec[k] for k in policies_of(dialect) if k in spec}
    own = {k: v for k, v in spec.items() if k not in _JOB and k not in policies}
    indexed = spec.get("completionMode") == "Indexed"
    many = _count(spec, say)
    if "completionMode" in spec and not (indexed and (many or 1) > 1):
        own["completionMode"] = spec["completionMode"]
    role = Role("worker", many, restart, "OnFailure", without_restart(template), "spec")
    return Job(dialect, metadata, (role,), PEERS["Job"] if indexed else None, policies, own)


def _count(spec: dict[str, Any], say: Notes) -> int | None:
    """How many pods a batch Job runs at the same time, each to its end."""
    at_once = count(spec.get("parallelism"), "spec.parallelism")
    in_all = count(spec.get("completions"), "spec.completions")
    if at_once == in_all:
        return at_once
    if {at_once, in_all} == {None, 1}:
        say("K206", "parallelism and completions are both 1", "note", "spec")
        return 1
    message = f"the pods share out work: parallelism {at_once}, completions {in_all}"
    say("K202", message, path="spec.parallelism", hint="only a Job of equal numbers runs all its pods at the same time")
    return at_once or in_all or 1
