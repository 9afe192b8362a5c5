"""What one manifest is checked against: the schemas of a Kubernetes version, and the policies in a context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.dialects import DIALECTS, detect
from dlaasgen.findings import Finding
from dlaasgen.matrix import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlaasgen.matrix import Matrix
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


def checker(checks: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Sequence[Finding]]:
    """A function from a manifest to its findings. `checks` as from checks_of. Raises UsageError."""
    from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas

    expected = checks.get("dialect")
    schemas = KubernetesSchemas(checks.get("kubernetes"), expected)

    def findings(manifest: Mapping[str, Any]) -> Sequence[Finding]:
        return [*(_other_dialect(manifest, expected) if expected else ()), *schemas.findings(manifest)]

    return findings


def _other_dialect(manifest: Mapping[str, Any], expected: str) -> list[Finding]:
    """A finding when a job is of another dialect than the matrix names."""
    dialect = detect(manifest, expected)
    if dialect is None or dialect.name == expected:
        return []
    return [
        Finding(
            "K111",
            f"the prototype renders {dialect.name}, the matrix says {expected}",
            path="apiVersion",
            found=f"{dialect.api_version} {dialect.kind}",
            expected=f"{DIALECTS[expected].api_version} {DIALECTS[expected].kind}",
            hint=f"write dialect: {dialect.name} in the matrix, or choose another prototype",
        )
    ]
