"""Rendering: cells to manifests, a chunk at a time. No I/O here: the jsonnet engine and the checks are handed in.

One chunk is one evaluation of the prototype for some hundred cells; what comes back is adopted, named, checked and
written as text, cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from dlaasgen.errors import PrototypeError
from dlaasgen.findings import Finding, shown, together
from dlaasgen.forms import Forms
from dlaasgen.manifests import Identity, Manifest, adopt, finish, identity

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from dlaasgen.cells import Cell
    from dlaasgen.conversion import Converted
    from dlaasgen.matrix import Matrix
    from dlaasgen.prototypes import Prototype

SUFFIXES = {"yaml": ".yaml", "json": ".json", "jsonnet": ".yaml", "ksonnet": ".yaml"}
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the cells of one render have in common.

    evaluate        (common parameters, per-cell parameters) -> what the prototype returns for each cell, as JSON text;
                    raises PrototypeError, or ValueError when it is no JSON
    check           the findings of one manifest; where what is given beside it is equal and not None, manifests differ
                    at most in what `Filled.alike` says
    canonical_json  JSON text with sorted keys and no blanks
    component       (cell, parameters, objects, their conversion if there was one) -> (path, text) of a jsonnet program
                    that stands beside the YAML; None for no such file
    conform         a cell's objects -> the same in the matrix's dialect, with what was lost; None when they are so
    forms           the YAML texts written so far, which the next ones resemble
    """

    matrix: Matrix
    prototype: Prototype
    run: str
    suffix: str
    evaluate: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], Iterable[str]]
    check: Callable[[Mapping[str, Any], Hashable], Sequence[Finding]]
    canonical_json: Callable[[Any], str]
    component: Callable[[Cell, Mapping[str, Any], Sequence[Mapping[str, Any]], object], tuple[str, str]] | None = None
    conform: Callable[[Sequence[dict[str, Any]]], Sequence[Converted] | None] | None = None
    forms: Forms = field(default_factory=Forms)


@dataclass(frozen=True, slots=True)
class Rendered:
    """One cell, rendered: the job's name, its manifests (the job's first) and what the checks found."""

    cell: Cell
    job: str
    manifests: tuple[Manifest, ...]
    findings: tuple[Finding, ...]


def common_params(matrix: Matrix, prototype: Prototype) -> dict[str, Any]:
    """What the prototype gets for every cell that does not say otherwise: its defaults, and the shape of a node.

    A prototype that documents `sockets` and `cores_per_socket` gets them from the matrix' cluster.
    """
    cluster = matrix.cluster
    if cluster is None:
        return prototype.defaults
    shape = {"sockets": cluster.sockets, "cores_per_socket": cluster.cores_per_socket}
    known = prototype.parameters
    return prototype.defaults | {n: v for n, v in _without_nulls(shape).items() if n in known and known[n].accepts(v)}


def _without_nulls(params: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in params.items() if v is not None}


def render(plan: Plan, cells: Sequence[Cell]) -> Iterator[Rendered]:
    """The manifests of some cells, one after the other. Raises PrototypeError that names the cells at fault."""
    faults = [replace(f, cell=c.id, file=plan.matrix.file) for c in cells for f in plan.prototype.faults(c.params)]
    if faults:
        raise PrototypeError(together(faults)[:_MOST_FAULTS])
    common = common_params(plan.matrix, plan.prototype)
    everything = [_without_nulls({**common, **c.params}) for c in cells]
    own = [identity(plan.matrix, c, plan.run, plan.canonical_json(p)) for c, p in zip(cells, everything, strict=True)]
    given = [
        {**c.params, "name": i.stand_in, "labels": i.labels, "annotations": i.annotations}
        for c, i in zip(cells, own, strict=True)
    ]
    try:
        sources = iter(plan.evaluate(common, given))
    except (PrototypeError, ValueError) as error:
        raise _at_fault(plan, cells, common, given, error) from None
    for n, cell in enumerate(cells):
        try:
            rendered = _rendered(plan, cell, own[n], everything[n], next(sources))
        except ValueError as error:
            raise _at_fault(plan, cells, common, given, error) from None
        yield rendered


