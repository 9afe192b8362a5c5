"""dlaasgen ks init and version."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output


def init(
    name: Annotated[str, typer.Argument(metavar="APP", help="Name of the application, and of its new folder.")],
    prototypes: Annotated[
        str | None,
        typer.Option(
            "--prototypes", metavar="FOLDER", help="Folder of ksonnet prototypes, or a registry, to copy into vendor/."
        ),
    ] = None,
    folder: Annotated[
        str | None,
        typer.Option("--dir", metavar="DIR", help="Folder to make instead of one called like the application."),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option("--env", metavar="NAME", help="Environment to make; default when one of the next is given."),
    ] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", "-n", help="Namespace of that environment.")] = None,
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="API server of that environment.")
    ] = None,
    context: Annotated[str | None, typer.Option("--context", help="kubectl's context of that environment.")] = None,
    api_spec: Annotated[
        str | None, typer.Option("--api-spec", metavar="SPEC", help="Ignored: k.libsonnet is one for all versions.")
    ] = None,
    skip_default_registries: Annotated[
        bool, typer.Option("--skip-default-registries", help="Ignored: there are no default registries.")
    ] = False,
) -> None:
    """Make a ksonnet application in a new folder."""
    from dlaasgen.findings import counted
    from dlaasgen.ksonnet.application import DEFAULT_NAMESPACE, Environment
    from dlaasgen.ksonnet.names import check
    from dlaasgen.pipeline import ksonnet_edit

    made = None
    if any(x is not None for x in (environment, namespace, server, context)):
        where = check("environment", environment or "default")
        made = Environment(where, namespace or DEFAULT_NAMESPACE, server or "", context or "")
    place = folder or check("application", name)
    names, findings = ksonnet_edit.init(name, place, prototypes, made)
    output.findings(findings)
    if api_spec is not None:
        output.say("--api-spec is ignored: k.libsonnet holds what prototypes of benchmarks use, whatever the version")
    output.say(
        f"made the application {name} in {place}" + (f", with {counted(len(names), 'prototype')}" if names else "")
    )
    for one in names:
        output.detail(f"prototype: {one}")


def version() -> None:
    """Print the versions of what `ks` is here."""
    from importlib import metadata

    from dlaasgen import __version__
    from dlaasgen.ksonnet.application import VERSIONS

    output.always(f"dlaasgen version: {__version__}")
    output.always(f"ksonnet application format: {VERSIONS[-1]}")
    output.always(f"jsonnet version: {metadata.version('jsonnet')}")
