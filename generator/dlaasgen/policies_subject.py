"""What policies look at: one manifest, taken apart once. No I/O here.

A policy never trips over a manifest of a wrong shape: what is not of the right type is left out here, and the schema
of the manifest's kind says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from dlaasgen.dialects import detect
from dlaasgen.dialects_faults import joined
from dlaasgen.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen.dialects import Dialect
    from dlaasgen.flags import Facts
    from dlaasgen.matrix import Cluster, Waiver

_NONE: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Context:
    """What a manifest is checked for: the matrix's dialect, cluster, waivers, GitOps settings, Kubernetes version.

    `facts` is what is known of the benchmark; without it command lines are not checked.
    """

    dialect: str | None = None
    cluster: Cluster | None = None
    waivers: tuple[Waiver, ...] = ()
    gitops: Mapping[str, Any] = field(default_factory=dict)
    kubernetes: str | None = None
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule. `severity` is the usual one: a finding may be milder or graver where its explanation says so."""

    code: str
    severity: Severity
    title: str
    explanation: str
    hint: str


class Pod(NamedTuple):
    """The pods of one role.

    role        as the manifest spells it; None when the job has no roles
    number      how many pods there are; 1 when it is not said
    replica     the replica spec; empty when the job has no roles
    path        where the pod template stands
    template    the pod template
    spec        its spec
    containers  its containers, without those that start before them
    """

    role: str | None
    number: int
    replica: dict[str, Any]
    path: str
    template: dict[str, Any]
    spec: dict[str, Any]
    containers: list[dict[str, Any]]

    def at(self, index: int, *, initial: bool = False) -> str:
        """Where a container stands."""
        if self.path == TRAINER:
            return TRAINER
        return f"{self.inside}.{'initContainers' if initial else 'containers'}[{index}]"

    @property
    def inside(self) -> str:
        """Where the pod's spec stands."""
        return f"{self.path}.spec" if self.path else "spec"

    def word(self, index: int, number: int) -> str:
        """Where a word of a container's command and arguments stands."""
        length = len(as_list(self.containers[index].get("command")))
        part, offset = ("command", number) if number < length else ("args", number - length)
        return f"{self.at(index)}.{part}[{offset}]"


class Subject(NamedTuple):
    """A manifest, taken apart.

    group     of its apiVersion; "" for Kubernetes' core
    dialect   None when it is no job that dlaasgen knows
    policies  the run policies
    """

    manifest: Mapping[str, Any]
    kind: str
    group: str
    dialect: Dialect | None
    metadata: dict[str, Any]
    name: str
    spec: dict[str, Any]
    policies: dict[str, Any]
    pods: tuple[Pod, ...]

    @property
    def size(self) -> int:
        """How many pods the job has."""
        return sum(p.number for p in self.pods)

    def pods_of(self, role: str) -> int:
        """How many pods the job has in a role, however it is spelt."""
        return sum(p.number for p in self.pods if p.role is not None and p.role.lower() == role.lower())


class Report:
    """Collects the findings of one manifest."""

    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self.findings: list[Finding] = []
        self._policies = policies

    def __call__(
        self,
        code: str,
        message: str,
        path: str = "",
        *,
        found: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
        severity: Severity | None = None,
    ) -> None:
        """Add a finding; severity and hint are the policy's unless they are given."""
        policy = self._policies[code]
        self.findings.append(
            Finding(
                code,
                message,
                severity or policy.severity,
                path=path,
                found=found,
                expected=expected,
                hint=policy.hint if hint is None else hint,
            )
        )


def as_dict(value: Any) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if value.__class__ is dict else _NONE


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if value.__class__ is list else []


def subject(manifest: Mapping[str, Any], context: Context) -> Subject:
    """A manifest, taken apart."""
    dialect = detect(manifest, context.dialect)
    get = manifest.get
    metadata, spec = as_dict(get("metadata")), as_dict(get("spec"))
    kind, version, name = get("kind"), get("apiVersion"), metadata.get("name")
    policies = spec
    if dialect is None:
        pods = _pods_of_kind(manifest, kind, spec) if kind.__class__ is str else ()
    elif dialect.replicas is not None:
        if dialect.run_policy is not None:
            policies = as_dict(spec.get(dialect.run_policy))
        prefix = f"spec.{dialect.replicas}"
        pods = tuple(
            _replica(role, replica, prefix)
            for role, replica in as_dict(spec.get(dialect.replicas)).items()
            if replica.__class__ is dict and role.__class__ is str
        )
    elif dialect.kind == "TrainJob":
        pods = _trainer(as_dict(spec.get("trainer")))
    else:
        count = spec.get("parallelism")
        pods = (_pod(None, count, _NONE, "spec.template", as_dict(spec.get("template"))),)
    return Subject(
        manifest,
        kind if kind.__class__ is str else "",
        version.rpartition("/")[0] if version.__class__ is str else "",
        dialect,
        metadata,
        name if name.__class__ is str else "",
        spec,
        policies,
        pods,
    )


def _replica(role: str, replica: dict[str, Any], prefix: str) -> Pod:
    place = f"{prefix}.{role}" if role.isalpha() else joined(prefix, role)
    return _pod(role, replica.get("replicas"), replica, f"{place}.template", as_dict(replica.get("template")))


def _pod(role: str | None, count: Any, replica: dict[str, Any], path: str, template: dict[str, Any]) -> Pod:
    spec = as_dict(template.get("spec"))
    containers = [as_dict(c) for c in as_list(spec.get("containers"))]
    return Pod(role, count if count.__class__ is int and count >= 0 else 1, replica, path, template, spec, containers)


TRAINER = "spec.trainer"


def _pods_of_kind(manifest: Mapping[str, Any], kind: str, spec: dict[str, Any]) -> tuple[Pod, ...]:
    """The pods of Kubernetes' other kinds."""
    if kind == "Pod":
        return (_pod(None, 1, _NONE, "", dict(manifest)),)
    if kind == "CronJob":
        inner = as_dict(as_dict(spec.get("jobTemplate")).get("spec"))
        return (_pod(None, 1, _NONE, "spec.jobTemplate.spec.template", as_dict(inner.get("template"))),)
    template = as_dict(spec.get("template"))
    if as_dict(template.get("spec")).get("containers").__class__ is list:
        return (_pod(None, spec.get("replicas"), _NONE, "spec.template", template),)
    return ()


def _trainer(trainer: dict[str, Any]) -> tuple[Pod, ...]:
    """A TrainJob's pods come from its runtime; what it says of its container stands in spec.trainer."""
    if not trainer:
        return ()
    fields = {"command": "command", "args": "args", "env": "env", "image": "image", "resources": "resourcesPerNode"}
    container = {mine: trainer[theirs] for mine, theirs in fields.items() if theirs in trainer}
    count = trainer.get("numNodes")
    return (
        Pod(None, count if count.__class__ is int and count >= 0 else 1, _NONE, TRAINER, _NONE, _NONE, [container]),
    )
