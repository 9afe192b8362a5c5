"""Packages of ksonnet prototypes: registries in folders, and what is copied from them into an application."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import ksonnet_files
from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding
from dlaasgen.ksonnet.names import check
from dlaasgen.pipeline.ksonnet import App, open_app, save

if TYPE_CHECKING:
    from collections.abc import Mapping


def uri_of(root: str, folder: str) -> str:
    """A folder as app.yaml names it: an absolute path stays one, another is relative to the application."""
    return folder if os.path.isabs(folder) else os.path.relpath(folder, root).replace(os.sep, "/")


def _folder(app: App, entry: Mapping[str, Any]) -> str:
    """The folder of a registry."""
    return os.path.join(app.root, str(entry.get("uri", "")))


def packages_in(folder: str) -> dict[tuple[str, str], dict[str, str]]:
    """(registry, package) -> its files, of a folder that is a registry, a package, or just holds prototypes."""
    if not os.path.isdir(folder):
        raise UsageError([Finding("A112", "there is no folder of prototypes there", file=folder)])
    place = os.path.realpath(folder)
    try:
        name = check("registry", os.path.basename(place))
    except UsageError:  # any folder may hold prototypes
        name = "prototypes"
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


def add_registry(name: str, uri: str) -> None:
    """Add a registry in a folder. Raises UsageError, PrototypeError."""
    app = open_app()
    check("registry", name)
    if "://" in uri and not uri.startswith("file://"):
        hint = "fetch it (git clone) and give the folder"
        raise UsageError([Finding("A112", "only registries in folders can be added", found=uri[:100], hint=hint)])
    folder = uri.removeprefix("file://")
    if not os.path.isdir(folder):
        advice = "fetch it (git clone) and give the folder" if uri.startswith("github.com/") else None
        raise UsageError([Finding("A112", "there is no folder of a registry there", found=uri[:100], hint=advice)])
    registry_libraries(folder)
    with ksonnet_files.locked(app.root):
        save(app, app.application.with_registry(name, uri_of(app.root, folder)))


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


def install(package: str, *, force: bool = False) -> str:
    """Copy a package, REGISTRY/NAME, into vendor/; its folder. `force` replaces one that is there.

    Raises UsageError, PrototypeError, TreeError.
    """
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
        there = ksonnet_files.exists(app.root, target)
        if there and not force:
            message = f"the package {registry}/{name} is installed already"
            raise UsageError([Finding("A104", message, file=target, hint="--force replaces it")])
        old = ksonnet_files.files(os.path.join(app.root, target)) if there else {}
        gone = [f"{target}/{p}" for p in old if f"{target}/{p}" not in texts]
        save(app, app.application.with_library(registry, name, version), texts, removed=gone)
    return target
