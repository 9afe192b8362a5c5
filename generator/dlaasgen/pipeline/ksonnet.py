"""ksonnet applications: open one, evaluate its components for an environment, and talk to the cluster about them."""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import ksonnet_files, kubectl, manifest_files
from dlaasgen.adapters.jsonnet import Library, engine, evaluate_program
from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding, counted, did_you_mean
from dlaasgen.ksonnet import application, layout
from dlaasgen.ksonnet.objects import as_yaml, by_namespace, objects
from dlaasgen.ksonnet.options import PLACES
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

    def files(self) -> dict[str, str]:
        """The components: name -> path below components/."""
        return ksonnet_files.components(self.root)

    def components(self, wanted: Sequence[str] = (), environment: Environment | None = None) -> list[str]:
        """The names of some components, or of all, of those that go to an environment.

        Raises UsageError when there is no such component.
        """
        files = self.files()
        known = [n for n, p in files.items() if environment is None or os.path.dirname(p) in environment.targets]
        for name in wanted:
            if name in known:
                continue
            if environment is not None and name in files:
                message = f"the environment {environment.name} has no components of that module"
                hint = f"dlaasgen ks env targets {environment.name} --module {name.rpartition('.')[0] or '/'}"
                raise UsageError([Finding("A105", message, found=name, hint=hint)])
            hint = did_you_mean(name, known) or (
                f"components: {', '.join(known)}" if known else "dlaasgen ks generate makes them"
            )
            raise UsageError([Finding("A105", f"the application has no component {name:.100}", hint=hint)])
        return sorted(set(wanted)) or known

    def modules(self, environment: str | None = None) -> list[str]:
        """The modules' names, or of those that go to an environment. Raises UsageError when there is no such one."""
        targets = None if environment is None else self.application.environment(environment).targets
        found = ksonnet_files.modules(self.root)
        return [m.replace("/", ".") or "/" for m in found if targets is None or m in targets]

    def module(self, name: str) -> str:
        """The folder of a module, "" for components/ itself. Raises UsageError when there is none."""
        folder = name.strip("/").replace(".", "/")
        known = ksonnet_files.modules(self.root)
        if folder not in known:
            hint = did_you_mean(folder, known) or f"make it: dlaasgen ks module create {name:.100}"
            raise UsageError([Finding("A118", f"the application has no module {name:.100}", hint=hint)])
        return folder


def left_out(app: App) -> list[Finding]:
    """Warnings about what ks would have taken for components, and we do not."""
    hint = "components are .jsonnet, .yaml and .json files; a folder with them needs a params.libsonnet"
    return [
        Finding("A116", "this is no component here, and left out", "warning", file=f"components/{name}", hint=hint)
        for name in ksonnet_files.no_components(app.root)
    ]


_start = "."


def start_at(folder: str) -> None:
    """Look for the application in and above this folder from now on, instead of the working folder."""
    global _start  # noqa: PLW0603 - one command line, one folder
    _start = folder


def open_app() -> App:
    """The application around the working folder, or that of `start_at`. Raises UsageError, PrototypeError."""
    root = ksonnet_files.find_root(_start)
    return App(root, application.load(ksonnet_files.read_yaml(root, application.FILE)))


def save(
    app: App,
    made: Application,
    files: Mapping[str, str] | None = None,
    gone: Sequence[str] = (),
    removed: Sequence[str] = (),
) -> None:
    """Write app.yaml anew, with further files, and remove files, and folders that are there. Raises TreeError."""
    there = [f for f in gone if ksonnet_files.exists(app.root, f)]
    ksonnet_files.write(app.root, {**(files or {}), application.FILE: layout.app_yaml(made)}, removed, there)


def builtin_library() -> str:
    """The folder of our own k.libsonnet, for applications that have none."""
    return os.path.realpath(str(resources.files("dlaasgen") / "templates" / "ksonnet"))


def evaluate(app: App, environment: Environment, names: Sequence[str], run: str = "rjsonnet") -> dict[str, Any]:
    """What some components evaluate to in an environment: name -> value. Raises PrototypeError."""
    files = app.files()
    return _Evaluation(app, environment, run).components({n: files[n] for n in names})


