"""dlaasgen ks show, apply, delete and diff: components in an environment."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.ksonnet.tables import Environment, each

Components = Annotated[
    list[str] | None,
    typer.Option(
        "--component", "-c", metavar="COMPONENT", help="Only these components, with commas between. Can be repeated."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="kubectl only says what it would do (--dry-run=client).")]


class ShowOutput(StrEnum):
    """The forms of manifests."""

    yaml = "yaml"
    json = "json"


class EngineName(StrEnum):
    """The jsonnet engines."""

    rjsonnet = "rjsonnet"
    jsonnet = "jsonnet"


def show(
    environment: Environment,
    component: Components = None,
    form: Annotated[ShowOutput, typer.Option("--output", "-o", help="yaml, or json: one List.")] = ShowOutput.yaml,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="Jsonnet engine; both give the same objects.")
    ] = EngineName.rjsonnet,
) -> None:
    """Print the manifests of the components in an environment."""
    from dlaasgen.formats import safe
    from dlaasgen.ksonnet.objects import as_list, as_yaml
    from dlaasgen.pipeline import ksonnet

    app = ksonnet.open_app()
    output.findings(ksonnet.left_out(app))
    found = ksonnet.shown(app, environment, each(component), engine.value)
    if form is ShowOutput.json:
        output.data(as_list(found))
    else:
        output.always(safe(as_yaml(found)).rstrip("\n"))


def apply(ctx: typer.Context, environment: Environment, component: Components = None, dry_run: DryRun = False) -> None:
    """Apply the components to the environment's cluster, with kubectl, which gets the options that it has, too."""
    _call(ctx, "apply", environment, component, ["--dry-run=client"] if dry_run else [])


def delete(
    ctx: typer.Context,
    environment: Environment,
    component: Components = None,
    dry_run: DryRun = False,
    grace_period: Annotated[
        int, typer.Option("--grace-period", metavar="SECONDS", help="Time to end in; -1: the pods' own.")
    ] = -1,
) -> None:
    """Delete the components from the environment's cluster, with kubectl, last ones first."""
    options = ["--ignore-not-found=true", "--wait=false", *([f"--grace-period={grace_period}"] * (grace_period >= 0))]
    _call(ctx, "delete", environment, component, [*options, *(["--dry-run=client"] if dry_run else [])])


def diff(
    ctx: typer.Context,
    environment: Environment,
    other: Annotated[
        str | None,
        typer.Argument(metavar="OTHER", help="Another environment to compare with, instead of the cluster."),
    ] = None,
    component: Components = None,
) -> None:
    """Compare the components with the environment's cluster, or with another environment. Exit code 1: they differ.

    As in ks, local:ENVIRONMENT means its components, and remote:ENVIRONMENT what its cluster has.
    """
    from dlaasgen.ksonnet.options import compared
    from dlaasgen.pipeline import ksonnet

    environment, other = compared(environment, other)
    if other is None:
        differ = _call(ctx, "diff", environment, component, [])
    else:
        lines = ksonnet.difference(ksonnet.open_app(), environment, other, each(component))
        for line in lines:
            output.always(line)
        differ = bool(lines)
    if differ:
        raise typer.Exit(1)


def _call(ctx: typer.Context, verb: str, environment: str, components: list[str] | None, options: list[str]) -> bool:
    """Whether kubectl said that something differs."""
    from dlaasgen.pipeline import ksonnet

    app = ksonnet.open_app()
    output.findings(ksonnet.left_out(app))
    differ = called = False
    for what, code, said in ksonnet.to_cluster(
        app, verb, environment, each(components), options, connection=ctx.obj.connection
    ):
        output.say(what)
        if said.strip():
            output.always(said.rstrip("\n"))
        differ, called = differ or bool(code), True
    if not called:
        output.say(f"nothing to {verb}: the application has no components")
    return differ
