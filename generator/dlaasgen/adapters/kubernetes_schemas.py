"""The strict schemas of Kubernetes, from the package kubernetes-validate; a compiled validator for each kind.

The definitions of a version (1.5 MB) are read once and cut to what a kind needs; compiling takes some milliseconds a
kind, checking a manifest some microseconds.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from dlaasgen.conversion_old import is_old
from dlaasgen.dialects import DIALECTS, Dialect, detect
from dlaasgen.dialects_faults import faults
from dlaasgen.dialects_schema import kind_schema, kinds, schema
from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_VERSION = "1.34"
_FOLDER = re.compile(r"v(\d+)\.(\d+)\.\d+-local-strict")


def _root() -> str:
    # Importing the package would cost 0.1 s, and nothing but its data is wanted.
    spec = find_spec("kubernetes_validate")
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise UsageError(
            [Finding("K109", "the package kubernetes-validate is not installed", hint="install dlaasgen anew")]
        )
    return os.path.join(places[0], "kubernetes-json-schema")


def versions() -> list[str]:
    """The Kubernetes versions that manifests can be checked against, oldest first, as `1.34`."""
    return [f"{major}.{minor}" for major, minor in sorted(_folders(_root()))]


def _folders(root: str) -> dict[tuple[int, int], str]:
    found = {}
    for name in sorted(os.listdir(root)):
        if (match := _FOLDER.fullmatch(name)) is not None:
            found[int(match[1]), int(match[2])] = os.path.join(root, name)
    return found


def _folder(version: str | None) -> tuple[str, str]:
    """(version, folder). Raises UsageError that lists the versions when there is no such one."""
    folders = _folders(_root())
    if version is None:
        pinned = _parsed(DEFAULT_VERSION)
        newest = max((v for v in folders if v <= pinned), default=min(folders))
        return f"{newest[0]}.{newest[1]}", folders[newest]
    wanted = re.fullmatch(r"v?(\d+)\.(\d+)(\.\d+)?", version)
    key = (int(wanted[1]), int(wanted[2])) if wanted else (0, 0)
    if key not in folders:
        texts = [f"{major}.{minor}" for major, minor in sorted(folders)]
        older = wanted is not None and key < min(folders) and not any(t.startswith(version) for t in texts)
        raise UsageError(
            [
                Finding(
                    "K109",
                    f"there are no schemas of Kubernetes {shown(version)[1:-1]}",
                    expected=f"one of {', '.join(texts)}",
                    hint=f"the newest is {texts[-1]}"
                    if key > max(folders)
                    else f"the oldest is {texts[0]}"
                    if older
                    else did_you_mean(version, texts),
                )
            ]
        )
    return f"{key[0]}.{key[1]}", folders[key]


def _parsed(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


class KubernetesSchemas:
    """Checks manifests against the schema of their kind; a `checks.SchemaChecker`.

    version  `1.34`; the default is the newest that the package has, up to DEFAULT_VERSION
    dialect  the dialect to assume where a manifest's shape leaves it open

    Raises UsageError when there are no schemas of that version.
    """

    def __init__(self, version: str | None = None, dialect: str | None = None) -> None:
        self.version, self._place = _folder(version)
        self._expected = dialect
        self._validators: dict[object, Any] = {}
        self._schemas: dict[object, dict[str, Any]] = {}

    @cached_property
    def _definitions(self) -> dict[str, Any]:
        import orjson

        with open(os.path.join(self._place, "_definitions.json"), "rb") as file:
            definitions: dict[str, Any] = orjson.loads(file.read())["$defs"]
        return definitions

    @cached_property
    def _kinds(self) -> dict[tuple[str, str], str]:
        return kinds(self._definitions)

    def findings(self, manifest: Mapping[str, Any]) -> list[Finding]:
        """What the schema of the manifest's kind objects to; a note when there is no schema for it."""
        dialect = detect(manifest, self._expected)
        key: object = dialect.name if dialect is not None else (manifest.get("apiVersion"), manifest.get("kind"))
        try:
            validator = self._validators[key]
        except (KeyError, TypeError):
            validator = self._compiled(key, dialect, manifest)
        if validator is None:
            return [self._unknown(manifest)]
        try:
            if validator.is_valid(manifest):
                return []
        except ValueError:  # a key that is no string, or a number beyond JSON's: the walk tells
            pass
        found = faults(self._schemas[key], manifest)
        if not found:  # the walk and the validator should never disagree
            errors = [(str(e.message), e.instance_path) for e in validator.iter_errors(manifest)]
            found = [Finding("K110", m, path=".".join(str(p) for p in path)) for m, path in errors]
        return found

    def _compiled(self, key: object, dialect: Dialect | None, manifest: Mapping[str, Any]) -> Any:
        api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
        if not isinstance(api_version, str) or not isinstance(kind, str):
            return None
        if dialect is not None:
            composed = schema(dialect, self._definitions)
        else:
            name = self._kinds.get((api_version, kind))
            if name is None:
                self._validators[key] = None
                return None
            composed = kind_schema(name, self._definitions)
        import jsonschema_rs

        self._schemas[key] = composed
        validator = self._validators[key] = jsonschema_rs.validator_for(composed)
        return validator

    def _unknown(self, manifest: Mapping[str, Any]) -> Finding:
        """Why there is no schema for a manifest."""
        api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
        for field, value in (("apiVersion", api_version), ("kind", kind)):
            if not isinstance(value, str) or not value:
                found = None if value is None else shown(value)
                return Finding("K106", f"the manifest has no {field}", path=field, found=found, expected="a string")
        known = [*self._kinds, *((d.api_version, d.kind) for d in DIALECTS.values())]
        same_kind = sorted({a for a, k in known if k == kind})
        same_version = sorted({k for a, k in known if a == api_version})
        group = str(api_version).rpartition("/")[0]
        near = did_you_mean(str(kind), same_version)
        if near is not None or any(a.rpartition("/")[0] == group for a, _ in self._kinds):
            hint = near or (f"it is in {' and '.join(same_kind)}" if same_kind else None)
            message = f"Kubernetes {self.version} has no kind {shown(kind)[1:-1]} in {shown(api_version)[1:-1]}"
            return Finding("K107", message, path="kind", hint=hint)
        old = is_old(manifest)
        if any(a.rpartition("/")[0] == group for a in same_kind) and not old:
            message = f"there is no {shown(kind)[1:-1]} in {shown(api_version)[1:-1]}"
            return Finding("K107", message, path="apiVersion", expected=f"one of {', '.join(same_kind)}")
        message = f"{shown(kind)[1:-1]} of {shown(api_version)[1:-1]} is not checked: there is no schema for it"
        hint = f"did you mean {same_kind[0]}?" if len(same_kind) == 1 else None
        if old:
            hint = "`dlaasgen convert` brings it into a dialect of today"
        return Finding("K108", message, "note", path="kind", hint=hint)
