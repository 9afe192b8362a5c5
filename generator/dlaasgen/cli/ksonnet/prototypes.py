"""dlaasgen ks generate and prototype: prototypes, and components made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dlaasgen.cli import output
from dlaasgen.cli.ksonnet.tables import Form, table
from dlaasgen.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.ksonnet.arguments import Given
    from dlaasgen.ksonnet.headers import Header

# A prototype's parameters are options that only the prototype knows, --help among them.
FREE: dict[str, Any] = {"ignore_unknown_options": True, "help_option_names": []}
_USAGE = "dlaasgen ks {} PROTOTYPE{} --PARAMETER=VALUE...; with a PROTOTYPE, --help lists its parameters"
Words = Annotated[
    list[str],
    typer.Argument(
        metavar="PROTOTYPE COMPONENT --PARAMETER=VALUE...",
        help="The prototype, by its name or the end of it, the new component's name, and the prototype's parameters.",
    ),
]
Query = Annotated[str, typer.Argument(metavar="PROTOTYPE", help="The prototype's name, or the end of it.")]


def generate(words: Words) -> None:
    """Make a component of a prototype. --help behind the prototype's name tells its parameters."""
    _use("generate", words)


def use(words: Words) -> None:
    """Make a component of a prototype, as generate does."""
    _use("prototype use", words)


def _use(command: str, words: Sequence[str]) -> None:
    from dlaasgen.pipeline import ksonnet_edit

    given = _given(command, words, 2)
    if given is not None:
        query, name = given.names
        output.say(f"wrote {ksonnet_edit.generate(query, name, given.options)}")


def preview(words: Words) -> None:
    """Print the component that a prototype would become; COMPONENT may be left out."""
    from dlaasgen.pipeline import ksonnet_edit
    from dlaasgen.pipeline.ksonnet import open_app

    given = _given("prototype preview", words, 1)
    if given is not None:
        name = given.names[1] if len(given.names) > 1 else "preview"
        text, _ = ksonnet_edit.preview(ksonnet_edit.prototype(open_app(), given.names[0]), name, given.options)
        output.always(text.rstrip("\n"))


def _given(command: str, words: Sequence[str], least: int) -> Given | None:
    """What stood on the command line; None when help was asked for, and given."""
    from dlaasgen.errors import UsageError
    from dlaasgen.findings import Finding
    from dlaasgen.ksonnet.arguments import described, split
    from dlaasgen.pipeline import ksonnet_edit
    from dlaasgen.pipeline.ksonnet import open_app

    given = split(words)
    usage = _USAGE.format(command, " COMPONENT" if least > 1 else " [COMPONENT]")
    if given.help:
        output.always(f"usage: {usage}")
        if given.names:
            output.always("\n" + described(ksonnet_edit.prototype(open_app(), given.names[0])))
        return None
    if len(given.names) == 3 and given.names[2] in ("jsonnet", "yaml", "json"):  # what ks called the type
        if given.names[2] != "jsonnet":
            hint = "generate it, and put what dlaasgen ks show prints into components/"
            raise UsageError([Finding("A117", "components are generated in jsonnet", found=given.names[2], hint=hint)])
        return replace(given, names=given.names[:2])
    if not least <= len(given.names) <= 2:
        raise UsageError([Finding("A108", f"wrong number of names: {len(given.names)}", expected=usage)])
    return given


def list_(form: Form = Output.text) -> None:
    """List the prototypes of the installed packages."""
    _print(form, *_all())


def search(
    query: Annotated[str, typer.Argument(metavar="TEXT", help="A part of the names to look for.")],
    form: Form = Output.text,
) -> None:
    """List the prototypes whose names hold a text."""
    from dlaasgen.ksonnet import arguments

    headers, findings = _all()
    _print(form, arguments.search(query, headers), findings)


def describe(query: Query, form: Form = Output.text) -> None:
    """Print a prototype's documentation."""
    from dlaasgen.ksonnet.arguments import described
    from dlaasgen.pipeline import ksonnet_edit
    from dlaasgen.pipeline.ksonnet import open_app

    header = ksonnet_edit.prototype(open_app(), query)
    if form is Output.json:
        parameters = [
            {"name": p.name, "type": p.type, "default": p.default, "description": p.description}
            for p in header.parameters
        ]
        about = {"name": header.name, "file": header.file, "description": header.description}
        output.data({**about, "parameters": parameters})
    else:
        output.always(described(header).rstrip("\n"))


def _all() -> tuple[list[Header], list[Any]]:
    from dlaasgen.pipeline import ksonnet_edit
    from dlaasgen.pipeline.ksonnet import open_app

    return ksonnet_edit.prototypes(open_app())


def _print(form: Output, headers: Sequence[Header], findings: Sequence[Any]) -> None:
    output.findings(findings)
    table(form, ("name", "description"), [[h.name, h.short_description] for h in headers])
