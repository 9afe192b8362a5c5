"""Job: a job apart from its dialect: roles, pods, policies. What a conversion goes through. No I/O here.

Sources of the defaults: defaults.go of kubeflow/training-operator v0.3.0 to v1.9.0 and kubeflow/mpi-operator v0.8.0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dlaasgen.dialects import Dialect
    from dlaasgen.findings import Severity


class Role(NamedTuple):
    """Equal pods of a job.

    name      ps, chief, master, worker, evaluator, launcher; a role that nobody knows as it is spelt
    number    how many; None when it is not said
    restart   the restart policy; None when it is not said
    usual     the restart policy of the role in the job's dialect when none is said
    template  the pod template, without a restart policy
    path      where the role stands in the manifest
    """

    name: str
    number: int | None
    restart: str | None
    usual: str
    template: dict[str, Any]
    path: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    dialect   the one that it was written in
    peers     how its pods find each other; None when they are told nothing
    policies  the run policies that are set, by the names that runPolicy gives them
    own       what only its kind has: fields of spec
    """

    dialect: Dialect
    metadata: Any
    roles: tuple[Role, ...]
    peers: str | None
    policies: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)


class Notes:
    """Collects what there is to say of one conversion."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def __call__(
        self, code: str, message: str, severity: Severity = "error", path: str = "", hint: str | None = None
    ) -> None:
        """Add a finding."""
        self.findings.append(Finding(code, message, severity, path=path, hint=hint))


RUN_POLICIES = (
    "cleanPodPolicy",
    "ttlSecondsAfterFinished",
    "activeDeadlineSeconds",
    "backoffLimit",
    "schedulingPolicy",
    "suspend",
    "managedBy",
)
# Beside those that Dialect.policies names.
_MORE_POLICIES = {"job": ("backoffLimit", "managedBy"), "trainjob-v1alpha1": ("activeDeadlineSeconds", "managedBy")}
# The fields of spec, beside replicas and policies, that a dialect shares with no other kind.
OWN: Mapping[str, tuple[str, ...]] = {
    "tfjob-v1": ("successPolicy", "enableDynamicWorker"),
    "pytorchjob-v1": ("nprocPerNode", "elasticPolicy"),
    "mpijob-v1": ("slotsPerWorker", "mainContainer"),
    "mpijob-v2beta1": (
        "slotsPerWorker",
        "runLauncherAsWorker",
        "sshAuthMountPath",
        "launcherCreationPolicy",
        "mpiImplementation",
    ),
}
# Where no other value than this one stands, the field says nothing.
SAYS_NOTHING: Mapping[str, Any] = {
    "successPolicy": "",
    "enableDynamicWorker": False,
    "slotsPerWorker": 1,
    "runLauncherAsWorker": False,
    "sshAuthMountPath": "/root/.ssh",
    "launcherCreationPolicy": "AtStartup",
    "mpiImplementation": "OpenMPI",
    "completionMode": "NonIndexed",
    "suspend": False,
}
PEERS: Mapping[str, str] = {
    "TFJob": "TF_CONFIG",
    "PyTorchJob": "MASTER_ADDR and RANK",
    "MPIJob": "a file of hosts",
    "Job": "JOB_COMPLETION_INDEX",
    "TrainJob": "what its runtime sets",
}
# What a job of one pod calls it.
ALONE: Mapping[str, str] = {"TFJob": "worker", "PyTorchJob": "master", "MPIJob": "launcher"}
RESTARTS = ("Always", "OnFailure", "Never", "ExitCode")
DEFAULT_BACKOFF = 6
"""Of a batch Job."""
_MANAGERS = {
    "job": "kubernetes.io/job-controller",
    "trainjob-v1alpha1": "trainer.kubeflow.org/trainjob-controller",
    "mpijob-v2beta1": "kubeflow.org/mpi-operator",
}


def policies_of(dialect: Dialect) -> tuple[str, ...]:
    """The run policies that jobs of a dialect can have."""
    return dialect.policies + _MORE_POLICIES.get(dialect.name, ())


def manager(dialect: Dialect) -> str:
    """The controller that `managedBy` names when nobody else is to manage the job."""
    return _MANAGERS.get(dialect.name, "kubeflow.org/training-operator")


def default_restart(dialect: Dialect, role: str) -> str:
    """The restart policy of a role's pods when none is set."""
    if dialect.kind in ("PyTorchJob", "TrainJob"):
        return "OnFailure"
    return "OnFailure" if dialect.name == "mpijob-v2beta1" and role == "launcher" else "Never"


def restarts_of(dialect: Dialect) -> tuple[str, ...]:
    """The restart policies that a dialect knows."""
    return RESTARTS[1:3] if dialect.name in ("job", "mpijob-v2beta1") else RESTARTS


def default_clean(dialect: Dialect) -> str:
    """The cleanPodPolicy when none is set: it was Running until the policies moved to runPolicy."""
    return "Running" if dialect.kind == "TFJob" and dialect.run_policy is None else "None"


def default_number(dialect: Dialect, role: str) -> int:
    """The number of a role's pods when none is said."""
    return 0 if dialect.name == "mpijob-v2beta1" and role == "worker" else 1


def pods(dialect: Dialect, roles: Iterable[Role]) -> int:
    """How many pods some roles have, in the dialect that they were written in."""
    return sum(default_number(dialect, r.name) if r.number is None else r.number for r in roles)


def carried(job: Job, to: Dialect) -> frozenset[str]:
    """Which of a job's own fields the dialect `to` has, too."""
    if job.dialect.kind == to.kind:
        return frozenset(OWN.get(to.name, ()))
    both = {job.dialect.kind, to.kind} == {"PyTorchJob", "TrainJob"}
    return frozenset({"nprocPerNode"} if both else ())
