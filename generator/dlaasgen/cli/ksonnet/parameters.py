"""dlaasgen ks param: the parameters of components."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from dlaasgen.cli import output
from dlaasgen.cli.ksonnet.tables import Form, table
from dlaasgen.cli.output import Output

Component = Annotated[str, typer.Argument(metavar="COMPONENT", help="Name of a component of the application.")]
Only = Annotated[str | None, typer.Argument(metavar="COMPONENT", help="Only the parameters of this component.")]
In = Annotated[
    str | None, typer.Option("--env", metavar="ENVIRONMENT", help="In this environment only; else for all of them.")
]


def set_(
    component: Component,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The parameter; dots lead into objects.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A number, true, false, JSON, or else a string.")],
    environment: In = None,
    as_string: Annotated[
        bool, typer.Option("--as-string", help="Take the value for a string, whatever it is.")
    ] = False,
) -> None:
    """Set a parameter of a component."""
    from dlaasgen.pipeline import ksonnet_edit

    ksonnet_edit.set_param(component, name, value, environment, as_string=as_string)
    output.say(f"set {component} {name}" + (f" in {environment}" if environment else ""))


def delete(
    component: Component,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The parameter; dots lead into objects.")],
    environment: In = None,
) -> None:
    """Remove a parameter of a component, or what an environment says of it."""
    from dlaasgen.pipeline import ksonnet_edit

    ksonnet_edit.set_param(component, name, None, environment)
    output.say(f"removed {component} {name}" + (f" in {environment}" if environment else ""))


def list_(
    component: Only = None,
    environment: In = None,
    module: Annotated[str | None, typer.Option("--module", help="Only the parameters of this module.")] = None,
    form: Form = Output.text,
) -> None:
    """List the parameters of one component, or of all."""
    from dlaasgen.pipeline.ksonnet import open_app, parameters

    app = open_app()
    where = None if environment is None else app.application.environment(environment)
    found = parameters(app, where, module=None if module is None else app.module(module))
    names = app.components([component]) if component else sorted(found)
    rows = [[c, p, _text(v)] for c in names for p, v in sorted(found.get(c, {}).items())]
    table(form, ("component", "param", "value"), rows)


def diff(
    one: Annotated[str, typer.Argument(metavar="ENVIRONMENT1", help="Name of an environment.")],
    other: Annotated[str, typer.Argument(metavar="ENVIRONMENT2", help="Name of another one.")],
    component: Annotated[
        str | None,
        typer.Option("--component", "-c", metavar="COMPONENT", help="Only the parameters of this component."),
    ] = None,
    form: Form = Output.text,
) -> None:
    """Show the parameters that differ between two environments."""
    from dlaasgen.pipeline.ksonnet import open_app, parameters

    app = open_app()
    first, second = (_flat(parameters(app, app.application.environment(e))) for e in (one, other))
    names = app.components([component]) if component else None
    rows = [
        [c, p, first.get((c, p), ""), second.get((c, p), "")]
        for c, p in sorted(first.keys() | second.keys())
        if first.get((c, p)) != second.get((c, p)) and (names is None or c in names)
    ]
    table(form, ("component", "param", "env1", "env2"), rows)


def _flat(found: dict[str, dict[str, Any]]) -> dict[tuple[str, str], str]:
    return {(c, p): _text(v) for c, params in found.items() for p, v in params.items()}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
