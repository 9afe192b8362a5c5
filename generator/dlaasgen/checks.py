"""Checks: what there is to say against a manifest, and against many of them. No I/O here.

The schema of a manifest's kind comes first, then the policies, which a matrix can turn off one by one with a reason.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from dlaasgen import policies_flags, policies_gitops, policies_names, policies_pods, policies_scheduling
from dlaasgen.dialects import DIALECTS, detect
from dlaasgen.findings import Finding, nearest, shown
from dlaasgen.policies_gitops import MOST_OBJECTS
from dlaasgen.policies_subject import Context, Policy, Report, subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dlaasgen.matrix import Waiver

__all__ = ["CODES", "POLICIES", "Context", "Policy", "SchemaChecker", "check_manifest", "check_set", "check_waivers"]

POLICIES: Mapping[str, Policy] = {
    policy.code: policy
    for module in (policies_names, policies_pods, policies_flags, policies_scheduling, policies_gitops)
    for policy in module.POLICIES
}

CODES: dict[str, tuple[str, str]] = {
    "M150": (
        "no such check to turn off",
        "checks.disable names a code that no policy has. Only policies (P...) can be turned off, not what makes a "
        "manifest or a matrix invalid.",
    ),
    **{
        p.code: (p.title, f"{p.explanation}\n\nSeverity: {p.severity}. To mend it: {p.hint}.")
        for p in POLICIES.values()
    },
}


class SchemaChecker(Protocol):
    """Checks manifests against the schema of their kind."""

    def findings(self, manifest: Mapping[str, Any]) -> list[Finding]:
        """All that the schema objects to; [] when it has no objection."""
        ...


def check_manifest(manifest: object, context: Context, schemas: SchemaChecker | None = None) -> list[Finding]:
    """The findings of one manifest: schema first, then policies. Never raises, whatever the manifest is."""
    if not isinstance(manifest, dict):
        message = "the manifest is no object"
        return [
            Finding("K106", message, found=shown(manifest), expected="an object with apiVersion, kind and metadata")
        ]
    found = schemas.findings(manifest) if schemas is not None else []
    if context.dialect is not None:
        found += _other_dialect(manifest, context.dialect)
    policies = check_policies(manifest, context)
    return found + policies if policies else found


def check_policies(manifest: Mapping[str, Any], context: Context) -> list[Finding]:
    """What the policies that are not turned off say of a manifest."""
    report = Report(POLICIES)
    taken = subject(manifest, context)
    policies_names.check(taken, report)
    policies_pods.check(taken, report)
    if context.facts is not None:
        policies_flags.check(taken, report, context.facts)
    policies_scheduling.check(taken, report, context.cluster)
    policies_gitops.check(taken, report, context.gitops)
    if report.findings and context.waivers:
        off = _codes(context.waivers)
        return [f for f in report.findings if f.code not in off]
    return report.findings


@lru_cache(maxsize=64)
def _codes(waivers: tuple[Waiver, ...]) -> frozenset[str]:
    return frozenset(w.code for w in waivers)


def _other_dialect(manifest: Mapping[str, Any], expected: str) -> list[Finding]:
    """A job of the dialect's kind that is written in another one."""
    dialect = detect(manifest, expected)
    if dialect is None or dialect.name == expected or expected not in DIALECTS:
        return []
    # A set-up Job beside a TFJob is no mistake.
    if DIALECTS[expected].kind != dialect.kind:
        return []
    message = f"the {dialect.kind} is not of the matrix's dialect"
    return [Finding("K111", message, path="spec", found=dialect.name, expected=expected)]


def check_waivers(waivers: Sequence[Waiver], file: str | None = None) -> list[Finding]:
    """What is wrong with the checks that a matrix turns off. `file` is the matrix's."""
    found = []
    for index, waiver in enumerate(waivers):
        if waiver.code in POLICIES:
            continue
        near = nearest(waiver.code, POLICIES)
        found.append(
            Finding(
                "M150",
                f"there is no policy {waiver.code}",
                file=file,
                path=f"checks.disable[{index}].code",
                found=shown(waiver.code),
                expected="the code of a policy (P...)",
                hint=f"did you mean {near} ({POLICIES[near].title})?" if near is not None else None,
            )
        )
    return found


def check_set(
    manifests: Iterable[tuple[str | None, Mapping[str, Any]]], context: Context | None = None
) -> list[Finding]:
    """What only many manifests show, each with the file it is in: two of one name, or too many of them."""
    found: list[Finding] = []
    first: dict[tuple[str, ...], str | None] = {}
    count = 0
    for file, manifest in manifests:
        count += 1
        metadata = manifest.get("metadata")
        if not isinstance(metadata, dict):
            continue
        version, kind = manifest.get("apiVersion"), manifest.get("kind")
        name, namespace = metadata.get("name"), metadata.get("namespace") or ""
        if not (
            isinstance(version, str) and isinstance(kind, str) and isinstance(name, str) and isinstance(namespace, str)
        ):
            continue
        key = (version.rpartition("/")[0], kind, namespace, name)
        if key not in first:
            first[key] = file
            continue
        where = f" in namespace {shown(namespace)[1:-1]}" if namespace else ""
        message = f"there are two of the {shown(kind)[1:-1]} {shown(name)[1:-1]}{where}"
        hint = f"the other one is in {first[key]}" if first[key] is not None else None
        found.append(Finding("K112", message, file=file, path="metadata.name", hint=hint))
    off = _codes(context.waivers) if context is not None else frozenset()
    if context is not None and context.gitops and count > MOST_OBJECTS and "P506" not in off:
        policy = POLICIES["P506"]
        message = f"there are {count:,} objects for one application"
        found.append(Finding("P506", message, policy.severity, expected=f"at most {MOST_OBJECTS:,}", hint=policy.hint))
    return found
