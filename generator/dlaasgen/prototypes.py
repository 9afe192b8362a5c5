"""Prototype: a jsonnet function with its documented parameters. No I/O here.

The documentation is ksonnet's header of `//` comments, and it is enforced: a parameter that the header does not name
cannot be given, one without a default must be given, and every value must have the type that the header says.

    // @apiVersion 1
    // @name tfjob
    // @shortDescription A parameter-server training benchmark
    // @param image string Image that holds the benchmark
    // @optionalParam replicas integer 3 Number of workers

Types: string, number, integer, boolean, object, array, enum(a|b). A default is one word, or JSON when it begins with a
quote, bracket or brace; `null` means that the parameter is left out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import PrototypeError
from dlaasgen.findings import Finding, did_you_mean, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES: dict[str, tuple[str, str]] = {
    "T101": (
        "Prototype not found",
        "The matrix names a prototype that neither the project's prototypes/ folder nor dlaasgen has.",
    ),
    "T102": (
        "Bad header comment",
        "A prototype's `// @...` header cannot be read: every tag has a fixed form; see the guide on prototypes.",
    ),
    "T103": (
        "Unknown parameter",
        "The matrix gives a parameter that the prototype's header does not name; it would be ignored.",
    ),
    "T104": (
        "Missing parameter",
        "The prototype's header names a parameter with @param, which has no default, and the cell does not give it.",
    ),
    "T105": (
        "Parameter of the wrong type",
        "The value that the cell gives is not of the type that the prototype's header says.",
    ),
    "T106": ("Prototype cannot be evaluated", "The jsonnet program failed for this cell."),
    "T107": (
        "Prototype returns no manifest",
        "A prototype returns one Kubernetes object, an array of objects or a List.",
    ),
    "T108": (
        "Import outside the prototypes' folders",
        "A prototype may import only files of the project's prototypes/ folder and of the shipped one.",
    ),
}

# What dlaasgen itself gives to every prototype.
GIVEN = frozenset({"name", "labels", "annotations"})
_TYPES = ("string", "number", "integer", "boolean", "object", "array")
_ENUM = re.compile(r"enum\(([^()|\s]+(?:\|[^()|\s]+)*)\)").fullmatch
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*").fullmatch
_TAG = re.compile(r"\s*//\s*@([A-Za-z]+)[ \t]*(.*)").fullmatch
_TAGS = ("apiVersion", "name", "description", "shortDescription", "param", "optionalParam")
_JSON = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented parameter. `choices` are those of an enum; `default` is None when there is none."""

    name: str
    type: str
    description: str
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()

    def accepts(self, value: object) -> bool:
        """Whether a JSON value has this parameter's type. None stands for "left out" and fits an optional one."""
        if value is None:
            return not self.required
        match self.type:
            case "string":
                return isinstance(value, str)
            case "boolean":
                return isinstance(value, bool)
            case "integer":
                return not isinstance(value, bool) and (
                    isinstance(value, int) or (isinstance(value, float) and value.is_integer())
                )
            case "number":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "object":
                return isinstance(value, dict)
            case "array":
                return isinstance(value, list)
            case _:
                return value in self.choices

    @property
    def expected(self) -> str:
        """The type as messages name it."""
        return f"one of {', '.join(self.choices)}" if self.choices else f"{self.type}"


@dataclass(frozen=True, slots=True)
class Prototype:
    """A prototype's documentation. `file` is where it was read from, for messages."""

    name: str
    file: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    short_description: str = ""
    description: str = ""
    api_version: str = "1"

    @property
    def defaults(self) -> dict[str, Any]:
        """The default of every optional parameter that has one."""
        return {p.name: p.default for p in self.parameters.values() if p.default is not None}

    def faults(self, params: Mapping[str, Any]) -> list[Finding]:
        """What is wrong with one set of parameters; empty when nothing is."""
        found: list[Finding] = []
        for name, value in params.items():
            parameter = self.parameters.get(name)
            if parameter is None:
                found.append(self._unknown(name, params))
            elif not parameter.accepts(value):
                found.append(_wrong_type(self, parameter, value))
        found += [
            self._missing(p)
            for p in self.parameters.values()
            if p.required and p.name not in params and p.name not in GIVEN
        ]
        return found

    def _unknown(self, name: str, params: Mapping[str, Any]) -> Finding:
        free = [p for p in self.parameters if p not in params and p not in GIVEN]
        hint = did_you_mean(name, free) or f"parameters: {', '.join(sorted(set(self.parameters) - GIVEN))}"
        return Finding("T103", f"prototype {self.name} has no parameter {name}", path=f"params.{name}", hint=hint)

    def _missing(self, parameter: Parameter) -> Finding:
        hint = (
            f"{parameter.description}; add {parameter.name} to params or axes"
            if parameter.description
            else f"add {parameter.name} to params or axes"
        )
        return Finding(
            "T104",
            f"prototype {self.name} needs the parameter {parameter.name}",
            path=f"params.{parameter.name}",
            expected=parameter.expected,
            hint=hint,
        )


