"""Policies on GitOps and on what is left of finished jobs (P5xx). No I/O here.

Argo CD's annotations: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/ and .../resource_hooks/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.findings import shown
from dlaasgen.policies_subject import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen.policies_subject import Report, Subject

POLICIES = (
    Policy(
        "P501",
        "warning",
        "ttlSecondsAfterFinished under GitOps",
        "A finished job that deletes itself is missing from the cluster, though Git holds it. With self-heal Argo CD "
        "makes it anew and so runs it for ever: then (gitops.self_heal: true) this is an error. Without self-heal "
        "(gitops.self_heal: false) it is not reported. Finished cells are retired by removing them from Git.",
        "remove ttlSecondsAfterFinished",
    ),
    Policy(
        "P502",
        "warning",
        "no cleanPodPolicy",
        "The default has changed between versions of the operator: Running up to 1.5, None from 1.6. The same manifest "
        "leaves different pods, and logs, behind.",
        "set cleanPodPolicy: Running",
    ),
    Policy(
        "P503",
        "error",
        "cleanPodPolicy All",
        "The operator deletes all pods when the job ends, and their logs, which are the results, with them.",
        "write Running, which keeps the pods that have ended, or None",
    ),
    Policy(
        "P504",
        "error",
        "Argo CD or Helm hook",
        "A hook runs again with every sync of the application, changed or not: a benchmark would be repeated each time "
        "anything else is synced.",
        "remove the annotation",
    ),
    Policy(
        "P505",
        "error",
        "sync option Force or Replace",
        "With Force=true or Replace=true Argo CD deletes and makes the object anew instead of changing it: a finished "
        "job runs again.",
        "remove the option",
    ),
    Policy(
        "P506",
        "warning",
        "more objects than one application carries well",
        "Beyond some 3,000 objects Argo CD's controller is slow to compare and sync an application.",
        "shard the matrix over several applications",
    ),
)

MOST_OBJECTS = 3000
_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_OPTIONS = "argocd.argoproj.io/sync-options"
_REPLACING = ("force=true", "replace=true")
_TTL = "ttlSecondsAfterFinished"


def check_metadata(subject: Subject, say: Report) -> None:
    """P504 and P505."""
    annotations = subject.metadata.get("annotations")
    if annotations.__class__ is dict and not annotations.keys().isdisjoint(_ANNOTATIONS):
        _annotations(annotations, say)


def check_job(subject: Subject, say: Report, gitops: Mapping[str, Any]) -> None:
    """P501 to P503."""
    dialect = subject.dialect
    if dialect is None:
        return
    policies = subject.policies
    if policies.get(_TTL) is not None:
        heals = gitops.get("self_heal")
        if heals is not False:
            path, found = f"{dialect.policy_path}.{_TTL}", f"{policies[_TTL]}"
            if heals is True:
                message = "self-heal makes the job anew after it has deleted itself, for ever"
                say("P501", message, path, found=found, severity="error")
            else:
                say("P501", "the finished job deletes itself, and GitOps may make it anew", path, found=found)
    if "cleanPodPolicy" in dialect.policies:
        holder, path = policies, f"{dialect.policy_path}.cleanPodPolicy"
        if dialect.name == "mpijob-v1" and "cleanPodPolicy" in subject.spec:
            holder, path = subject.spec, "spec.cleanPodPolicy"
        policy = holder.get("cleanPodPolicy")
        if policy == "All":
            say(
                "P503",
                "all pods, and their logs, are deleted when the job ends",
                path,
                found="All",
                expected="Running or None",
            )
        elif not policy:
            say("P502", "cleanPodPolicy is not set, and its default depends on the operator's version", path)


_ANNOTATIONS = frozenset({*_HOOKS, _OPTIONS})


def _annotations(annotations: dict[str, Any], say: Report) -> None:
    for key in _HOOKS:
        if key in annotations and annotations[key] != "Skip":  # which keeps an object from being synced at all
            message = f"the object is a hook, which runs again with every sync ({key})"
            say("P504", message, f'metadata.annotations["{key}"]', found=shown(annotations[key]))
    options = annotations.get(_OPTIONS)
    if isinstance(options, str):
        bad = [o for o in (part.strip() for part in options.split(",")) if o.lower() in _REPLACING]
        if bad:
            message = f"{' and '.join(bad)} makes a finished job run again"
            say("P505", message, f'metadata.annotations["{_OPTIONS}"]', found=shown(options))
