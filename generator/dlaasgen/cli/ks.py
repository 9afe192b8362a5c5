"""dlaasgen ks: ksonnet's commands, on the folder of a ksonnet application."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from dlaasgen.cli.ksonnet import (
    application,
    cluster,
    components,
    environments,
    importing,
    packages,
    parameters,
    prototypes,
)


def _group(name: str, told: str) -> typer.Typer:
    made = typer.Typer(name=name, help=told, no_args_is_help=True)
    ks.add_typer(made)
    return made


class Ks(TyperGroup):
    """ks took its global options, and those of a cluster's client, anywhere."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments without them, which are noted."""
        from dlaasgen.cli import output
        from dlaasgen.ksonnet.options import prepared
        from dlaasgen.pipeline import ksonnet

        ctx.obj = prepared(args)
        ksonnet.start_at(ctx.obj.folder or ".")
        if ctx.obj.quiet or ctx.obj.verbose:
            output.level = output.QUIET if ctx.obj.quiet else output.VERBOSE
        return super().parse_args(ctx, list(ctx.obj.words))


ks = typer.Typer(
    name="ks",
    cls=Ks,
    no_args_is_help=True,
    help="ksonnet's commands, with ks' own arguments, on the application around the working folder.",
)
ks.command()(application.init)
ks.command(context_settings=prototypes.FREE)(prototypes.generate)
ks.command()(cluster.show)
ks.command()(cluster.apply)
ks.command()(cluster.delete)
ks.command()(cluster.diff)
ks.command("import")(importing.import_)
ks.command()(application.version)

_param = _group("param", "Parameters of components.")
_param.command("set")(parameters.set_)
_param.command("delete")(parameters.delete)
_param.command("list")(parameters.list_)
_param.command("diff")(parameters.diff)

_env = _group("env", "Environments: where components go.")
_env.command("add")(environments.add)
_env.command("list")(environments.list_)
_env.command("describe")(environments.describe)
_env.command("set")(environments.set_)
_env.command("rm")(environments.rm)
_env.command("targets")(environments.targets)

_module = _group("module", "Modules: components in a folder of their own, for some environments.")
_module.command("create")(components.create_module)
_module.command("list")(components.modules)

_component = _group("component", "Components: what the application is made of.")
_component.command("list")(components.list_)
_component.command("rm")(components.rm)

_pkg = _group("pkg", "Packages of prototypes.")
_pkg.command("list")(packages.list_)
_pkg.command("install")(packages.install)

_registry = _group("registry", "Registries: folders of packages.")
_registry.command("list")(packages.registries)
_registry.command("add")(packages.add)

_prototype = _group("prototype", "Prototypes: what components are generated from.")
_prototype.command("list")(prototypes.list_)
_prototype.command("describe")(prototypes.describe)
_prototype.command("search")(prototypes.search)
_prototype.command("preview", context_settings=prototypes.FREE)(prototypes.preview)
_prototype.command("use", context_settings=prototypes.FREE)(prototypes.use)
