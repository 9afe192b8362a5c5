"""What one manifest is checked against: the schemas of a Kubernetes version, and the policies in a context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.errors import MatrixError
from dlaasgen.matrix import Cluster, Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlaasgen.findings import Finding
    from dlaasgen.flags import Facts
    from dlaasgen.matrix import Matrix
    from dlaasgen.policies_subject import Context
    from dlaasgen.tree import Index


def checks_of(matrix: Matrix) -> dict[str, Any]:
    """What of a matrix the checks depend on, as the index keeps it."""
    cluster = matrix.cluster
    return {
        "dialect": matrix.dialect,
        "kubernetes": matrix.kubernetes,
        "cluster": None if cluster is None else {f: getattr(cluster, f) for f in Cluster.__dataclass_fields__},
        "gitops": dict(matrix.gitops),
        "disable": [{"code": w.code, "reason": w.reason} for w in matrix.waivers],
    }


def context_of(index: Index | None, kubernetes: str | None) -> dict[str, Any]:
    """The checks of a rendered tree, or those of a manifest that belongs to none."""
    checks = dict(index.options.get("checks") or {}) if index is not None else {}
    return {**checks, "kubernetes": kubernetes or checks.get("kubernetes")}


def checker(checks: Mapping[str, Any]) -> Callable[..., Sequence[Finding]]:
    """`Checker.findings` for `checks`, which are as from checks_of. Raises UsageError."""
    from dlaasgen.adapters.benchmark_facts import benchmark_facts
    from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
    from dlaasgen.checks import Checker

    context = context_for(checks, benchmark_facts())
    schemas = KubernetesSchemas(checks.get("kubernetes"), context.dialect)
    return Checker(context, schemas).findings


def context_for(checks: Mapping[str, Any], facts: Facts | None = None) -> Context:
    """The policies' context; without facts, command lines are not checked."""
    from dlaasgen.policies_subject import Context

    cluster = checks.get("cluster")
    return Context(
        dialect=checks.get("dialect"),
        cluster=Cluster(**cluster) if cluster else None,
        waivers=tuple(Waiver(**w) for w in checks.get("disable", ())),
        gitops=checks.get("gitops") or {},
        kubernetes=checks.get("kubernetes"),
        facts=facts,
    )


def refuse_waivers(matrix: Matrix) -> None:
    """Raises MatrixError when the matrix turns off a check that does not exist."""
    if matrix.waivers:
        from dlaasgen.checks import check_waivers

        wrong = check_waivers(matrix.waivers, matrix.file)
        if wrong:
            raise MatrixError(wrong)
