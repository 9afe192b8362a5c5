"""dlaasgen ks env: environments, and where they lead."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.ksonnet.tables import Environment, Form, each, table
from dlaasgen.cli.output import Output

Namespace = Annotated[str | None, typer.Option("--namespace", "-n", help="Namespace that the objects go to.")]
Server = Annotated[
    str | None, typer.Option("--server", metavar="URL", help="API server, as kubectl's configuration names it.")
]
Context = Annotated[str | None, typer.Option("--context", help="kubectl's context; it goes before the server.")]
ApiSpec = Annotated[
    str | None, typer.Option("--api-spec", metavar="SPEC", help="Ignored: k.libsonnet is one for all versions.")
]


def add(
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="Name, which may have parts between slashes.")],
    namespace: Namespace = None,
    server: Server = None,
    context: Context = None,
    api_spec: ApiSpec = None,
) -> None:
    """Add an environment. Without a server and a context it is kubectl's current context, whichever that is then."""
    from dlaasgen.ksonnet import application
    from dlaasgen.pipeline import ksonnet_edit

    made = application.Environment(name, namespace or application.DEFAULT_NAMESPACE, server or "", context or "")
    ksonnet_edit.add_environment(made)
    output.say(f"added the environment {name}, namespace {made.namespace}")


def list_(form: Form = Output.text) -> None:
    """List the environments."""
    from dlaasgen.pipeline.ksonnet import open_app

    environments = open_app().application.environments
    rows = [[e.name, e.namespace, e.server, e.context] for _, e in sorted(environments.items())]
    table(form, ("name", "namespace", "server", "context"), rows)


def describe(name: Environment, form: Form = Output.text) -> None:
    """Print what app.yaml says of an environment."""
    from dlaasgen.canonical import dump
    from dlaasgen.pipeline.ksonnet import open_app

    found = {"name": name, **open_app().application.environment(name).as_json()}
    if form is Output.json:
        output.data(found)
    else:
        output.always(dump(found).rstrip("\n"))


def set_(
    name: Environment,
    new: Annotated[str | None, typer.Option("--name", metavar="NEW", help="New name; its folder moves along.")] = None,
    namespace: Namespace = None,
    server: Server = None,
    context: Context = None,
    api_spec: ApiSpec = None,
) -> None:
    """Change an environment."""
    from dlaasgen.pipeline import ksonnet_edit

    given = {"namespace": namespace, "server": server, "context": context}
    changes = {k: v for k, v in given.items() if v is not None}
    if not changes and new is None and api_spec is None:
        msg = "nothing to change: give --name, --namespace, --server or --context"
        raise typer.BadParameter(msg)
    ksonnet_edit.set_environment(name, new, changes)
    output.say(f"changed the environment {name}")


def rm(name: Environment) -> None:
    """Remove an environment and its folder; the cluster is left as it is."""
    from dlaasgen.pipeline import ksonnet_edit

    ksonnet_edit.remove_environment(name)
    output.say(f"removed the environment {name}")


def targets(
    name: Environment,
    module: Annotated[
        list[str],
        typer.Option("--module", help="Modules, with commas between; / is components/ itself. Can be repeated."),
    ],
) -> None:
    """Say which modules' components go to an environment; without that it is those of components/ itself."""
    from dlaasgen.pipeline import ksonnet_edit

    ksonnet_edit.set_targets(name, each(module))
    output.say(f"changed the environment {name}")
