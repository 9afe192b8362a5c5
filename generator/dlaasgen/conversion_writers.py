"""From a Job to a manifest of each kind. What the kind cannot say is told. No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.conversion_job import (
    DEFAULT_BACKOFF,
    SAYS_NOTHING,
    carried,
    default_clean,
    default_number,
    default_restart,
    manager,
    policies_of,
    restarts_of,
)
from dlaasgen.conversion_roles import roles_for
from dlaasgen.conversion_trainjob import write_trainjob
from dlaasgen.dialects_faults import joined
from dlaasgen.findings import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.conversion_job import Job, Notes, Role
    from dlaasgen.dialects import Dialect
    from dlaasgen.findings import Severity

# What concerns only what is left of a finished job.
_AFTERWARDS = ("cleanPodPolicy", "ttlSecondsAfterFinished")
_SPELT = {"ps": "PS"}


def write(job: Job, to: Dialect, say: Notes) -> dict[str, Any]:
    """The manifest of a job in the dialect `to`."""
    roles = roles_for(job, to, say)
    policies = _policies(job, roles, to, say)
    _own(job, to, say)
    if to.kind == "TrainJob":
        spec = write_trainjob(job, roles[0], policies, say)
    elif to.replicas is None:
        spec = _batch(job, roles[0], policies, to, say)
    else:
        spec = {to.run_policy: policies} if to.run_policy and policies else {} if to.run_policy else dict(policies)
        both = carried(job, to)
        spec |= {k: v for k, v in job.own.items() if k in both}
        if to.kind == "PyTorchJob" and "nprocPerNode" in spec:
            spec["nprocPerNode"] = str(spec["nprocPerNode"])
        spec[to.replicas] = {_SPELT.get(r.name, r.name.title()): _replica(job, r, to, say) for r in roles}
    return {"apiVersion": to.api_version, "kind": to.kind, "metadata": job.metadata, "spec": spec}


def _replica(job: Job, role: Role, to: Dialect, say: Notes) -> dict[str, Any]:
    replica: dict[str, Any] = {}
    many = role.number
    if many is None and default_number(to, role.name) != (usual := default_number(job.dialect, role.name)):
        say("K206", f"replicas: {usual} is written out", "note", role.path)
        many = usual
    if many is None and to.kind == "PyTorchJob" and role.name == "master":
        many = 1  # its operator does not take it for granted
    if many is not None:
        replica["replicas"] = many
    restart = _restart(role, to, say)
    if restart is not None:
        replica["restartPolicy"] = restart
    replica["template"] = role.template
    return replica


def _restart(role: Role, to: Dialect, say: Notes) -> str | None:
    """The restart policy to write; None when it need not be said."""
    path = f"{role.path}.restartPolicy"
    if role.restart is None:
        if to.kind != "Job" and default_restart(to, role.name) == role.usual:
            return None
        say("K206", f"restartPolicy: {role.usual} is written out", "note", path)
    wanted = role.restart or role.usual
    if wanted in restarts_of(to):
        return wanted
    found = shown(wanted)[1:-1]
    say("K203", f"{to.name} does not know the restartPolicy {found}", path=path, hint="it is OnFailure")
    return "OnFailure"


def _batch(job: Job, role: Role, policies: dict[str, Any], to: Dialect, say: Notes) -> dict[str, Any]:
    """The spec of a batch Job: of several pods, an Indexed one."""
    spec = dict(policies)
    if role.number is not None:
        spec |= {"parallelism": role.number, "completions": role.number}
        if role.number > 1 and job.peers is not None:
            spec["completionMode"] = "Indexed"
    template = role.template
    restart = _restart(role, to, say)
    spec["template"] = {**template, "spec": {"restartPolicy": restart, **template["spec"]}}
    return spec


def _policies(job: Job, roles: Sequence[Role], to: Dialect, say: Notes) -> dict[str, Any]:
    """The run policies in the new dialect."""
    found = dict(job.policies)
    never = all((r.restart or r.usual) == "Never" for r in roles)
    if job.dialect.kind != to.kind:
        _retries(job, to, found, say, never=never)
    known = policies_of(to)
    if "cleanPodPolicy" in known and "cleanPodPolicy" not in found and _must_say(job.dialect, to, found):
        found["cleanPodPolicy"] = default_clean(job.dialect)
        say("K206", f"cleanPodPolicy {found['cleanPodPolicy']} is written out", "note", job.dialect.policy_path)
    _manager(job, to, found, say)
    for name in [n for n in found if n not in known]:
        _lost(job, name, found.pop(name), to, say, never=never)
    return found


def _manager(job: Job, to: Dialect, found: dict[str, Any], say: Notes) -> None:
    """Leave out `managedBy` where it names the kinds' own controllers, which differ."""
    old, new, value = manager(job.dialect), manager(to), found.get("managedBy")
    path = f"{job.dialect.policy_path}.managedBy"
    if value == old and (old != new or "managedBy" not in policies_of(to)):
        say("K206", "managedBy names the job's own controller: it is left out", "note", path)
        del found["managedBy"]
    elif value == new != old:
        say("K202", f"managedBy would name the own controller of {to.name}: it is left out", path=path)
        del found["managedBy"]


