"""Change a ksonnet application: components, parameters, environments. A change is proved before it is made."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from dlaasgen.adapters import ksonnet_files
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


def preview(header: Header, name: str, options: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """(program, parameters in jsonnet) of what a prototype would become. Raises UsageError, PrototypeError."""
    values = arguments.values(header, name, options)
    try:
        return snippets.component(header.body, name), values
    except ValueError as error:
        raise PrototypeError([Finding("A110", f"the prototype cannot be read: {error}", file=header.file)]) from None


def generate(query: str, name: str, options: Mapping[str, str]) -> str:
    """Make a component of a prototype; the path of its file. Raises UsageError, PrototypeError, TreeError."""
    app = open_app()
    check("component", name)
    path = f"components/{name}.jsonnet"
    header = prototype(app, query)
    program, values = preview(header, name, options)
    with ksonnet_files.locked(app.root):
        if ksonnet_files.exists(app.root, path):
            hint = f"remove it: dlaasgen ks component rm {name}"
            raise UsageError([Finding("A104", f"there is a component {name} already", file=path, hint=hint)])
        text = _module_params(app).with_component(name, values)
        parameters(app, text=text)
        ksonnet_files.write(app.root, {**copied(app, header), path: program, layout.COMPONENT_PARAMS: text})
    return path


def _module_params(app: App) -> Params:
    return Params(ksonnet_files.read(app.root, layout.COMPONENT_PARAMS), layout.COMPONENT_PARAMS)


def remove_component(name: str) -> None:
    """Remove a component, and its parameters in every environment. Raises UsageError, PrototypeError, TreeError."""
    app = open_app()
    with ksonnet_files.locked(app.root):
        app.components([name])
        changed = {layout.COMPONENT_PARAMS: _module_params(app).without(name)}
        for environment in app.application.environments.values():
            path = f"environments/{environment.folder}/params.libsonnet"
            text = ksonnet_files.read(app.root, path)
            if name in text:
                changed[path] = Params(text, path).without(name)
        ksonnet_files.write(app.root, changed, [f"components/{name}.jsonnet"])


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
    path = layout.COMPONENT_PARAMS if where is None else f"environments/{where.folder}/params.libsonnet"
    with ksonnet_files.locked(app.root):
        app.components([component])
        params = Params(ksonnet_files.read(app.root, path), path)
        if literal is None:
            text = params.without(component, names)
        else:
            text = params.with_value(component, names, literal, overlay=where is not None)
        parameters(app, where, text)
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
