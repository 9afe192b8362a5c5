"""dlaasgen ks component: what the application is made of."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.ksonnet.tables import Form, table
from dlaasgen.cli.output import Output


def list_(form: Form = Output.text) -> None:
    """List the components."""
    from dlaasgen.pipeline.ksonnet import left_out, open_app

    app = open_app()
    output.findings(left_out(app))
    table(form, ("component", "type"), [[name, "jsonnet"] for name in app.components()])


def rm(
    name: Annotated[str, typer.Argument(metavar="COMPONENT", help="Name of a component of the application.")],
) -> None:
    """Remove a component and its parameters; the cluster is left as it is."""
    from dlaasgen.pipeline import ksonnet_edit

    ksonnet_edit.remove_component(name)
    output.say(f"removed the component {name}")
