"""Application: what app.yaml says, as a value; each change makes a new one. No I/O here.

Format: ksonnet's app.yaml, apiVersion 0.3.0; 0.1.0 and 0.2.0 are read. Keys that are not ours to know stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding, did_you_mean, shown
from dlaasgen.ksonnet.names import check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = "app.yaml"
VERSIONS = ("0.1.0", "0.2.0", "0.3.0")
DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Environment:
    """Where components go. `server` and `context` say which cluster; both "" means kubectl's current context."""

    name: str
    namespace: str = DEFAULT_NAMESPACE
    server: str = ""
    context: str = ""
    path: str = ""
    rest: Any = None

    @property
    def folder(self) -> str:
        """Its folder below environments/."""
        return self.path or self.name

    @property
    def targets(self) -> tuple[str, ...]:
        """The modules whose components go there, as folders below components/; "" for components/ itself."""
        given = (self.rest or {}).get("targets") or ["/"]
        return tuple(str(t).strip("/").replace(".", "/") for t in given)

    def with_targets(self, modules: Sequence[str]) -> Environment:
        """With components of these modules."""
        named = [m.replace("/", ".") or "/" for m in modules]
        return replace(self, rest={**(self.rest or {}), "targets": named})

    def as_json(self) -> dict[str, Any]:
        """As app.yaml has it."""
        rest = self.rest or {}
        context = {"context": self.context} if self.context else {}
        destination = {"namespace": self.namespace, "server": self.server, **context}
        return {**rest, "destination": destination, "k8sVersion": rest.get("k8sVersion", ""), "path": self.folder}


@dataclass(frozen=True, slots=True)
class Application:
    """app.yaml. `libraries` are the installed packages: REGISTRY/NAME -> what app.yaml says of it."""

    name: str
    environments: Mapping[str, Environment]
    registries: Mapping[str, Mapping[str, Any]]
    libraries: Mapping[str, Mapping[str, Any]]
    rest: Mapping[str, Any]

    def environment(self, name: str) -> Environment:
        """The environment of that name. Raises UsageError."""
        if name in self.environments:
            return self.environments[name]
        known = list(self.environments)
        hint = did_you_mean(name, known) or (
            f"environments: {', '.join(known)}" if known else f"make it: dlaasgen ks env add {name:.100}"
        )
        raise UsageError([Finding("A106", f"the application has no environment {name:.100}", file=FILE, hint=hint)])

    def with_environment(self, environment: Environment) -> Application:
        """With an environment added or replaced."""
        return replace(self, environments={**self.environments, environment.name: environment})

    def without_environment(self, name: str) -> Application:
        """Without an environment."""
        return replace(self, environments={k: v for k, v in self.environments.items() if k != name})

    def with_registry(self, name: str, uri: str) -> Application:
        """With a registry in a folder. Raises UsageError when there is one of that name."""
        if name in self.registries:
            raise UsageError([Finding("A104", f"there is a registry {name} already", file=FILE)])
        return replace(self, registries={**self.registries, name: {"protocol": "fs", "uri": uri}})

    def with_library(self, registry: str, name: str, version: str) -> Application:
        """With a package noted as installed."""
        entry = {"name": name, "registry": registry, "version": version}
        return replace(self, libraries={**self.libraries, f"{registry}/{name}": entry})

    def as_json(self) -> dict[str, Any]:
        """As app.yaml has it."""
        return {
            **self.rest,
            "name": self.name,
            "environments": {k: e.as_json() for k, e in sorted(self.environments.items())},
            "registries": dict(sorted(self.registries.items())),
            "libraries": dict(sorted(self.libraries.items())),
        }


def new(name: str) -> Application:
    """An empty application. Raises UsageError for a wrong name."""
    head = {"apiVersion": VERSIONS[-1], "kind": "ksonnet.io/app", "version": "0.0.1"}
    return Application(check("application", name), {}, {}, {}, head)


def load(document: Any) -> Application:
    """The application that a parsed app.yaml describes. Raises PrototypeError with every fault."""
    faults: list[Finding] = []

    def table(key: str) -> dict[str, Any]:
        value = document.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(k, str) and isinstance(v, dict) for k, v in value.items()):
            faults.append(_fault(f"{key} is no mapping of names to mappings", key, value))
            return {}
        return value

    if not isinstance(document, dict):
        raise PrototypeError([_fault("the file holds no mapping", "", document)])
    if document.get("apiVersion") not in VERSIONS:
        faults.append(_fault("unknown version", "apiVersion", document.get("apiVersion"), ", ".join(VERSIONS)))
    if not isinstance(document.get("name"), str):
        faults.append(_fault("the application has no name", "name", document.get("name")))
    environments = {}
    for name, value in table("environments").items():
        environment = _environment(name, value)
        if isinstance(environment, Finding):
            faults.append(environment)
        else:
            environments[name] = environment
    registries, libraries = table("registries"), table("libraries")
    if faults:
        raise PrototypeError(faults)
    own = ("name", "environments", "registries", "libraries")
    return Application(
        document["name"], environments, registries, libraries, {k: v for k, v in document.items() if k not in own}
    )


def _environment(name: str, value: Mapping[str, Any]) -> Environment | Finding:
    at = f"environments.{name}"
    destination = value.get("destination") or {}
    if not isinstance(destination, dict):
        return _fault("destination is no mapping", f"{at}.destination", destination)
    texts = {k: destination.get(k) or "" for k in ("namespace", "server", "context")} | {
        "path": value.get("path") or ""
    }
    for key, text in texts.items():
        if not isinstance(text, str):
            return _fault(f"{key} is no string", at, text)
    try:
        check("environment", name)
        check("environment", texts["path"] or name)
    except UsageError:
        return _fault("the environment has a name or path that no folder may have", at, texts["path"] or name)
    rest = {k: v for k, v in value.items() if k not in ("destination", "path")}
    targets = rest.get("targets")
    if targets is not None and not (isinstance(targets, list) and all(isinstance(t, str) for t in targets)):
        return _fault("targets is no list of modules", f"{at}.targets", targets)
    return Environment(
        name=name,
        namespace=texts["namespace"] or DEFAULT_NAMESPACE,
        server=texts["server"],
        context=texts["context"],
        path=texts["path"],
        rest=rest,
    )


def _fault(message: str, path: str, found: object, expected: str | None = None) -> Finding:
    return Finding("A102", message, file=FILE, path=path, found=shown(found), expected=expected)