def _must_say(old: Dialect, to: Dialect, found: Mapping[str, Any]) -> bool:
    """Whether cleanPodPolicy has to be written out: the defaults differ, or nothing else tells tfjob-v1-flat apart."""
    bare = to.name == "tfjob-v1-flat" and found.keys().isdisjoint(to.policies)
    return default_clean(old) != default_clean(to) or (bare and old.name != to.name)


def _lost(job: Job, name: str, value: Any, to: Dialect, say: Notes, *, never: bool) -> None:
    """A run policy that the dialect does not have."""
    path = f"{job.dialect.policy_path}.{name}"
    implied = (
        (name == "suspend" and value is False)
        or (name == "backoffLimit" and never and to.kind != "TrainJob" and (value == 0 or job.dialect.kind != "Job"))
        or (name == "cleanPodPolicy" and (value == "None" or (value == "Running" and len(job.roles) == 1)))
    )
    if implied:
        say("K206", f"{to.name} does not say {name}, and does it", "note", path)
    else:
        say("K202", f"{to.name} has no {name}", "warning" if name in _AFTERWARDS else "error", path)


def _retries(job: Job, to: Dialect, found: dict[str, Any], say: Notes, *, never: bool) -> None:
    """Adjust backoffLimit between batch Jobs, which retry by themselves, and the others."""
    path = f"{job.dialect.policy_path}.backoffLimit"
    if job.dialect.kind == "Job":
        if never and found.get("backoffLimit", DEFAULT_BACKOFF) != 0:
            say("K203", f"a Job replaces failed pods, a {to.kind} does not", "warning", path, "set backoffLimit: 0")
        elif not never and "backoffLimit" not in found:
            found["backoffLimit"] = DEFAULT_BACKOFF
            say("K206", f"backoffLimit {DEFAULT_BACKOFF} is written out", "note", path)
    elif to.kind == "Job":
        if never and found.get("backoffLimit") != 0:
            found["backoffLimit"] = 0
            say("K206", "backoffLimit 0 is written out: with Never nothing is retried", "note", path)
        elif not never and "backoffLimit" not in found:
            message = f"a Job restarts pods {DEFAULT_BACKOFF} times, a {job.dialect.kind} without end"
            say("K203", message, "warning", path, "set backoffLimit")


def _own(job: Job, to: Dialect, say: Notes) -> None:
    """Tell what only the job's own kind has, and the new dialect does not."""
    if job.dialect.name == to.name:
        return
    known = carried(job, to)
    for name, value in job.own.items():
        if name in known or name == "runtimeRef":
            continue
        path = joined("spec", str(name))
        if job.dialect.kind == "TrainJob" and name == "nprocPerNode":
            path = "spec.trainer.numProcPerNode"
        if name in SAYS_NOTHING and value == SAYS_NOTHING[name]:
            say("K206", f"{shown(name)[1:-1]} says nothing here: it is left out", "note", path)
        elif name == "completionMode":
            say("K206", "completionMode says nothing of one pod", "note", path)
        else:  # without a successPolicy the job ends with its first worker: some of a log can be lost, no job
            severity: Severity = "warning" if name == "successPolicy" else "error"
            say("K202", f"{to.name} has no {shown(name)[1:-1]}", severity, path)
