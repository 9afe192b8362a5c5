"""Import ksonnet prototypes: as prototypes of ours, proved by evaluating both, with what is outdated in them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import ksonnet_files
from dlaasgen.adapters.jsonnet import Library, engine, evaluate_program
from dlaasgen.conversion import convert
from dlaasgen.conversion_old import is_old
from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.findings import Finding, together
from dlaasgen.ksonnet import importing, snippets
from dlaasgen.ksonnet.headers import parse
from dlaasgen.ksonnet.names import check
from dlaasgen.ksonnet.objects import objects
from dlaasgen.pipeline.checking import checker
from dlaasgen.pipeline.ksonnet import builtin_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.ksonnet.headers import Header

_NAME, _NAMESPACE = "imported", "default"
_NEXT = "tfjob-v1alpha2"


@dataclass(frozen=True, slots=True)
class Imported:
    """One prototype: where it came from, the file that was written, and what is outdated in it."""

    source: str
    file: str
    findings: tuple[Finding, ...]


def import_prototypes(path: str, out: str) -> list[Imported]:
    """Import a ksonnet prototype, or every one in a folder, into the folder `out`.

    Raises UsageError, PrototypeError, TreeError; then nothing is written.
    """
    sources = _sources(path)
    made: dict[str, str] = {}
    done: list[Imported] = []
    faults: list[Finding] = []
    for shown, text in sources:
        try:
            header = parse(text, shown)
            prototype, needs_library = importing.imported(header)
            file = f"{check('prototype', header.short_name)}.jsonnet"
            if file in made:
                raise UsageError([Finding("A104", f"two prototypes are called {header.short_name}", file=shown)])
            made[file] = prototype
            if needs_library:
                made[importing.LIBRARY] = ksonnet_files.read(builtin_library(), "k.libsonnet")
            found = _proved(header, prototype)
        except PrototypeError as error:
            faults += error.findings
            continue
        done.append(Imported(shown, os.path.join(out, file), tuple(together(found))))
    if faults:
        raise PrototypeError(faults)
    _write(out, made)
    return done


def _sources(path: str) -> list[tuple[str, str]]:
    """(path as named, text) of the prototypes at or below a path."""
    if os.path.isfile(path):
        folder, name = os.path.split(os.path.abspath(path))
        return [(path, ksonnet_files.read(os.path.realpath(folder), name))]
    if not os.path.isdir(path):
        raise UsageError([Finding("A112", "there is no such file or folder", file=path)])
    found = ksonnet_files.files(path)
    named = [(os.path.join(path, p), t) for p, t in found.items() if p.endswith(".jsonnet")]
    if not named:
        raise UsageError([Finding("A112", "the folder holds no prototypes", file=path)])
    return named


def _proved(header: Header, prototype: str) -> list[Finding]:
    """What is outdated in a prototype. Raises PrototypeError when ours does not say what the original says."""
    params = importing.sample(header, _NAME, _NAMESPACE)
    before, after = (objects({header.name: value}) for value in _both(header, prototype, params))
    if json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True):
        message = "imported, the prototype would mean something else"
        raise PrototypeError([Finding("A203", message, file=header.file, hint="import it by hand")])
    findings_of = checker({})
    told: list[Finding] = []
    for data in after:
        # Policies know the dialects: what is older is looked at in the form that came next.
        moved = convert(data, _NEXT) if is_old(data) else None
        told += [*moved.findings, *findings_of(moved.data)] if moved else findings_of(data)
    placed = [replace(f, file=header.file, line=None, severity="warning") for f in told if f.severity != "note"]
    return [*importing.outdated(after, header.file), *placed]


def _both(header: Header, prototype: str, params: dict[str, Any]) -> tuple[Any, Any]:
    """What the original and ours evaluate to, for the same parameters."""
    library = Library([builtin_library()], base=builtin_library())
    run = engine("rjsonnet")
    own = {k: v for k, v in params.items() if header.parameter(k) is not None}
    variables = {
        snippets.ENVIRONMENT: json.dumps({"server": "", "namespace": _NAMESPACE}),
        snippets.PARAMS: json.dumps({"components": {_NAME: own}}),
    }
    original = evaluate_program(library, snippets.component(header.body, _NAME), variables, run, header.file)
    here = prototype.replace(f"'{importing.LIBRARY}'", "'k.libsonnet'")
    ours = evaluate_program(library, f"({here})({json.dumps(params)})", {}, run, header.file)
    return json.loads(original), json.loads(ours)


def _write(out: str, made: dict[str, str]) -> None:
    root = os.path.realpath(out)
    there: Sequence[str] = [f for f in made if f != importing.LIBRARY and ksonnet_files.exists(root, f)]
    if there:
        hint = "remove it, or give another --out"
        raise UsageError([Finding("A104", "the file exists", file=os.path.join(out, f), hint=hint) for f in there])
    ksonnet_files.write(root, made)
