"""The prototypes that a project can use: which there are, what they say of themselves, what they make."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import project
from dlaasgen.adapters.jsonnet import Library, engine, evaluate
from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.conversion import Converted
    from dlaasgen.prototypes import Prototype


@dataclass(frozen=True, slots=True)
class Listed:
    """One prototype. `place`: project or shipped; `hides`: it goes before the shipped one of the same name."""

    prototype: Prototype
    name: str
    place: str
    hides: bool


@dataclass(frozen=True, slots=True)
class Support:
    """Whether a prototype's jobs can be had in a dialect. `codes`: of what would be lost; `native`: no conversion."""

    dialect: str
    native: bool
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a prototype makes. `examples`: the parameters that got a stand-in's value."""

    params: dict[str, Any]
    examples: dict[str, Any]
    objects: list[Any]
    findings: tuple[Finding, ...]


def _folders() -> tuple[str, str]:
    """The prototypes' folders of the project around the working folder, and of dlaasgen."""
    return os.path.join(project.root(os.path.join(os.getcwd(), "x")), "prototypes"), project.shipped_prototypes()


def listed() -> tuple[list[Listed], list[Finding]]:
    """Every prototype that can be used, by name, and what is wrong with the headers of others."""
    own, shipped = (Library([folder]) for folder in _folders())
    library = Library(_folders())
    names = {*shipped.names()} if own.roots != shipped.roots else set()
    found: list[Listed] = []
    findings: list[Finding] = []
    for name in library.names():
        mine = name in own.names()
        try:
            prototype = library.prototype(name)
        except PrototypeError as error:
            findings += error.findings
            continue
        found.append(Listed(prototype, name, "project" if mine else "shipped", mine and name in names))
    return found, findings


def search(text: str) -> tuple[list[Listed], list[Finding]]:
    """The prototypes that have a text in their name, description or parameters, whatever its case."""
    found, findings = listed()
    wanted = text.casefold()
    return [one for one in found if wanted in _words(one).casefold()], findings


def _words(one: Listed) -> str:
    prototype = one.prototype
    return "\n".join([one.name, prototype.short_description, prototype.description, *prototype.parameters])


def describe(name: str) -> tuple[Listed, list[Support], list[Finding]]:
    """(a prototype, the dialects that its jobs can be had in, why that is not known). Raises PrototypeError."""
    from dlaasgen.dialects import DIALECTS

    library = Library(_folders())
    prototype = library.prototype(name)
    own, shipped = (Library([folder]) for folder in _folders())
    mine = name in own.names()
    one = Listed(
        prototype,
        name,
        "project" if mine else "shipped",
        mine and own.roots != shipped.roots and name in shipped.names(),
    )
    try:
        objects = _evaluate(library, prototype, name, {})[1]
    except PrototypeError as error:
        return one, [], list(error.findings)
    return one, [_support(objects, dialect) for dialect in DIALECTS], []


def _support(objects: list[Any], dialect: str) -> Support:
    converted = _conform(objects, dialect)
    errors = {f.code for c in converted or () for f in c.findings if f.severity == "error"}
    return Support(dialect, converted is None, tuple(sorted(errors)))


def _conform(objects: list[Any], dialect: str) -> Sequence[Converted] | None:
    from dlaasgen.conversion import conform

    return conform(objects, dialect)


def preview(name: str, words: Sequence[str], dialect: str | None = None) -> Preview:
    """What a prototype makes of the parameters in `words`, and of examples. Raises PrototypeError, UsageError."""
    from dlaasgen.dialects import DIALECTS
    from dlaasgen.prototypes_examples import settings

    if dialect is not None and dialect not in DIALECTS:
        hint = did_you_mean(dialect, DIALECTS)
        raise UsageError([Finding("R120", f"there is no dialect {dialect}", expected=", ".join(DIALECTS), hint=hint)])
    library = Library(_folders())
    prototype = library.prototype(name)
    given = settings(prototype, words)
    examples, objects = _evaluate(library, prototype, name, given)
    converted = _conform(objects, dialect) if dialect is not None else None
    findings: tuple[Finding, ...] = ()
    if converted is not None:
        objects = [c.data for c in converted]
        findings = tuple(f for c in converted for f in c.findings)
    return Preview({**prototype.defaults, **examples, **given}, examples, objects, findings)


def _evaluate(
    library: Library, prototype: Prototype, name: str, given: dict[str, Any]
) -> tuple[dict[str, Any], list[Any]]:
    """(values that stood in for parameters, the objects). Raises PrototypeError."""
    import orjson

    from dlaasgen.prototypes_examples import example
    from dlaasgen.rendering import objects_of

    examples = example(prototype, given)
    own = {k: given.pop(k) for k in ("name",) if k in given and k not in prototype.parameters}
    params = {**examples, **given}
    # A misspelt name is best told while the right one is free.
    faults = [f for f in prototype.faults(given) if f.code == "T103"] or prototype.faults(params)
    if faults:
        raise PrototypeError(faults)
    identity = {"name": name.rpartition("/")[2], "labels": {}, "annotations": {}, **own}
    text = evaluate(
        library,
        name,
        prototype.defaults,
        [{**identity, **params}],
        engine("rjsonnet"),
        lambda v: orjson.dumps(v).decode(),
    )
    (value,) = orjson.loads(text)
    objects = objects_of(value)
    if objects is None:
        expected = "an object with apiVersion, kind and metadata, an array of them, or a List"
        message = f"prototype {name} returns no manifest"
        raise PrototypeError([Finding("T107", message, file=prototype.file, found=shown(value), expected=expected)])
    return examples, objects
