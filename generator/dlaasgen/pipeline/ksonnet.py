"""ksonnet applications: open one, evaluate its components for an environment, and talk to the cluster about them."""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import ksonnet_files, kubectl
from dlaasgen.adapters.jsonnet import Library, engine, evaluate_program
from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean
from dlaasgen.ksonnet import application, layout
from dlaasgen.ksonnet.objects import as_yaml, by_namespace, objects
from dlaasgen.ksonnet.snippets import COMPONENTS, ENVIRONMENT, PARAMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dlaasgen.ksonnet.application import Application, Environment

# What ks did with components/params.libsonnet before anyone saw it.
_MODULE = """\
local params = %s;
local shared = if std.objectHas(params, 'global') then params.global else {};
{ components: std.mapWithKey(function(_, own) std.mergePatch(own, shared), params.components) }
"""
_OLD_IMPORT = "../../components/params.libsonnet"


@dataclass(frozen=True, slots=True)
class App:
    """An application and its folder."""

    root: str
    application: Application

    def components(self, wanted: Sequence[str] = ()) -> list[str]:
        """The names of some components, or of all. Raises UsageError when there is no such component."""
        known = ksonnet_files.components(self.root)
        for name in wanted:
            if name not in known:
                hint = did_you_mean(name, known) or (
                    f"components: {', '.join(known)}" if known else "dlaasgen ks generate makes them"
                )
                raise UsageError([Finding("A105", f"the application has no component {name:.100}", hint=hint)])
        return sorted(set(wanted)) or known


def left_out(app: App) -> list[Finding]:
    """Warnings about what ks would have taken for components, and we do not."""
    hint = "components are .jsonnet files in components/ itself"
    return [
        Finding("A116", "this is no component here, and left out", "warning", file=f"components/{name}", hint=hint)
        for name in ksonnet_files.no_components(app.root)
    ]


def open_app(folder: str = ".") -> App:
    """The application around a folder. Raises UsageError, PrototypeError."""
    root = ksonnet_files.find_root(folder)
    return App(root, application.load(ksonnet_files.read_yaml(root, application.FILE)))


def save(app: App, made: Application, files: Mapping[str, str] | None = None, gone: Sequence[str] = ()) -> None:
    """Write app.yaml anew, with further files, and remove folders. Raises TreeError."""
    there = [f for f in gone if ksonnet_files.exists(app.root, f)]
    ksonnet_files.write(app.root, {**(files or {}), application.FILE: layout.app_yaml(made)}, folders=there)


def builtin_library() -> str:
    """The folder of our own k.libsonnet, for applications that have none."""
    return os.path.realpath(str(resources.files("dlaasgen") / "templates" / "ksonnet"))


def evaluate(app: App, environment: Environment, names: Sequence[str], run: str = "rjsonnet") -> dict[str, Any]:
    """What some components evaluate to in an environment: name -> value. Raises PrototypeError."""
    evaluation = _Evaluation(app, environment, run)
    return evaluation.components(names)


def parameters(app: App, environment: Environment | None = None, text: str | None = None) -> dict[str, dict[str, Any]]:
    """The parameters of every component, in an environment or without one: name -> parameters.

    `text` stands for the file that holds them, which is not written yet. Raises PrototypeError.
    """
    if environment is None:
        return _Evaluation(app, None).module_params(text)
    return _Evaluation(app, environment).environment_params(text)


