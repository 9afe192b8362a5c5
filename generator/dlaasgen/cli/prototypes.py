"""dlaasgen prototypes: which prototypes there are, and what they make."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dlaasgen.cli import output
from dlaasgen.cli.output import Output
from dlaasgen.formats import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.pipeline.prototypes import Listed, Support
    from dlaasgen.prototypes import Parameter

Form = Annotated[Output, typer.Option("--output", "-o", help="Form of what is printed.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The prototype's name, as a matrix gives it.")]


def list_(output_: Form = Output.text) -> None:
    """List the prototypes that a matrix of this project can name."""
    from dlaasgen.pipeline import prototypes as pipeline

    found, findings = pipeline.listed()
    output.findings(findings)
    _list(found, output_)


def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for; its case does not matter.")],
    output_: Form = Output.text,
) -> None:
    """List the prototypes that have a text in their name, description or parameters."""
    from dlaasgen.pipeline import prototypes as pipeline

    found, findings = pipeline.search(text)
    output.findings(findings)
    if not found and output_ is Output.text:
        output.say(f"no prototype has {text!r} in its name, description or parameters")
        return
    _list(found, output_)


def _list(found: Sequence[Listed], form: Output) -> None:
    if form is Output.json:
        output.data([_head(one) for one in found])
        return
    rows = [(one.name, _place(one), one.prototype.short_description) for one in found]
    _table([("name", "from", "description"), *rows])


def _head(one: Listed) -> dict[str, Any]:
    return {
        "name": one.name,
        "from": one.place,
        "hides_shipped": one.hides,
        "file": one.prototype.file,
        "short_description": one.prototype.short_description,
    }


def _place(one: Listed) -> str:
    return f"{one.place} (hides the shipped one)" if one.hides else one.place


def _table(rows: Sequence[Sequence[str]]) -> None:
    cells = [[safe(text) for text in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    for row in cells:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def describe(name: Name, output_: Form = Output.text) -> None:
    """Print what a prototype says of itself: its parameters, and the dialects that its jobs can be had in."""
    from dlaasgen.pipeline import prototypes as pipeline

    one, supports, findings = pipeline.describe(name)
    output.findings(findings)
    parameters = one.prototype.parameters.values()
    if output_ is Output.json:
        dialects = [
            {"name": s.dialect, "supported": not s.codes, "native": s.native, "lost": list(s.codes)} for s in supports
        ]
        told = {"description": one.prototype.description, "parameters": [_parameter(p) for p in parameters]}
        output.data({**_head(one), **told, "dialects": dialects})
        return
    print(safe(f"{one.name} ({_place(one)}, {one.prototype.file}): {one.prototype.short_description}"))
    if one.prototype.description:
        print(safe(f"\n{one.prototype.description}"))
    print()
    rows = [(p.name, _type(p), "required" if p.required else json.dumps(p.default), p.description) for p in parameters]
    _table([("parameter", "type", "default", "meaning"), *rows])
    if supports:
        print()
        _table([("dialect", "supported"), *((s.dialect, _supported(s)) for s in supports)])


def _type(parameter: Parameter) -> str:
    return "|".join(parameter.choices) or parameter.type


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "type": parameter.type,
        "choices": list(parameter.choices),
        "required": parameter.required,
        "default": parameter.default,
        "description": parameter.description,
    }


def _supported(support: Support) -> str:
    if support.native:
        return "yes, as it is written"
    return f"no: {', '.join(support.codes)}" if support.codes else "yes"


def preview(
    name: Name,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter: a text, or else JSON. Can be repeated."),
    ] = None,
    dialect: Annotated[
        str | None, typer.Option("--dialect", metavar="DIALECT", help="Convert the jobs to this dialect.")
    ] = None,
    output_: Form = Output.text,
) -> None:
    """Print what a prototype makes of some parameters; those without a default that are not given get an example."""
    from dlaasgen.canonical import dump
    from dlaasgen.errors import CheckError
    from dlaasgen.formats import as_dict
    from dlaasgen.pipeline import prototypes as pipeline

    seen = pipeline.preview(name, set_ or (), dialect)
    lost = any(f.severity == "error" for f in seen.findings)
    if output_ is Output.json:
        found = [as_dict(f) for f in seen.findings]
        output.data(
            {
                "prototype": name,
                "params": seen.params,
                "examples": seen.examples,
                "objects": seen.objects,
                "findings": found,
            }
        )
    else:
        if seen.examples and output.level > output.QUIET:
            told = ", ".join(f"{k}={json.dumps(v)}" for k, v in seen.examples.items())
            print(safe(f"example values: {told}"), file=sys.stderr)
        output.findings(seen.findings)
        if not lost:
            sys.stdout.write("---\n".join(dump(o) for o in seen.objects))
    if lost:
        raise typer.Exit(CheckError.exit_code)


prototypes = typer.Typer(
    name="prototypes",
    no_args_is_help=True,
    help="The prototypes of the project around the working folder, and those that dlaasgen ships.",
)
prototypes.command("list")(list_)
prototypes.command()(describe)
prototypes.command()(search)
prototypes.command()(preview)
