"""The roles of a job in another dialect: how its pods are called there, and find each other. No I/O here."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from dlaasgen.conversion_job import ALONE, PEERS, pods
from dlaasgen.conversion_trainjob import RUNTIME
from dlaasgen.findings import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.conversion_job import Job, Notes, Role
    from dlaasgen.dialects import Dialect
    from dlaasgen.findings import Severity

# What each kind makes of the roles that it knows.
_KNOWN: Mapping[str, Mapping[str, str]] = {
    "TFJob": {r: r for r in ("ps", "chief", "master", "worker", "evaluator")},
    "PyTorchJob": {"master": "master", "chief": "master", "worker": "worker"},
    "MPIJob": {"launcher": "launcher", "worker": "worker"},
    "Job": {"worker": "worker"},
    "TrainJob": {"worker": "worker"},
}


def roles_for(job: Job, to: Dialect, say: Notes) -> tuple[Role, ...]:
    """The roles of a job as the dialect has them, at least one."""
    _peers(job, to, say)
    if job.dialect.kind == to.kind:
        roles = _mapped(job.roles, to, say)
    else:
        roles = _for_kind(job, to, say)
    return tuple(_named(_single(role, to, say), to.container, say) for role in roles)


def _peers(job: Job, to: Dialect, say: Notes) -> None:
    """Tell when pods would not find each other."""
    if pods(job.dialect, job.roles) <= 1 or (severity := _severity(job, to)) is None:
        return
    if job.dialect.kind == to.kind:
        message = f"the launcher of {to.name} reaches its workers in another way"
    else:
        message = f"the pods find each other by {job.peers or 'nothing'}, in {to.name} by {PEERS[to.kind]}"
    say("K204", message, severity, "spec")


def _severity(job: Job, to: Dialect) -> Severity | None:
    """How bad it is that pods are told of each other in another way; None when they are not."""
    old, new = job.dialect.kind, to.kind
    if old == new:
        return "warning" if old == "MPIJob" and job.dialect.name != to.name else None
    if job.peers is None or (old, new) == ("Job", "TrainJob"):  # there they have an index, too
        return "warning"
    if {old, new} == {"PyTorchJob", "TrainJob"}:
        runtime = job.own.get("runtimeRef", {"name": RUNTIME}).get("name")
        return "warning" if str(runtime).startswith("torch") else "error"
    return "error"


def _mapped(roles: Sequence[Role], to: Dialect, say: Notes) -> tuple[Role, ...]:
    """The roles that the kind knows, by its names; the others are told."""
    known, kept = _KNOWN[to.kind], {}
    for role in roles:
        name = known.get(role.name)
        if name is None or name in kept:
            say("K201", f"{to.name} has no role {shown(role.path.rpartition('.')[2])[1:-1]}", path=role.path)
        else:
            kept[name] = role._replace(name=name)
    return tuple(kept.values()) or (roles[0]._replace(name=ALONE.get(to.kind, "worker")),)


def _for_kind(job: Job, to: Dialect, say: Notes) -> tuple[Role, ...]:
    """The roles of a job as another kind has them."""
    roles = job.roles
    empty = [r for r in roles if r.number == 0]
    if empty and len(empty) < len(roles):
        say("K206", "a role without pods is left out", "note", empty[0].path)
        roles = tuple(r for r in roles if r.number != 0)
    alone = ALONE.get(to.kind, "worker")
    if len(roles) == 1 and pods(job.dialect, roles) == 1:
        if roles[0].name != ALONE.get(job.dialect.kind, "worker"):
            say("K206", f"the one pod is the job's {alone}", "note", roles[0].path)
        return (roles[0]._replace(name=alone),)
    if to.replicas is None:
        if job.dialect.kind == "PyTorchJob":
            return (_merged(roles, to, say),)
        return _mapped(roles, to, say)[:1]
    roles = _mapped(roles, to, say)
    if to.kind == "MPIJob":
        say("K201", "an MPIJob needs a launcher, which starts what the workers run", path=roles[0].path)
    elif to.kind == "PyTorchJob" and all(r.name == "worker" for r in roles):
        return _split(roles[0])
    return roles


def _merged(roles: tuple[Role, ...], to: Dialect, say: Notes) -> Role:
    """A PyTorchJob's master and workers as equal pods."""
    last = roles[-1]
    for role in roles[:-1]:
        if role.template != last.template or role.restart != last.restart:
            say("K205", f"the pods of {to.name} are equal, these are not", path=role.path)
    return last._replace(name="worker", number=sum(1 if r.number is None else r.number for r in roles))


def _split(worker: Role) -> tuple[Role, ...]:
    """Equal pods as a PyTorchJob has them: the first one is the master."""
    many = worker.number or 1
    master = worker._replace(name="master", number=1, template=deepcopy(worker.template))
    return (master, worker._replace(number=many - 1))


def _single(role: Role, to: Dialect, say: Notes) -> Role:
    """A master or launcher, of which there is one."""
    if role.name != {"PyTorchJob": "master", "MPIJob": "launcher"}.get(to.kind) or role.number in (None, 1):
        return role
    say("K201", f"{to.name} has one {role.name}, not {role.number}", path=role.path)
    return role._replace(number=1)


def _named(role: Role, wanted: str | None, say: Notes) -> Role:
    """The role with the name that the operator wants on its container."""
    pod: dict[str, Any] = role.template["spec"]
    containers = pod["containers"]
    if wanted is None or any(c.get("name") == wanted for c in containers):
        return role
    first = containers[0]
    alone = len(containers) == 1
    path = f"{role.path}.template.spec.containers[0].name"
    message = f"the container {shown(first.get('name'))[1:-1]} is called {wanted}"
    say("K206", message if alone else f"{message}: the first of several", "note" if alone else "warning", path)
    renamed = [{**first, "name": wanted}, *containers[1:]]
    return role._replace(template={**role.template, "spec": {**pod, "containers": renamed}})
