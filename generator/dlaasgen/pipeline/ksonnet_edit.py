"""Change a ksonnet application: components, parameters, environments. A change is proved before it is made."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import ksonnet_files
from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding
from dlaasgen.ksonnet import application, arguments, layout, snippets
from dlaasgen.ksonnet.headers import Header, parse
from dlaasgen.ksonnet.names import check
from dlaasgen.ksonnet.params import Params, path_of, value_of
from dlaasgen.pipeline.ksonnet import App, builtin_library, open_app, parameters

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
        for (registry, package), texts in _packages(prototypes).items():
            made = made.with_library(registry, package, "")
            files |= {f"vendor/{registry}/{package}/{p}": t for p, t in texts.items()}
        if os.path.isfile(os.path.join(prototypes, "registry.yaml")):
            made = made.with_registry(os.path.basename(os.path.realpath(prototypes)), _uri(folder, prototypes))
    if environment is not None:
        made = made.with_environment(environment)
        files |= layout.environment_files(environment)
    headers, faults = _headers({p: t for p, t in files.items() if _is_prototype(p)})
    library = ksonnet_files.read(builtin_library(), "k.libsonnet")
    ksonnet_files.create(folder, layout.application_files(made, library) | files, layout.FOLDERS)
    return [h.short_name for h in headers], faults


def _uri(root: str, folder: str) -> str:
    """A folder as app.yaml names it: an absolute path stays one, another is relative to the application."""
    return folder if os.path.isabs(folder) else os.path.relpath(folder, root).replace(os.sep, "/")


def _folder(app: App, entry: Mapping[str, Any]) -> str:
    """The folder of a registry."""
    return os.path.join(app.root, str(entry.get("uri", "")))


def _packages(folder: str) -> dict[tuple[str, str], dict[str, str]]:
    """(registry, package) -> its files, of a folder that is a registry, a package, or just holds prototypes."""
    if not os.path.isdir(folder):
        raise UsageError([Finding("A112", "there is no folder of prototypes there", file=folder)])
    place = os.path.realpath(folder)
    name = check("registry", os.path.basename(place))
    if os.path.isfile(os.path.join(place, "registry.yaml")):
        return {
            (name, check("package", library)): ksonnet_files.files(ksonnet_files.package(place, path))
            for library, path in registry_libraries(place).items()
        }
    if ksonnet_files.is_package(place):
        return {(name, name): ksonnet_files.files(place)}
    files = {f"prototypes/{p}": t for p, t in ksonnet_files.files(place).items()}
    if not any(p.endswith(".jsonnet") for p in files):
        hint = "give a folder with registry.yaml, with parts.yaml, or with .jsonnet files"
        raise UsageError([Finding("A112", "the folder holds no prototypes", file=folder, hint=hint)])
    return {(name, name): files}


def registry_libraries(folder: str) -> dict[str, str]:
    """The packages that a registry.yaml lists: name -> path. Raises UsageError, PrototypeError."""
    document: Any = ksonnet_files.read_yaml(os.path.realpath(folder), "registry.yaml", "A112")
    libraries = document.get("libraries") if isinstance(document, dict) else None
    if not isinstance(libraries, dict) or not all(isinstance(k, str) for k in libraries):
        raise PrototypeError([Finding("A112", "the registry lists no libraries", file="registry.yaml")])
    paths = {k: v.get("path", k) if isinstance(v, dict) else k for k, v in libraries.items()}
    return {k: v if isinstance(v, str) else k for k, v in paths.items()}


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
    """The prototypes of an application, and warnings about those that cannot be read."""
    return _headers({p: ksonnet_files.read(app.root, p) for p in ksonnet_files.prototypes(app.root)})


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
    program, values = preview(prototype(app, query), name, options)
    with ksonnet_files.locked(app.root):
        if ksonnet_files.exists(app.root, path):
            hint = f"remove it: dlaasgen ks component rm {name}"
            raise UsageError([Finding("A104", f"there is a component {name} already", file=path, hint=hint)])
        text = _module_params(app).with_component(name, values)
        parameters(app, text=text)
        ksonnet_files.write(app.root, {path: program, layout.COMPONENT_PARAMS: text})
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
        _save(app, app.application.with_environment(environment), layout.environment_files(environment))


def set_environment(name: str, new: str | None, changes: Mapping[str, str]) -> None:
    """Change an environment's namespace, server or context, or its name. Raises UsageError, TreeError."""
    app = open_app()
    with ksonnet_files.locked(app.root):
        before = app.application.environment(name)
        after = replace(before, **changes)
        if new is None or new == name:
            _save(app, app.application.with_environment(after))
            return
        check("environment", new)
        if new in app.application.environments or ksonnet_files.exists(app.root, f"environments/{new}"):
            raise UsageError([Finding("A104", f"there is an environment {new} already")])
        old = f"environments/{before.folder}"
        moved = {f"environments/{new}/{p}": t for p, t in ksonnet_files.files(os.path.join(app.root, old)).items()}
        made = app.application.without_environment(name).with_environment(replace(after, name=new, path=new))
        _save(app, made, moved, [old])