def parameters(
    app: App, environment: Environment | None = None, text: str | None = None, module: str | None = None
) -> dict[str, dict[str, Any]]:
    """The parameters of every component, in an environment or without one: name -> parameters.

    Of one module, or of all that there are, or that go to the environment. `text` stands for the file that holds the
    parameters, which is not written yet; then `module` says which. Raises PrototypeError.
    """
    evaluation = _Evaluation(app, environment)
    modules = [module] if module is not None else ksonnet_files.modules(app.root)
    found: dict[str, dict[str, Any]] = {}
    for one in modules:
        if module is None and environment is not None and one not in environment.targets:
            continue
        params = (
            evaluation.module_params(one, text) if environment is None else evaluation.environment_params(one, text)
        )
        prefix = f"{one.replace('/', '.')}." if one else ""
        found |= {prefix + name: p for name, p in params.items()}
    return found


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

    def module_params(self, module: str = "", text: str | None = None) -> dict[str, dict[str, Any]]:
        """The own parameters of a module's components."""
        given = f"import {json.dumps(layout.params_of(module))}" if text is None else f"(\n{text}\n)"
        program = _MODULE.replace("%s", given)
        params: dict[str, dict[str, Any]] = json.loads(self._text(program, {}, "the parameters"))["components"]
        return params

    def environment_params(self, module: str = "", text: str | None = None) -> dict[str, dict[str, Any]]:
        """The same in the environment, which calls a module's components MODULE.NAME."""
        if self._environment is None:
            return self.module_params(module)
        prefix = f"{module.replace('/', '.')}." if module else ""
        own = {prefix + name: params for name, params in self.module_params(module).items()}
        path = f"environments/{self._environment.folder}/params.libsonnet"
        source = ksonnet_files.read(self._root, path) if text is None else text
        # Older ones import the components' parameters, without what ks does with them.
        if _OLD_IMPORT in source or text is not None:
            program = source.replace(f'import "{_OLD_IMPORT}"', f'std.extVar("{PARAMS}")')
        else:
            program = f"import {json.dumps(path)}"
        found = json.loads(
            self._text(program, {PARAMS: json.dumps({"components": own})}, "the environment's parameters")
        )
        every: dict[str, dict[str, Any]] = found["components"]
        return {
            n.removeprefix(prefix): p for n, p in every.items() if n.startswith(prefix) and (not module or n in own)
        }

    def components(self, files: Mapping[str, str]) -> dict[str, Any]:
        """What some components evaluate to: name -> path below components/ gives name -> value."""
        found: dict[str, Any] = {}
        for module in dict.fromkeys(map(os.path.dirname, files.values())):
            params = self.environment_params(module)
            mine = {n: p for n, p in files.items() if os.path.dirname(p) == module}
            members = ", ".join(f"{json.dumps(n)}: {self._member(p, params)}" for n, p in mine.items())
            folder = self._environment.folder if self._environment else ""
            program = f"import {json.dumps(f'environments/{folder}/main.jsonnet')}"
            given = {PARAMS: json.dumps({"components": params}), COMPONENTS: f"{{ {members} }}"}
            made = json.loads(self._text(program, given, "the component"))
            found |= {n: made[n] for n in mine if n in made}
        return found

    def _member(self, path: str, params: Mapping[str, Any]) -> str:
        """A component as a jsonnet expression. What is data is changed by its parameters, as ks did."""
        name, ending = os.path.splitext(os.path.basename(path))
        place = f"components/{path}"
        if ending == ".jsonnet":
            return f"import {json.dumps(place)}"
        found: list[Any] = []
        for document in manifest_files.documents(ksonnet_files.inside(self._root, place)):
            if document.finding is not None:
                raise PrototypeError([replace(document.finding, file=place)])
            found += manifest_files.objects(document.data)
        items = json.dumps(found, ensure_ascii=False)
        change = json.dumps(params.get(name) or {}, ensure_ascii=False)
        return f"[std.mergePatch(item, {change}) for item in {items}]"

    def _text(self, program: str, ext: dict[str, str], what: str) -> str:
        return evaluate_program(self._library, program, self._ext | ext, self._run, what)


def shown(app: App, environment: str, names: Sequence[str], run: str = "rjsonnet") -> list[dict[str, Any]]:
    """The objects of some components, or of all, in an environment. Raises UsageError, PrototypeError."""
    where = app.application.environment(environment)
    return objects(evaluate(app, where, app.components(names, where), run))


def difference(app: App, one: str, other: str, names: Sequence[str]) -> list[str]:
    """How what two environments show differs, as lines of a unified diff. Raises UsageError, PrototypeError."""
    first, second = (as_yaml(shown(app, e, names)).splitlines() for e in (one, other))
    return list(difflib.unified_diff(first, second, one, other, lineterm=""))


def to_cluster(
    app: App,
    verb: str,
    environment: str,
    names: Sequence[str],
    options: Sequence[str] = (),
    *,
    connection: Sequence[str] = (),
) -> Iterator[tuple[str, int, str]]:
    """Call kubectl `verb` (apply, delete, diff) for the objects of some components, those of one namespace at a time.

    `connection`: kubectl's options of the cluster, which go before what the environment says.

    Yields (what is done where, kubectl's exit code, its output). Raises UsageError, PrototypeError, ClusterError.
    """
    found = shown(app, environment, names)
    where = app.application.environment(environment)
    given = dict(option.partition("=")[::2] for option in connection)
    context = "" if PLACES & given.keys() else where.context or kubectl.context_of(where.server)
    cluster = [f"--context={context}"] if context else []
    cluster += [option for option in connection if not option.startswith("--namespace=")]
    accepted = (0, 1) if verb == "diff" else (0,)
    runs = by_namespace(found, given.get("--namespace") or where.namespace)
    for namespace, group in reversed(runs) if verb == "delete" else runs:
        ordered = group[::-1] if verb == "delete" else group
        arguments = [verb, *cluster, f"--namespace={namespace}", *options, "--filename=-"]
        code, out, err = kubectl.run(arguments, as_yaml(ordered), accepted)
        place = f"context {context or given.get('--context', 'as the options say')}"
        what = f"kubectl {verb}: {counted(len(group), 'object')}, {place}, namespace {namespace}"
        yield what, code, out + err
