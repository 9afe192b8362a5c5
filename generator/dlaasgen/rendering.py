"""Rendering: cells to manifests, a chunk at a time. No I/O here: the jsonnet engine and the checks are handed in.

One chunk is one evaluation of the prototype for some hundred cells; what comes back is adopted, named, checked and
written as text, cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import PrototypeError
from dlaasgen.findings import Finding, shown, together
from dlaasgen.manifests import Identity, Manifest, adopt, finish, identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlaasgen.cells import Cell
    from dlaasgen.matrix import Matrix
    from dlaasgen.prototypes import Prototype

SUFFIXES = {"yaml": ".yaml", "json": ".json", "jsonnet": ".yaml"}
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the cells of one render have in common.

    evaluate        (common parameters, per-cell parameters) -> what the prototype returns for each cell;
                    raises PrototypeError, or ValueError when that is no JSON
    check           the findings of one manifest
    canonical_json  JSON text with sorted keys and no blanks
    component       (cell, parameters, objects) -> a jsonnet program that stands beside the YAML; None for no such file
    """

    matrix: Matrix
    prototype: Prototype
    run: str
    suffix: str
    evaluate: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], list[Any]]
    check: Callable[[Mapping[str, Any]], Sequence[Finding]]
    canonical_json: Callable[[Any], str]
    component: Callable[[Cell, Mapping[str, Any], Sequence[Mapping[str, Any]]], str] | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """One cell, rendered: the job's name, its manifests (the job's first) and what the checks found."""

    cell: Cell
    job: str
    manifests: tuple[Manifest, ...]
    findings: tuple[Finding, ...]


def full_params(plan: Plan, cell: Cell) -> dict[str, Any]:
    """All that the prototype gets for a cell but name, labels and annotations; nulls are left out."""
    params = {**plan.prototype.defaults, **cell.params}
    return {k: v for k, v in params.items() if v is not None}


def render(plan: Plan, cells: Sequence[Cell]) -> list[Rendered]:
    """The manifests of some cells. Raises PrototypeError that names the cells at fault."""
    faults = [replace(f, cell=c.id, file=plan.matrix.file) for c in cells for f in plan.prototype.faults(c.params)]
    if faults:
        raise PrototypeError(together(faults)[:_MOST_FAULTS])
    everything = [full_params(plan, c) for c in cells]
    own = [identity(plan.matrix, c, plan.run, plan.canonical_json(p)) for c, p in zip(cells, everything, strict=True)]
    given = [
        {**c.params, "name": i.stand_in, "labels": i.labels, "annotations": i.annotations}
        for c, i in zip(cells, own, strict=True)
    ]
    values = _evaluate(plan, cells, given)
    return [_rendered(plan, c, i, p, v) for c, i, p, v in zip(cells, own, everything, values, strict=True)]


def _evaluate(plan: Plan, cells: Sequence[Cell], given: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The prototype's values. When the chunk fails, its cells are evaluated one by one to say which of them do."""
    try:
        return _values(plan, given)
    except PrototypeError as error:
        if len(cells) == 1:
            raise PrototypeError(together([replace(f, cell=cells[0].id) for f in error.findings])) from None
        chunk = error
    faults: list[Finding] = []
    for cell, params in zip(cells, given, strict=True):
        try:
            _values(plan, [params])
        except PrototypeError as error:
            faults += [replace(f, cell=cell.id) for f in error.findings]
            if len(faults) >= _MOST_FAULTS:
                break
    raise PrototypeError(together(faults)[:_MOST_FAULTS] or chunk.findings)


def _values(plan: Plan, given: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What the prototype returns for each cell. Raises PrototypeError."""
    try:
        return plan.evaluate(plan.prototype.defaults, given)
    except ValueError:
        hint = "look for a number that is none, such as std.log(-1), and for nesting without end"
        message = "the prototype cannot be evaluated: what it returns is no JSON"
        raise PrototypeError([Finding("T106", message, file=plan.prototype.file, hint=hint)]) from None


def _rendered(plan: Plan, cell: Cell, own: Identity, params: Mapping[str, Any], value: Any) -> Rendered:
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
    for data in objects:
        adopt(data, own)
    try:
        job, manifests = finish(cell, objects, own, plan.suffix)
    except ValueError as error:
        message = f"prototype {plan.prototype.name} returns what cannot be written as YAML (cell {cell.id}): {error}"
        raise PrototypeError([Finding("T109", message, file=plan.prototype.file, cell=cell.id)]) from None
    findings = [_placed(f, plan, cell, m, own, job) for m in manifests for f in plan.check(m.data)]
    if plan.component is not None:
        given = {**params, "name": own.stand_in, "labels": own.labels, "annotations": own.annotations}
        text = plan.component(cell, given, objects).replace(own.stand_in, job)
        manifests.append(Manifest(f"jsonnet/{cell.id}.jsonnet", {}, text))
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