def remove_environment(name: str) -> None:
    """Remove an environment and its folder. Raises UsageError, TreeError."""
    app = open_app()
    with ksonnet_files.locked(app.root):
        folder = f"environments/{app.application.environment(name).folder}"
        _save(app, app.application.without_environment(name), {}, [folder])


def _save(
    app: App, made: application.Application, files: Mapping[str, str] | None = None, gone: Sequence[str] = ()
) -> None:
    there = [f for f in gone if ksonnet_files.exists(app.root, f)]
    ksonnet_files.write(app.root, {**(files or {}), application.FILE: layout.app_yaml(made)}, folders=there)


def add_registry(name: str, uri: str) -> None:
    """Add a registry in a folder. Raises UsageError, PrototypeError."""
    app = open_app()
    check("registry", name)
    if "://" in uri and not uri.startswith("file://"):
        hint = "fetch it (git clone) and give the folder"
        raise UsageError([Finding("A112", "only registries in folders can be added", found=uri[:100], hint=hint)])
    folder = uri.removeprefix("file://")
    registry_libraries(folder)
    with ksonnet_files.locked(app.root):
        _save(app, app.application.with_registry(name, _uri(app.root, folder)))


def packages(app: App) -> list[tuple[str, str, str, bool]]:
    """(registry, package, version, whether it is installed) of every package that is known. Raises PrototypeError."""
    known: dict[tuple[str, str], tuple[str, bool]] = {}
    for registry, entry in app.application.registries.items():
        folder = _folder(app, entry)
        if entry.get("protocol") == "fs" and os.path.isfile(os.path.join(folder, "registry.yaml")):
            known |= {(registry, name): ("", False) for name in registry_libraries(folder)}
    for key, library in app.application.libraries.items():
        folder, _, last = key.rpartition("/")
        names = (str(library.get("registry") or folder), str(library.get("name") or last))
        known[names] = (str(library.get("version") or ""), True)
    return [(r, n, v, i) for (r, n), (v, i) in sorted(known.items())]


def install(package: str) -> str:
    """Copy a package, REGISTRY/NAME, into vendor/; its folder. Raises UsageError, PrototypeError, TreeError."""
    app = open_app()
    registry, _, rest = package.rpartition("/")
    name, _, version = rest.partition("@")
    check("package", name)
    if not registry:
        having = sorted({r for r, n, _, _ in packages(app) if n == name})
        if len(having) != 1:
            message = f"{'several registries have' if having else 'no registry has'} a package {name}"
            raise UsageError([Finding("A112", message, expected="REGISTRY/NAME", hint=", ".join(having) or None)])
        registry = having[0]
    entry = app.application.registries.get(check("registry", registry))
    if entry is None or entry.get("protocol") != "fs":
        message = f"the application has no registry {registry}" if entry is None else "the registry is no folder"
        hint = "dlaasgen ks registry add NAME FOLDER adds one"
        raise UsageError([Finding("A112", message, found=registry, hint=hint)])
    folder = _folder(app, entry)
    place = ksonnet_files.package(folder, registry_libraries(folder).get(name, name))
    target = f"vendor/{registry}/{name}"
    texts = {f"{target}/{p}": t for p, t in ksonnet_files.files(place).items()}
    with ksonnet_files.locked(app.root):
        if ksonnet_files.exists(app.root, target):
            raise UsageError([Finding("A104", f"the package {registry}/{name} is installed already", file=target)])
        _save(app, app.application.with_library(registry, name, version), texts)
    return target
