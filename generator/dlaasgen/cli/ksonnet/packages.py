"""dlaasgen ks pkg and registry: where prototypes come from."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.ksonnet.tables import Form, table
from dlaasgen.cli.output import Output


def list_(
    installed_only: Annotated[bool, typer.Option("--installed", help="Only those that are installed.")] = False,
    form: Form = Output.text,
) -> None:
    """List the packages of the registries, and which are installed."""
    from dlaasgen.pipeline.ksonnet import open_app
    from dlaasgen.pipeline.ksonnet_packages import packages

    found = [p for p in packages(open_app()) if p[3] or not installed_only]
    rows = [[r, n, v, "*" if installed else ""] for r, n, v, installed in found]
    table(form, ("registry", "name", "version", "installed"), rows)


def install(
    package: Annotated[str, typer.Argument(metavar="REGISTRY/PACKAGE", help="The package; @VERSION is only noted.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the package when it is installed already.")] = False,
) -> None:
    """Copy a package of a registry into vendor/."""
    from dlaasgen.pipeline import ksonnet_packages

    output.say(f"installed {ksonnet_packages.install(package, force=force)}")


def registries(form: Form = Output.text) -> None:
    """List the registries."""
    from dlaasgen.pipeline.ksonnet import open_app

    found = open_app().application.registries
    rows = [[n, str(r.get("protocol", "")), str(r.get("uri", ""))] for n, r in sorted(found.items())]
    table(form, ("name", "protocol", "uri"), rows)


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the registry in this application.")],
    uri: Annotated[str, typer.Argument(metavar="FOLDER", help="Folder that holds a registry.yaml.")],
    version: Annotated[str | None, typer.Option("--version", help="Ignored: a folder has the version it has.")] = None,
) -> None:
    """Add a registry in a folder."""
    from dlaasgen.pipeline import ksonnet_packages

    ksonnet_packages.add_registry(name, uri)
    output.say(f"added the registry {name}")
