"""Arguments of `ks generate`: a prototype's parameters are its options. No I/O here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.ksonnet.headers import Header


@dataclass(frozen=True, slots=True)
class Given:
    """What stood on the command line: names, options (name -> text) and whether help was asked for."""

    names: tuple[str, ...]
    options: Mapping[str, str]
    help: bool = False


def split(arguments: Sequence[str]) -> Given:
    """Arguments as pflag reads them: `--name=value` or `--name value`, between and behind the names.

    Raises UsageError for an option without a value.
    """
    names: list[str] = []
    options: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            names += rest
            break
        if word in ("--help", "-h"):
            return Given(tuple(names), options, help=True)
        if not word.startswith("--"):
            names.append(word)
            continue
        name, equals, value = word[2:].partition("=")
        if not equals:
            if not rest:
                raise UsageError([Finding("A108", f"the option --{name:.60} has no value", hint=f"--{name:.60}=VALUE")])
            value = rest.pop(0)
        options[name] = value
    return Given(tuple(names), options)


MODULE = "module"
"""The option of `ks generate` that names the module of the new component."""
VALUES_FILE = "values-file"
"""The option of `ks generate` that names a file of parameters, an object in jsonnet."""


def from_file(found: object, file: str) -> dict[str, str]:
    """The options that a file of values stands for. Raises UsageError for what is no object."""
    if not isinstance(found, dict):
        message = "a file of values holds an object, a parameter a field"
        raise UsageError([Finding("A108", message, file=file, found=shown(found))])
    return {k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in found.items()}


def values(header: Header, component: str, options: Mapping[str, str]) -> dict[str, str]:
    """Every parameter of the prototype -> its value in jsonnet. `name` is the component's when it is not given.

    Raises UsageError with every fault.
    """
    faults: list[Finding] = []
    for name in options:
        if header.parameter(name) is None:
            known = [p.name for p in header.parameters]
            hint = did_you_mean(name, known) or f"parameters: {', '.join(known) or 'none'}"
            faults.append(Finding("A108", f"prototype {header.name} has no parameter {name:.60}", hint=hint))
    found: dict[str, str] = {}
    for parameter in header.parameters:
        text = options.get(parameter.name, component if parameter.name == "name" else parameter.default)
        if text is None and parameter.may_miss:
            continue
        if text is None:
            hint = f"--{parameter.name}=VALUE: {parameter.description}"
            faults.append(Finding("A108", f"prototype {header.name} needs the parameter {parameter.name}", hint=hint))
            continue
        try:
            found[parameter.name] = parameter.literal(text)
        except ValueError as error:
            message = f"parameter {parameter.name} of prototype {header.name} has the wrong type"
            faults.append(Finding("A108", message, found=shown(text), expected=str(error)))
    if faults:
        raise UsageError(faults)
    return found


def find(query: str, headers: Sequence[Header]) -> Header:
    """The one prototype whose name is, or ends in, `query`. Raises UsageError for none and for several."""
    exact = [h for h in headers if query in (h.name, h.short_name)]
    ending = exact or [h for h in headers if query and h.name.endswith(query)]
    if len(ending) == 1:
        return ending[0]
    if ending:
        message = f"several prototypes are called {query:.100}"
        raise UsageError(
            [Finding("A107", message, expected=" or ".join(sorted(f"{h.name} ({h.file})" for h in ending)))]
        )
    names = [h.short_name for h in headers]
    inside = [n for n in names if query and query in n]
    hint = did_you_mean(query, names) or (f"there is {', '.join(inside)}" if inside else None)
    hint = hint or (
        f"prototypes: {', '.join(sorted(names))}" if names else "put prototypes into vendor/NAME/prototypes/"
    )
    raise UsageError([Finding("A107", f"no prototype is called {query:.100}", hint=hint)])


def search(query: str, headers: Sequence[Header]) -> list[Header]:
    """The prototypes whose name holds `query`."""
    return [h for h in headers if query.lower() in h.name.lower()]


def described(header: Header) -> str:
    """A prototype's documentation, as `ks prototype describe` and the help of `ks generate` have it."""
    required = [p for p in header.parameters if p.default is None and not p.may_miss]
    optional = [p for p in header.parameters if p not in required]
    lines = ["PROTOTYPE NAME:", header.name, "", "DESCRIPTION:", header.description or header.short_description, ""]
    for title, parameters in (("REQUIRED PARAMETERS:", required), ("OPTIONAL PARAMETERS:", optional)):
        lines.append(title)
        width = max((len(p.name) for p in parameters), default=0) * 2 + 6
        for p in parameters:
            default = "" if p.default is None else f"default: {p.default}, "
            kind = " or ".join(p.choices) or p.type
            lines.append(f"  {f'--{p.name}=<{p.name}>':{width}}{p.description} [{default}type: {kind}]")
        lines += [] if parameters else ["  [none]"]
        lines.append("")
    return "\n".join(lines)
