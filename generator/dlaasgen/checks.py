"""Checks: what there is to say against a manifest, and against many of them. No I/O here.

The schema of a manifest's kind comes first, then the policies, which a matrix can turn off one by one with a reason.
"""

from __future__ import annotations

from functools import lru_cache
from marshal import dumps
from typing import TYPE_CHECKING, Any, Protocol

from dlaasgen import policies_flags, policies_gitops, policies_names, policies_pods, policies_roles, policies_scheduling
from dlaasgen.dialects import DIALECTS
from dlaasgen.findings import Finding, nearest, shown
from dlaasgen.policies_gitops import MOST_OBJECTS
from dlaasgen.policies_subject import Context, Policy, Report, subject

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from dlaasgen.dialects import Dialect
    from dlaasgen.matrix import Waiver
    from dlaasgen.policies_flags import Benchmark
    from dlaasgen.policies_subject import Subject

__all__ = [
    "CODES",
    "POLICIES",
    "Checker",
    "Context",
    "Policy",
    "SchemaChecker",
    "check_manifest",
    "check_set",
    "check_waivers",
]

POLICIES: Mapping[str, Policy] = {
    policy.code: policy
    for module in (policies_names, policies_roles, policies_pods, policies_flags, policies_scheduling, policies_gitops)
    for policy in module.POLICIES
}

_NO_CHECK = (
    "checks.disable names a code that no policy has. Only policies (P...) can be turned off, not what makes a manifest "
    "or a matrix invalid."
)
CODES: dict[str, tuple[str, str]] = {
    "M150": ("no such check to turn off", _NO_CHECK),
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


class Checker:
    """Checks manifests, one after the other, for one context.

    Jobs of a matrix differ in names and flags and share the rest. So the schema and the policies on the rest are asked
    once for each rest that there is: one that nothing objects to is remembered.
    """

    def __init__(self, context: Context, schemas: SchemaChecker | None = None) -> None:
        self._context = context
        self._schemas = schemas
        self._off = _codes(context.waivers)
        self._clean: set[Hashable] = set()

    def findings(self, manifest: object, alike: Hashable = None) -> list[Finding]:
        """The findings of one manifest: schema first, then policies. Never raises, whatever the manifest is.

        `alike`: manifests for which it is equal and not None differ at most in strings of their name, labels,
        annotations and of the commands and arguments of their pods' containers (`forms.Filled.alike`).
        """
        if not isinstance(manifest, dict):
            expected = "an object with apiVersion, kind and metadata"
            return [Finding("K106", "the manifest is no object", found=shown(manifest), expected=expected)]
        context, report = self._context, Report(POLICIES)
        taken = subject(manifest, context)
        runs = policies_flags.benchmarks(taken, context.facts) if context.facts is not None else []
        apart = _apart(taken, runs)
        known = (alike, apart) if alike is not None and taken.dialect is not None else None
        sound = known in self._clean
        found: list[Finding] = []
        if not sound:
            if self._schemas is not None:
                found = self._schemas.findings(manifest)
            if context.dialect is not None:
                found += _other_dialect(taken.dialect, context.dialect)
        policies_names.check_metadata(taken, report)
        policies_gitops.check_metadata(taken, report)
        for run in runs:
            if run.command.faults:
                policies_flags.check_words(run, report)
        if not sound and self._on_rest(taken, runs, apart, report) and not found:
            self._remember(known)
        policies = report.findings
        return found + ([f for f in policies if f.code not in self._off] if self._off else policies)

    def _on_rest(self, taken: Subject, runs: Sequence[Benchmark], apart: Hashable, report: Report) -> bool:
        """Report what the policies say of all but names and flags; whether they say nothing that counts."""
        rest = _rest(taken, apart)
        if rest in self._clean:
            return True
        start = len(report.findings)
        policies_roles.check_pods(taken, report)
        policies_pods.check(taken, report)
        for run in runs:
            policies_flags.check_job(run, taken, report)
        policies_scheduling.check(taken, report, self._context.cluster)
        policies_gitops.check_job(taken, report, self._context.gitops)
        clean = all(f.code in self._off for f in report.findings[start:])
        if clean:
            self._remember(rest)
        return clean

    def _remember(self, clean: Hashable) -> None:
        if clean is not None:
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            self._clean.add(clean)


def _apart(taken: Subject, runs: Sequence[Benchmark]) -> Hashable:
    """What the policies of `_on_rest` look at of names and flags."""
    labels = taken.metadata.get("labels")
    return (
        len(taken.name),
        labels.__class__ is dict and policies_scheduling.QUEUE in labels,
        tuple([(r.number, *r.command.bearing()) for r in runs]),
    )


def _rest(taken: Subject, apart: Hashable) -> bytes | None:
    """All of a manifest that the policies of `_on_rest` look at, as bytes; None when it cannot be told shortly.

    Left out are metadata, commands and arguments, but for what is in `apart`.
    """
    dialect = taken.dialect
    if dialect is None:
        return None
    spec = taken.spec.copy()
    spec.pop("template", None)
    if dialect.replicas is not None:
        spec.pop(dialect.replicas, None)
    parts: list[Any] = [dialect.name, apart, spec]
    for pod in taken.pods:
        replica, inside = pod.replica.copy(), pod.spec.copy()
        replica.pop("template", None)
        inside.pop("containers", None)
        parts += (pod.role, pod.number, replica, inside)
        for container in pod.containers:
            kept = container.copy()
            kept.pop("command", None)
            kept.pop("args", None)
            parts.append(kept)
    try:
        return dumps(parts, _PLAIN)
    except ValueError:  # something that is no JSON
        return None


# The last form of marshal that does not depend on which objects are shared.
_PLAIN = 2
_REMEMBERED = 4096


def check_manifest(manifest: object, context: Context, schemas: SchemaChecker | None = None) -> list[Finding]:
    """The findings of one manifest. For many of one context, a `Checker` is several times faster."""
    return Checker(context, schemas).findings(manifest)


@lru_cache(maxsize=64)
def _codes(waivers: tuple[Waiver, ...]) -> frozenset[str]:
    return frozenset(w.code for w in waivers)


def _other_dialect(dialect: Dialect | None, expected: str) -> list[Finding]:
    """A job that is not of the matrix's dialect."""
    if dialect is None or dialect.name == expected or expected not in DIALECTS:
        return []
    if dialect.kind == "Job":  # one that sets something up may stand beside any job
        return []
    message = f"the prototype renders {dialect.name}, the matrix says {expected}"
    hint = f"write dialect: {dialect.name} in the matrix, or choose another prototype"
    return [Finding("K111", message, path="apiVersion", hint=hint)]


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
