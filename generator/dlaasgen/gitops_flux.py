"""Flux's objects for a tree: a GitRepository and a Kustomization for each shard. No I/O here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.canonical import dump
from dlaasgen.gitops_health import expressions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.gitops import Object, Settings


def flux(own: Settings, parts: Sequence[Sequence[str]], kinds: Sequence[Object], *, setup: bool) -> dict[str, str]:
    """Path -> text. A source holds what its Kustomization applies and nothing else."""
    made: dict[str, str] = {}
    if setup:
        made["flux/setup.yaml"] = _pair(own, f"{own.matrix}-setup", "setup", ["*"], {"prune": False, "wait": True})
    checks = expressions({(o.group, o.kind) for o in kinds})
    for number, patterns in enumerate(parts):
        name, file = (f"{own.matrix}-{number}", f"flux/jobs-{number}.yaml") if len(parts) > 1 else (own.matrix, "")
        spec: dict[str, Any] = {"prune": own.prune == "auto", "wait": True, "timeout": own.timeout}
        if checks:
            spec["healthCheckExprs"] = checks
        if setup:
            spec["dependsOn"] = [{"name": f"{own.matrix}-setup"}]
        made[file or "flux/jobs.yaml"] = _pair(own, name, "jobs", patterns, spec)
    return made


def _pair(own: Settings, name: str, folder: str, patterns: Sequence[str], spec: dict[str, Any]) -> str:
    metadata = {"name": name, "namespace": own.namespace, "labels": {"dlaasgen/matrix": own.matrix}}
    source = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": metadata,
        "spec": {
            "interval": "1m",
            "url": own.repository,
            "ref": {"branch": own.revision},
            "ignore": _ignore(f"{own.path}/{folder}", patterns),
        },
    }
    kustomization = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": metadata,
        "spec": {
            "interval": "10m",
            "retryInterval": "1m",
            "path": f"./{own.path}/{folder}",
            "sourceRef": {"kind": "GitRepository", "name": name},
            "force": False,
            **spec,
        },
    }
    return dump(source) + "---\n" + dump(kustomization)


def _ignore(folder: str, patterns: Sequence[str]) -> str:
    """Patterns as .gitignore has them: all is left out, but for the way to the folder and what is meant in it."""
    lines, place = ["/*"], ""
    for step in folder.split("/"):
        place += f"/{step}"
        lines += [f"!{place}", f"{place}/*"]
    return "\n".join([*lines, *(f"!{place}/{pattern}" for pattern in patterns), ""])
