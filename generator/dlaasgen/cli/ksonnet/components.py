"""dlaasgen ks component: what the application is made of."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.ksonnet.tables import Form, table
from dlaasgen.cli.output import Output


def list_(
    module: Annotated[str | None, typer.Option("--module", help="Only the components of this module.")] = None,
    form: Form = Output.text,
) -> None:
    """List the components; those of a module are called MODULE.NAME."""
    import os

    from dlaasgen.pipeline.ksonnet import left_out, open_app

    app = open_app()
    output.findings(left_out(app))
    wanted = None if module is None else app.module(module)
    files = {n: os.path.split(p) for n, p in app.files().items()}
    rows = [[n, file.rpartition(".")[2]] for n, (folder, file) in files.items() if wanted in (None, folder)]
    table(form, ("component", "type"), rows)


def create_module(
    name: Annotated[str, typer.Argument(metavar="MODULE", help="Name; dots or slashes lead into other modules.")],
) -> None:
    """Make a module: a folder in components/ with parameters of its own."""
    from dlaasgen.pipeline import ksonnet_edit

    output.say(f"wrote {ksonnet_edit.create_module(name)}")


def modules(
    environment: Annotated[
        str | None, typer.Option("--env", metavar="ENVIRONMENT", help="Only those whose components go there.")
    ] = None,
    form: Form = Output.text,
) -> None:
    """List the modules; / is components/ itself."""
    from dlaasgen.pipeline.ksonnet import open_app

    table(form, ("module",), [[name] for name in open_app().modules(environment)])


def rm(
    name: Annotated[str, typer.Argument(metavar="COMPONENT", help="Name of a component of the application.")],
) -> None:
    """Remove a component and its parameters; the cluster is left as it is."""
    from dlaasgen.pipeline import ksonnet_edit

    ksonnet_edit.remove_component(name)
    output.say(f"removed the component {name}")