def _wrong_type(prototype: Prototype, parameter: Parameter, value: object) -> Finding:
    hint = None
    if parameter.choices and isinstance(value, str):
        hint = did_you_mean(value, parameter.choices)
    elif (
        parameter.type == "boolean" and isinstance(value, str) and value.lower() in ("yes", "on", "y", "no", "off", "n")
    ):
        hint = f"write {'true' if value.lower() in ('yes', 'on', 'y') else 'false'}"
    elif parameter.type == "string" and value is not None and not isinstance(value, dict | list):
        hint = f'write "{json.dumps(value)}", with quotes'
    elif parameter.type in ("integer", "number") and isinstance(value, str):
        hint = (
            f"write {value} without quotes"
            if re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", value)
            else "write a decimal number without quotes"
        )
    return Finding(
        "T105",
        f"parameter {parameter.name} of prototype {prototype.name} has the wrong type",
        path=f"params.{parameter.name}",
        found=shown(value),
        expected=parameter.expected,
        hint=hint,
    )


def parse_header(source: str, file: str) -> Prototype:  # noqa: C901 - one branch a tag
    """The documentation in the comments at the top of a prototype. Raises PrototypeError with every fault."""
    faults: list[Finding] = []
    parameters: dict[str, Parameter] = {}
    texts: dict[str, str] = {}

    def fault(line: int, message: str, **more: str | None) -> None:
        faults.append(Finding("T102", message, file=file, line=line, **more))  # type: ignore[arg-type]

    for number, line in enumerate(source.split("\n"), 1):
        if not line.strip():
            continue
        if not line.lstrip().startswith("//"):
            break
        match = _TAG(line.rstrip())
        if match is None:
            continue
        tag, rest = match.groups()
        if tag not in _TAGS:
            fault(
                number,
                f"unknown header tag @{tag}",
                expected=", ".join("@" + t for t in _TAGS),
                hint=did_you_mean(tag, _TAGS),
            )
        elif tag in ("param", "optionalParam"):
            parameter = _parameter(tag, rest, lambda message, n=number, **more: fault(n, message, **more))
            if parameter is not None and parameter.name in parameters:
                fault(number, f"parameter {parameter.name} is documented twice")
            elif parameter is not None:
                parameters[parameter.name] = parameter
        elif tag in texts:
            fault(number, f"header tag @{tag} stands twice")
        else:
            texts[tag] = rest.strip()
    if "name" not in texts:
        fault(
            1,
            "the prototype has no // @name header",
            hint="begin the file with // @apiVersion 1, // @name NAME, // @shortDescription TEXT",
        )
    if faults:
        raise PrototypeError(faults)
    return Prototype(
        name=texts["name"],
        file=file,
        parameters=parameters,
        short_description=texts.get("shortDescription", ""),
        description=texts.get("description", ""),
        api_version=texts.get("apiVersion", "1"),
    )


def _parameter(tag: str, rest: str, fault: Any) -> Parameter | None:
    """One @param or @optionalParam line; None when it cannot be read (and the fault is noted)."""
    required = tag == "param"
    form = "@param name type description" if required else "@optionalParam name type default description"
    words = rest.split(None, 2)
    if len(words) < (2 if required else 3):
        fault(f"@{tag} is cut short", found=f"@{tag} {rest}".strip(), expected=form)
        return None
    name, type_ = words[0], words[1]
    tail = words[2] if len(words) > 2 else ""
    if not _NAME(name):
        fault(f"{shown(name)} is no parameter name", expected="letters, digits, _ and -, beginning with a letter")
        return None
    enum = _ENUM(type_)
    if type_ not in _TYPES and enum is None:
        close = nearest(type_.lower(), _TYPES)
        fault(
            f"parameter {name} has an unknown type",
            found=type_,
            expected=f"{', '.join(_TYPES)} or enum(a|b)",
            hint=f"did you mean {close}?" if close else None,
        )
        return None
    choices = tuple(enum.group(1).split("|")) if enum else ()
    base = "enum" if enum else type_
    if required:
        return Parameter(name, base, tail, required=True, choices=choices)
    default, description, problem = _default(tail, base)
    bare = Parameter(name, base, description, required=False, choices=choices)
    if problem or not bare.accepts(default):
        fault(
            f"the default of {name} is not of its type",
            found=tail.split(None, 1)[0] if problem is None else tail,
            expected=bare.expected,
            hint=problem,
        )
        return None
    return Parameter(name, base, description, required=False, default=default, choices=choices)


def _default(tail: str, type_: str) -> tuple[Any, str, str | None]:
    """(default, description, problem) of what stands behind the type in an @optionalParam line."""
    if tail[0] in '"[{':
        try:
            value, end = _JSON.raw_decode(tail)
        except (ValueError, RecursionError) as error:
            return None, "", f"as JSON it is wrong: {error}"
        return value, tail[end:].strip(), None
    word, _, description = tail.partition(" ")
    if word == "null":
        return None, description.strip(), None
    if type_ in ("string", "enum"):
        return word, description.strip(), None
    try:
        value = json.loads(word, parse_constant=lambda _: "not a number")
    except (ValueError, RecursionError):
        value = word
    return value, description.strip(), None