class _Evaluation:
    """ks' pipeline: the components' parameters, those of the environment over them, then the components."""

    def __init__(self, app: App, environment: Environment | None, run: str = "rjsonnet") -> None:
        root = app.root
        roots = [os.path.join(root, "environments"), os.path.join(root, "lib"), os.path.join(root, "vendor")]
        if environment is not None:
            folder = os.path.join(root, "environments", environment.folder)
            version = str((environment.rest or {}).get("k8sVersion") or "")
            roots = [folder, os.path.join(folder, ".metadata"), *roots]
            if version and "/" not in version:
                roots.append(os.path.join(root, "lib", "ksonnet-lib", version))
        self._root, self._environment = root, environment
        self._library = Library([*roots, builtin_library(), root], base=root)
        self._run = engine(run)
        server, namespace = (environment.server, environment.namespace) if environment else ("", "default")
        self._ext = {ENVIRONMENT: json.dumps({"server": server, "namespace": namespace})}

    def module_params(self, text: str | None = None) -> dict[str, dict[str, Any]]:
        """The components' own parameters."""
        given = f"import {json.dumps(layout.COMPONENT_PARAMS)}" if text is None else f"(\n{text}\n)"
        program = _MODULE.replace("%s", given)
        params: dict[str, dict[str, Any]] = json.loads(self._text(program, {}, "the parameters"))["components"]
        return params

    def environment_params(self, text: str | None = None) -> dict[str, dict[str, Any]]:
        """The parameters in the environment."""
        params: dict[str, dict[str, Any]] = json.loads(self._environment_params(text))["components"]
        return params

    def _environment_params(self, text: str | None = None) -> str:
        module = json.dumps({"components": self.module_params()})
        if self._environment is None:
            return module
        path = f"environments/{self._environment.folder}/params.libsonnet"
        source = ksonnet_files.read(self._root, path) if text is None else text
        # Older ones import the components' parameters, without what ks does with them.
        if _OLD_IMPORT in source or text is not None:
            program = source.replace(f'import "{_OLD_IMPORT}"', f'std.extVar("{PARAMS}")')
        else:
            program = f"import {json.dumps(path)}"
        return self._text(program, {PARAMS: module}, "the environment's parameters")

    def components(self, names: Sequence[str]) -> dict[str, Any]:
        """What some components evaluate to."""
        params = self._environment_params()
        imports = ", ".join(f"{json.dumps(n)}: import {json.dumps(f'components/{n}.jsonnet')}" for n in names)
        folder = self._environment.folder if self._environment else ""
        program = f"import {json.dumps(f'environments/{folder}/main.jsonnet')}"
        text = self._text(program, {PARAMS: params, COMPONENTS: f"{{ {imports} }}"}, "the component")
        found: dict[str, Any] = json.loads(text)
        return {name: found[name] for name in names if name in found}

    def _text(self, program: str, ext: dict[str, str], what: str) -> str:
        return evaluate_program(self._library, program, self._ext | ext, self._run, what)


def shown(app: App, environment: str, names: Sequence[str], run: str = "rjsonnet") -> list[dict[str, Any]]:
    """The objects of some components, or of all, in an environment. Raises UsageError, PrototypeError."""
    where = app.application.environment(environment)
    return objects(evaluate(app, where, app.components(names), run))


def difference(app: App, one: str, other: str, names: Sequence[str]) -> list[str]:
    """How what two environments show differs, as lines of a unified diff. Raises UsageError, PrototypeError."""
    first, second = (as_yaml(shown(app, e, names)).splitlines() for e in (one, other))
    return list(difflib.unified_diff(first, second, one, other, lineterm=""))


def to_cluster(
    app: App, verb: str, environment: str, names: Sequence[str], options: Sequence[str] = ()
) -> Iterator[tuple[str, int, str]]:
    """Call kubectl `verb` (apply, delete, diff) for the objects of some components, those of one namespace at a time.

    Yields (what is done where, kubectl's exit code, its output). Raises UsageError, PrototypeError, ClusterError.
    """
    found = shown(app, environment, names)
    where = app.application.environment(environment)
    context = where.context or kubectl.context_of(where.server)
    accepted = (0, 1) if verb == "diff" else (0,)
    runs = by_namespace(found, where.namespace)
    for namespace, group in reversed(runs) if verb == "delete" else runs:
        ordered = group[::-1] if verb == "delete" else group
        arguments = [verb, f"--context={context}", f"--namespace={namespace}", *options, "--filename=-"]
        code, out, err = kubectl.run(arguments, as_yaml(ordered), accepted)
        what = f"kubectl {verb}: {len(group)} objects, context {context}, namespace {namespace}"
        yield what, code, out + err
