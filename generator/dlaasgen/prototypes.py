"""Prototype: a jsonnet function with its documented parameters. No I/O here.

The documentation is ksonnet's header of `//` comments, and it is enforced: a parameter that the header does not name
cannot be given, one without a default must be given, and every value must have the type that the header says.

    // @apiVersion 1
    // @name tfjob
    // @shortDescription A parameter-server training benchmark
    // @param image string Image that holds the benchmark
    // @optionalParam replicas integer 3 Number of workers

Types: string, number, integer, boolean, object, array, enum(a|b).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlaasgen.findings import Finding, did_you_mean, shown
from dlaasgen.matrix import scalar_text

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
    "T109": (
        "Manifest cannot be written",
        "A prototype returned what no YAML says so that all readers agree: an integer beyond 2^53, a key too long.",
    ),
}

# What dlaasgen itself gives to every prototype.
GIVEN = frozenset({"name", "labels", "annotations"})
TYPES = ("string", "number", "integer", "boolean", "object", "array")


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
        hint = "it has none" if self.parameters.keys() <= GIVEN else f"see dlaasgen prototypes describe {self.name}"
        hint = did_you_mean(name, free) or hint
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


_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "y"), "true"),
    **dict.fromkeys(("false", "no", "off", "n"), "false"),
}


def _wrong_type(prototype: Prototype, parameter: Parameter, value: object) -> Finding:
    hint = None
    if parameter.choices and isinstance(value, str):
        hint = did_you_mean(value, parameter.choices)
    elif parameter.choices and (text := scalar_text(value)) in parameter.choices:
        hint = f'write "{text}", with quotes'
    elif parameter.type == "boolean" and isinstance(value, str) and (meant := _BOOLEANS.get(value.lower())):
        hint = f"write {meant} without quotes" if value.lower() == meant else f"write {meant}"
    elif parameter.type == "string" and value is not None and not isinstance(value, dict | list):
        hint = f'write "{scalar_text(value)}", with quotes'
    elif parameter.type in ("integer", "number") and isinstance(value, str):
        hint = (
            f"write {value} without quotes"
            if re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", value)
            else "write a decimal number without quotes"
            if re.match(r"[-+.]?[0-9]", value)
            else None
        )
    return Finding(
        "T105",
        f"parameter {parameter.name} of prototype {prototype.name} has the wrong type",
        path=f"params.{parameter.name}",
        found=shown(value),
        expected=parameter.expected,
        hint=hint,
    )
