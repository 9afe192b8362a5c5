"""Header: the `// @...` comments of a ksonnet prototype, as ks read them. No I/O here.

Other than in a prototype of ours a default is always one word, of a string without quotes, and an unknown tag is
ignored, as ks did. A comment line behind a tag goes on with it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from dlaasgen.errors import PrototypeError
from dlaasgen.findings import Finding, did_you_mean, shown

TYPES = ("string", "number", "numberOrString", "object", "array", "boolean", "integer")
_COMMENT = re.compile(r"\s*//\s?(.*)").fullmatch
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII).fullmatch
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented parameter. `default` is its text; without one it must be given, unless it `may_miss`."""

    name: str
    type: str
    description: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    may_miss: bool = False

    def literal(self, text: str) -> str:
        """The value in jsonnet that a text on the command line means. Raises ValueError that says what it should be."""
        if self.choices and text not in self.choices:
            msg = f"one of {', '.join(self.choices)}"
            raise ValueError(msg)
        if self.type == "string" or (self.type == "numberOrString" and not _NUMBER(text)):
            return json.dumps(text, ensure_ascii=False)
        if self.type in ("number", "numberOrString", "integer"):
            if not _NUMBER(text) or (self.type == "integer" and not text.lstrip("-").isdecimal()):
                msg = "an integer" if self.type == "integer" else "a number"
                raise ValueError(msg)
            return text
        kind = {"object": dict, "array": list, "boolean": bool}[self.type]
        try:
            value: Any = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, kind):
            msg = {"object": "an object in JSON", "array": "an array in JSON", "boolean": "true or false"}[self.type]
            raise ValueError(msg)  # noqa: TRY004 - the text is wrong, no argument
        return text


@dataclass(frozen=True, slots=True)
class Header:
    """A ksonnet prototype's documentation; `body` is the program below it, `file` where it was read from."""

    name: str
    file: str
    parameters: tuple[Parameter, ...]
    body: str
    short_description: str = ""
    description: str = ""
    api_version: str = ""

    @property
    def short_name(self) -> str:
        """The last part of its name: `dlaas-resnet50` of `io.intel.pkg.dlaas-resnet50`."""
        return self.name.rpartition(".")[2]

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name."""
        return next((p for p in self.parameters if p.name == name), None)


def parse(source: str, file: str) -> Header:
    """The header of a ksonnet prototype. Raises PrototypeError with every fault."""
    tags, body = _tags(source)
    faults: list[Finding] = []
    texts: dict[str, str] = {}
    parameters: dict[str, Parameter] = {}
    for line, tag, rest in tags:
        if tag in ("param", "optionalParam"):
            try:
                parameter = _parameter(tag, rest)
            except ValueError as error:
                faults.append(Finding("T102", str(error), file=file, line=line, found=shown(f"@{tag} {rest}")))
                continue
            if parameter.name in parameters:
                faults.append(Finding("T102", f"parameter {parameter.name} is documented twice", file=file, line=line))
            parameters[parameter.name] = parameter
        else:
            texts[tag] = rest
    if not texts.get("name", "").strip():
        hint = "a ksonnet prototype begins with // @apiVersion 0.1 and // @name io.example.pkg.NAME"
        faults.append(Finding("T102", "the prototype has no // @name header", file=file, line=1, hint=hint))
    if faults:
        raise PrototypeError(faults)
    return Header(
        name=texts["name"],
        file=file,
        parameters=tuple(parameters.values()),
        body=body,
        short_description=texts.get("shortDescription", ""),
        description=texts.get("description", ""),
        api_version=texts.get("apiVersion", ""),
    )


def _tags(source: str) -> tuple[list[tuple[int, str, str]], str]:
    """((line, tag, its text) of the comments above the first line of code, the rest of the program)."""
    tags: list[tuple[int, str, str]] = []
    lines = source.replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    for number, line in enumerate(lines):
        comment = _COMMENT(line)
        if comment is None and line.strip():
            return tags, "\n".join([*kept, *lines[number:]]).lstrip("\n")
        text = comment[1].strip() if comment else ""
        if text.startswith("@"):
            tag, _, rest = text[1:].partition(" ")
            tags.append((number + 1, tag, rest.strip()))
        elif text and tags and not kept:
            place, tag, rest = tags[-1]
            tags[-1] = (place, tag, f"{rest} {text}".strip())
        else:
            kept.append(line)
    return tags, ""


def _parameter(tag: str, rest: str) -> Parameter:
    """Raises ValueError."""
    form = "NAME TYPE DESCRIPTION" if tag == "param" else "NAME TYPE DEFAULT DESCRIPTION"
    words = rest.split(None, 2)
    if len(words) < 2 or (tag == "optionalParam" and len(words) < 3):
        msg = f"the tag is cut short: @{tag} {form}"
        raise ValueError(msg)
    name, type_, tail = (*words, "")[:3]
    if not _NAME(name):
        msg = f"{shown(name)} is no parameter name"
        raise ValueError(msg)
    if type_ not in TYPES:
        near = did_you_mean(type_, TYPES)
        msg = f"parameter {name:.60} has an unknown type; types: {', '.join(TYPES)}" + (f"; {near}" if near else "")
        raise ValueError(msg)
    if tag == "param":
        return Parameter(name, type_, tail)
    default, _, description = tail.partition(" ")
    return Parameter(name, type_, description.strip(), default)
