"""Policies on a job's roles and their pods (P105 to P113). No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.findings import nearest, shown
from dlaasgen.policies_names import refused
from dlaasgen.policies_subject import Policy

if TYPE_CHECKING:
    from dlaasgen.dialects import Dialect
    from dlaasgen.findings import Severity
    from dlaasgen.policies_subject import Pod, Report, Subject

POLICIES = (
    Policy(
        "P105",
        "error",
        "pod name over 63 characters",
        "Pods and their services are named <job>-<role>-<index>, in lower case, and a service's name has at most 63 "
        "characters. The operator accepts such a job and then cannot start it. The pods of an Indexed Job are "
        "<job>-<index>, and the API server refuses the job.",
        "shorten the job's name: the matrix's name and the id template make it",
    ),
    Policy(
        "P108",
        "error",
        "no container has the name that the operator demands",
        "The operator of TFJobs sets up the container called tensorflow (that of PyTorchJobs the one called pytorch): "
        "its port and TF_CONFIG. It refuses a job, or leaves its pods without a cluster, when there is none.",
        "rename the container",
    ),
    Policy(
        "P109",
        "error",
        "unknown role",
        "The operator knows the roles PS, Worker, Chief, Master and Evaluator of a TFJob, Master and Worker of a "
        "PyTorchJob, Launcher and Worker of an MPIJob. It refuses others, or never starts them.",
        "use a role that the operator knows",
    ),
    Policy(
        "P110",
        "warning",
        "role in another spelling",
        "Old prototypes say Ps. Operators have taken any case, but the API's own spelling is PS, and what looks up the "
        "role (selectors, patches, later versions) may not find another.",
        "use the API's spelling",
    ),
    Policy(
        "P111",
        "warning",
        "left-over tfReplicaType",
        "tfReplicaType belongs to v1alpha1 of the TFJob, where replicas were a list. Since then the key in "
        "tfReplicaSpecs is the role. Servers ignored the field for years; tfjob-v1 is validated strictly, so there it "
        "is an error.",
        "remove it",
    ),
    Policy(
        "P112",
        "warning",
        "restartPolicy in the pod instead of the replica",
        "The operator overwrites the pod's restartPolicy with the replica's, which is Never when it is not set: what "
        "stands in the pod has no effect.",
        "move it up, beside replicas and template",
    ),
    Policy(
        "P113",
        "error",
        "job without workers",
        "No pod of the job trains: replicas is 0 for all of Worker, Chief and Master, or there is no such role. The "
        "operator has nothing to wait for: such a job ends at once, or never. An MPIJob without workers is a warning, "
        "since its launcher may work itself.",
        "set replicas of Worker",
    ),
)

# The roles that stand beside those that train.
_BESIDE = ("ps", "evaluator", "launcher")

_LONGEST_POD = 63


def check_pods(subject: Subject, say: Report) -> None:
    """P101 of containers, P105 and P108 to P113."""
    for pod in subject.pods:
        for index, container in enumerate(pod.containers):
            name = container.get("name")
            if name.__class__ is str and (rule := refused(name, "label")) is not None:
                say(
                    "P101",
                    "a container's name is no name for Kubernetes",
                    f"{pod.at(index)}.name",
                    found=shown(name),
                    expected=rule,
                )
    if subject.dialect is not None:
        _workers(subject, subject.dialect, say)
    if subject.dialect is not None and subject.dialect.replicas is not None:
        _roles(subject, subject.dialect, say)
    elif subject.kind == "Job" and subject.spec.get("completionMode") == "Indexed":
        count = subject.spec.get("completions")
        if count.__class__ is int and count > 0:
            _pod_name(f"{subject.name}-{count - 1}", say)


def _workers(subject: Subject, dialect: Dialect, say: Report) -> None:
    """P113. What has an unknown role may be a worker misspelt, and a job without any pods is the schema's to refuse."""
    if any(pod.number and (pod.role or "worker").lower() not in _BESIDE for pod in subject.pods) or not subject.pods:
        return
    first = next((pod for pod in subject.pods if pod.role is None or pod.role.lower() not in _BESIDE), None)
    if dialect.replicas is None:
        path = "spec.parallelism" if dialect.kind == "Job" else "spec.trainer.numNodes"
    elif first is None:
        path = f"spec.{dialect.replicas}"
    else:
        path = f"{first.path.removesuffix('.template')}.replicas"
    severity: Severity | None = "warning" if dialect.kind == "MPIJob" else None
    found = ", ".join(f"{pod.number} {shown(pod.role)[1:-1]}" for pod in subject.pods if pod.role is not None)
    hint = f"set {path.rpartition('.')[2]}" if dialect.replicas is None else None
    say("P113", "the job has no workers", path, found=found or "0 pods", hint=hint, severity=severity)


def _roles(subject: Subject, dialect: Dialect, say: Report) -> None:
    for pod in subject.pods:
        role = shown(pod.role)[1:-1]
        place = pod.path.removesuffix(".template")
        if pod.role not in dialect.roles:
            _spelling(role, dialect.roles, place, say)
        replica = pod.replica
        if "tfReplicaType" in replica:
            severity: Severity = "error" if dialect.name == "tfjob-v1" else "warning"
            path = f"{place}.tfReplicaType"
            say("P111", f"the role {role} has a left-over tfReplicaType", path, severity=severity)
        if "restartPolicy" in pod.spec:
            found = shown(pod.spec["restartPolicy"])
            say(
                "P112",
                "restartPolicy stands in the pod",
                f"{pod.inside}.restartPolicy",
                found=found,
                expected=f"{place}.restartPolicy",
            )
        if subject.name and pod.number:
            _pod_name(f"{subject.name}-{role.lower()}-{pod.number - 1}", say)
        if dialect.container is not None and not any(c.get("name") == dialect.container for c in pod.containers):
            _container(pod, dialect.container, say)


def _spelling(role: str, roles: tuple[str, ...], path: str, say: Report) -> None:
    right = next((r for r in roles if r.lower() == role.lower()), None)
    if right is not None:
        say("P110", f"the role is spelt {role}", path, expected=right, hint=f"write {right}")
        return
    near = nearest(role, roles)
    hint = f"did you mean {near}?" if near else None
    say("P109", f"there is no role {shown(role)[1:-1]}", path, expected=", ".join(roles), hint=hint)


def _pod_name(name: str, say: Report) -> None:
    if len(name) > _LONGEST_POD:
        say("P105", f"the pod {name} has a name of {len(name)} characters", "metadata.name", expected="at most 63")


def _container(pod: Pod, wanted: str, say: Report) -> None:
    names = [str(c.get("name")) for c in pod.containers if "name" in c]
    message = f"no container of {shown(pod.role)[1:-1]} is called {wanted}"
    say(
        "P108",
        message,
        f"{pod.inside}.containers",
        found=shown(", ".join(names))[1:-1] if names else None,
        expected=wanted,
    )
