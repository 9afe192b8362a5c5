"""Change a ksonnet application: components, parameters, environments. A change is proved before it is made."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from dlaasgen.adapters import ksonnet_files
from dlaasgen.adapters.jsonnet import Library, engine, evaluate_program
from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding
from dlaasgen.ksonnet import application, arguments, layout, snippets
from dlaasgen.ksonnet.headers import Header, parse
from dlaasgen.ksonnet.names import check
from dlaasgen.ksonnet.params import Params, path_of, value_of
from dlaasgen.pipeline.ksonnet import App, builtin_library, open_app, parameters, save
from dlaasgen.pipeline.ksonnet_packages import packages_in, uri_of
from dlaasgen.pipeline.ksonnet_shipped import copied, shipped_headers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def init(
    name: str, folder: str, prototypes: str | None, environment: application.Environment | None
) -> tuple[Sequence[str], Sequence[Finding]]:
    """Make an application in a new folder, with the prototypes of another folder as a package.

    Returns (its prototypes' names, why others cannot be read). Raises UsageError, PrototypeError, TreeError.
    """
    made = application.new(name)
    files: dict[str, str] = {}
    if prototypes is not None:
        for (registry, package), texts in packages_in(prototypes).items():
            made = made.with_library(registry, package, "")
            files |= {f"vendor/{registry}/{package}/{p}": t for p, t in texts.items()}
        if made.libraries and os.path.isfile(os.path.join(prototypes, "registry.yaml")):
            made = made.with_registry(next(iter(made.libraries.values()))["registry"], uri_of(folder, prototypes))
    if environment is not None:
        made = made.with_environment(environment)
        files |= layout.environment_files(environment)
    headers, faults = _headers({p: t for p, t in files.items() if _is_prototype(p)})
    library = ksonnet_files.read(builtin_library(), "k.libsonnet")
    ksonnet_files.create(folder, layout.application_files(made, library) | files, layout.FOLDERS)
    return [h.short_name for h in headers], faults


def _is_prototype(path: str) -> bool:
    return path.endswith(".jsonnet") and path.split("/")[-2:-1] == ["prototypes"]


def _headers(texts: Mapping[str, str]) -> tuple[list[Header], list[Finding]]:
    """The prototypes that can be read, sorted by name, and why the others cannot, as warnings."""
    headers, faults = [], []
    for path, text in texts.items():
        try:
            headers.append(parse(text, path))
        except PrototypeError as error:
            faults += [replace(f, severity="warning") for f in error.findings]
    return sorted(headers, key=lambda h: (h.name, h.file)), faults


def prototypes(app: App) -> tuple[list[Header], list[Finding]]:
    """The prototypes of an application, dlaasgen's behind them, and warnings about those that cannot be read.

    One of the application's goes before dlaasgen's of the same name.
    """
    own, faults = _headers({p: ksonnet_files.read(app.root, p) for p in ksonnet_files.prototypes(app.root)})
    taken = {h.short_name for h in own}
    return [*own, *(h for h in shipped_headers() if h.short_name not in taken)], faults


def prototype(app: App, query: str) -> Header:
    """The one prototype whose name ends in `query`. Raises UsageError, with the faults of those that cannot be read."""
    headers, faults = prototypes(app)
    try:
        return arguments.find(query, headers)
    except UsageError as error:
        raise UsageError([*error.findings, *faults]) from None


def _options(options: Mapping[str, str]) -> dict[str, str]:
    """Options, behind those of a file of values that one of them names. Raises UsageError, PrototypeError."""
    given = dict(options)
    path = given.pop(arguments.VALUES_FILE, None)
    if path is None:
        return given
    if not os.path.isfile(path):
        raise UsageError([Finding("A113", "the file of values is missing", file=path)])
    folder = os.path.realpath(os.path.dirname(path))
    program = f"import {json.dumps(os.path.basename(path))}"
    text = evaluate_program(Library([folder], base=folder), program, {}, engine("rjsonnet"), "the file of values")
    return arguments.from_file(json.loads(text), path) | given


def preview(header: Header, name: str, options: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """(program, parameters in jsonnet) of what a prototype would become. Raises UsageError, PrototypeError."""
    values = arguments.values(header, name, _options(options))
    try:
        return snippets.component(header.body, name), values
    except ValueError as error:
        raise PrototypeError([Finding("A110", f"the prototype cannot be read: {error}", file=header.file)]) from None


def generate(query: str, name: str, options: Mapping[str, str]) -> str:
    """Make a component of a prototype; the path of its file. Raises UsageError, PrototypeError, TreeError."""
    app = open_app()
    check("component", name)
    given = dict(options)
    module = app.module(given.pop(arguments.MODULE, "/"))
    path = f"components/{module}/{name}.jsonnet" if module else f"components/{name}.jsonnet"
    full = f"{module.replace('/', '.')}.{name}" if module else name
    header = prototype(app, query)
    program, values = preview(header, name, given)
    params = layout.params_of(module)
    with ksonnet_files.locked(app.root):
        if full in app.files() or ksonnet_files.exists(app.root, path):
            hint = f"remove it: dlaasgen ks component rm {full}"
            raise UsageError([Finding("A104", f"there is a component {full} already", file=path, hint=hint)])
        text = _params(app, params).with_component(name, values)
        parameters(app, text=text, module=module)
        ksonnet_files.write(app.root, {**copied(app, header), path: program, params: text})
    return path


def _params(app: App, path: str) -> Params:
    return Params(ksonnet_files.read(app.root, path), path)


def _place(app: App, component: str) -> tuple[str, str]:
    """(module, its name there) of a component. Raises UsageError when there is none."""
    app.components([component])
    module, name = os.path.split(app.files()[component])
    return module, os.path.splitext(name)[0]


def create_module(name: str) -> str:
    """Make a module, and those around it; the path of its parameters. Raises UsageError, TreeError."""
    app = open_app()
    parts = name.replace("/", ".").split(".")
    folders = ["/".join(check("module", p) for p in parts[: n + 1]) for n in range(len(parts))]
    with ksonnet_files.locked(app.root):
        if folders[-1] in ksonnet_files.modules(app.root):
            raise UsageError([Finding("A104", f"there is a module {name} already", file=layout.params_of(folders[-1]))])
        new = [p for p in map(layout.params_of, folders) if not ksonnet_files.exists(app.root, p)]
        ksonnet_files.write(app.root, dict.fromkeys(new, layout.NEW_PARAMS))
    return layout.params_of(folders[-1])


def remove_component(name: str) -> None:
    """Remove a component, and its parameters in every environment. Raises UsageError, PrototypeError, TreeError."""
    app = open_app()
    with ksonnet_files.locked(app.root):
        module, own = _place(app, name)
        params = layout.params_of(module)
        changed = {params: _params(app, params).without(own)}
        for environment in app.application.environments.values():
            path = f"environments/{environment.folder}/params.libsonnet"
            text = ksonnet_files.read(app.root, path)
            if name in text:
                changed[path] = Params(text, path).without(name)
        ksonnet_files.write(app.root, changed, [f"components/{app.files()[name]}"])


def set_param(
    component: str, name: str, value: str | None, environment: str | None, *, as_string: bool = False
) -> None:
    """Set a parameter of a component, in one environment or for all; None removes it.

    Raises UsageError, PrototypeError, TreeError.
    """
    app = open_app()
    names = path_of(name)
    literal = None if value is None else value_of(value, as_string=as_string)
    where = None if environment is None else app.application.environment(environment)
    with ksonnet_files.locked(app.root):
        module, own = _place(app, component)
        key = own if where is None else component
        path = layout.params_of(module) if where is None else f"environments/{where.folder}/params.libsonnet"
        params = _params(app, path)
        if literal is None:
            text = params.without(key, names)
        else:
            text = params.with_value(key, names, literal, overlay=where is not None)
        parameters(app, where, text, module)
        ksonnet_files.write(app.root, {path: text})


def add_environment(environment: application.Environment) -> None:
    """Add an environment. Raises UsageError, TreeError."""
    app = open_app()
    check("environment", environment.name)
    with ksonnet_files.locked(app.root):
        taken = environment.name in app.application.environments
        if taken or ksonnet_files.exists(app.root, f"environments/{environment.folder}"):
            hint = f"dlaasgen ks env set {environment.name} changes it"
            raise UsageError([Finding("A104", f"there is an environment {environment.name} already", hint=hint)])
        save(app, app.application.with_environment(environment), layout.environment_files(environment))


def set_environment(name: str, new: str | None, changes: Mapping[str, str]) -> None:
    """Change an environment's namespace, server or context, or its name. Raises UsageError, TreeError."""
    app = open_app()
    with ksonnet_files.locked(app.root):
        before = app.application.environment(name)
        _refuse_nested(app, before, new)
        after = replace(before, **changes)
        if new is None or new == name:
            save(app, app.application.with_environment(after))
            return
        check("environment", new)
        if new in app.application.environments or ksonnet_files.exists(app.root, f"environments/{new}"):
            raise UsageError([Finding("A104", f"there is an environment {new} already")])
        old = f"environments/{before.folder}"
        moved = {f"environments/{new}/{p}": t for p, t in ksonnet_files.files(os.path.join(app.root, old)).items()}
        made = app.application.without_environment(name).with_environment(replace(after, name=new, path=new))
        save(app, made, moved, [old])


def set_targets(name: str, modules: Sequence[str]) -> None:
    """Say which modules' components go to an environment. Raises UsageError, TreeError."""
    app = open_app()
    folders = [app.module(m) for m in modules]
    with ksonnet_files.locked(app.root):
        save(app, app.application.with_environment(app.application.environment(name).with_targets(folders)))


def remove_environment(name: str) -> None:
    """Remove an environment and its folder. Raises UsageError, TreeError."""
    app = open_app()
    with ksonnet_files.locked(app.root):
        environment = app.application.environment(name)
        _refuse_nested(app, environment, None, "remove it first")
        folder = f"environments/{environment.folder}"
        save(app, app.application.without_environment(name), {}, [folder])


def _refuse_nested(app: App, environment: application.Environment, new: str | None, hint: str | None = None) -> None:
    """Raises UsageError when an environment's folder, which goes, holds another's, or would hold its new one."""
    if new is None and hint is None:
        return
    folders = [e.folder for e in app.application.environments.values()] + ([new] if new else [])
    inner = next((f for f in folders if f.startswith(f"{environment.folder}/")), None)
    if inner is not None:
        message = f"the folder of the environment {environment.name} holds that of {inner}"
        raise UsageError([Finding("A104", message, file=f"environments/{inner}", hint=hint)])