def _at_fault(
    plan: Plan,
    cells: Sequence[Cell],
    common: Mapping[str, Any],
    given: Sequence[Mapping[str, Any]],
    error: PrototypeError | ValueError,
) -> PrototypeError:
    """What to say of a chunk that failed: its cells are evaluated one by one to learn which of them do."""
    if len(cells) == 1:
        return PrototypeError(together(_faults(plan, cells[0], error)))
    found: list[Finding] = []
    for cell, params in zip(cells, given, strict=True):
        try:
            orjson.loads(*plan.evaluate(common, [params]))
        except (PrototypeError, ValueError) as own:
            found += _faults(plan, cell, own)
            if len(found) >= _MOST_FAULTS:
                break
    return PrototypeError(together(found)[:_MOST_FAULTS] or _faults(plan, None, error))


def _faults(plan: Plan, cell: Cell | None, error: PrototypeError | ValueError) -> list[Finding]:
    """An error of an evaluation, as findings of a cell."""
    if isinstance(error, PrototypeError):
        return [replace(f, cell=cell.id if cell else None) for f in error.findings]
    hint = "look for a number that is none, such as std.log(-1), and for nesting without end"
    message = "the prototype cannot be evaluated: what it returns is no JSON"
    return [Finding("T106", message, file=plan.prototype.file, cell=cell.id if cell else None, hint=hint)]


def _rendered(plan: Plan, cell: Cell, own: Identity, params: Mapping[str, Any], source: str) -> Rendered:
    filled = plan.forms.fill(source, own)
    value = orjson.loads(source) if filled is None else filled.data
    objects = objects_of(value)
    if objects is None:
        raise PrototypeError(
            [
                Finding(
                    "T107",
                    f"prototype {plan.prototype.name} returns no manifest (cell {cell.id})",
                    file=plan.prototype.file,
                    cell=cell.id,
                    found=shown(value),
                    expected="an object with apiVersion, kind and metadata, an array of them, or a List",
                )
            ]
        )
    converted = plan.conform(objects) if plan.conform is not None else None
    if converted is not None:
        objects = [c.data for c in converted]
        filled = None
    try:
        if filled is None:
            if converted is None and objects[0] is value:
                plan.forms.learn(source, value, own)
            for data in objects:
                adopt(data, own)
        job, manifests = finish(cell, objects, own, plan.suffix, None if filled is None else [filled.text])
    except ValueError as error:
        message = f"prototype {plan.prototype.name} returns what cannot be written as YAML (cell {cell.id}): {error}"
        raise PrototypeError([Finding("T109", message, file=plan.prototype.file, cell=cell.id)]) from None
    alike = None if filled is None else filled.alike
    findings = [_placed(f, plan, cell, m, own, job) for m in manifests for f in plan.check(m.data, alike)]
    for manifest, one in zip(manifests, converted or (), strict=False):
        findings += [_placed(f, plan, cell, manifest, own, job) for f in one.findings]
    if plan.component is not None:
        given = {**params, "name": own.stand_in, "labels": own.labels, "annotations": own.annotations}
        file, text = plan.component(cell, given, objects, converted)
        manifests.append(Manifest(file, {}, text.replace(own.stand_in, job)))
    return Rendered(cell, job, tuple(manifests), tuple(findings))


def _placed(finding: Finding, plan: Plan, cell: Cell, manifest: Manifest, own: Identity, job: str) -> Finding:
    """A finding of the checks, with its cell and file, and the job's name instead of its stand-in."""
    told = {f: text.replace(own.stand_in, job) for f in ("message", "found", "hint") if (text := getattr(finding, f))}
    return replace(finding, cell=cell.id, file=f"{plan.matrix.name}/{manifest.file}", **told)


def objects_of(value: Any) -> list[dict[str, Any]] | None:
    """The manifests in what a prototype returned: one, an array, or a List. None when it is something else."""
    if value.__class__ is dict and value.get("kind") == "List" and value.get("items").__class__ is list:
        value = value["items"]
    values = value if value.__class__ is list else [value]
    good = values and all(
        v.__class__ is dict and isinstance(v.get("kind"), str) and isinstance(v.get("apiVersion"), str) for v in values
    )
    return values if good else None
