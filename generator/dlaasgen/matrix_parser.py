"""From the data of a matrix file to a Matrix, or to all that is wrong with it. No I/O here."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from dlaasgen import images_lock
from dlaasgen.cells_codes import Place
from dlaasgen.errors import MatrixError
from dlaasgen.findings import did_you_mean
from dlaasgen.matrix import API_VERSION, DIALECTS, Matrix
from dlaasgen.matrix_axes import Axes, check_parameter_name, parse_axes, parse_sample, parse_zip
from dlaasgen.matrix_faults import Faults, listed, meant, named, near_key, path_text, quoted
from dlaasgen.matrix_gitops import parse_gitops, parse_target
from dlaasgen.matrix_rules import parse_excludes, parse_includes
from dlaasgen.matrix_sections import (
    parse_cluster,
    parse_integer,
    parse_kubernetes,
    parse_max_cells,
    parse_waivers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dlaasgen.findings import Finding
    from dlaasgen.logs.patterns import Pattern
    from dlaasgen.matrix import Json, Path, Where

KEYS = (
    "apiVersion", "name", "prototype", "dialect", "params", "axes", "zip", "exclude", "include", "sample", "repeats",
    "id", "limits", "cluster", "gitops", "target", "kubernetes", "checks", "results",
)  # fmt: skip
MAX_REPEATS = 1000
MAX_NAME = 40

_NAME = re.compile(rf"[a-z](?:[a-z0-9-]{{0,{MAX_NAME - 2}}}[a-z0-9])?", re.ASCII)
_NAME_RULE = f"a letter, then lower-case letters, digits and '-', at most {MAX_NAME}, ending with a letter or digit"
_PROTOTYPE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*", re.ASCII)


def parse(
    document: Json,
    where: Where | None = None,
    file: str | None = None,
    known: Iterable[Finding] = (),
    lock: images_lock.ImageLock | None = None,
) -> Matrix:
    """The Matrix that a document (JSON data) describes. Raises MatrixError with all problems at once.

    `where` tells where a key path lies in the file; `known` are problems that the reader of the file found; `lock` says
    which image each `image:NAME` is.
    """
    faults = Faults(file, where, tuple(known))
    matrix = _matrix(document, file, lock, faults) if faults.is_object(document, (), "an object (key: value)") else None
    faults.raise_any()
    assert matrix is not None  # noqa: S101  (a document that is no object has been raised)
    return matrix


def _matrix(document: dict[str, Json], file: str | None, lock: images_lock.ImageLock | None, faults: Faults) -> Matrix:
    _check_top(document, faults)
    document = _as_meant(document)
    document, images = images_lock.resolve(document, lock, faults)
    params = _params(document.get("params", {}), faults)
    axes = parse_axes(document["axes"], faults) if "axes" in document else Axes()
    groups = parse_zip(document["zip"], axes, faults) if "zip" in document else ()
    matrix = Matrix(
        name=_name(document, faults),
        prototype=_prototype(document, faults),
        dialect=_dialect(document["dialect"], faults) if "dialect" in document else None,
        axes=tuple(axes.right.values()),
        params=params,
        zip=groups,
        exclude=parse_excludes(document.get("exclude", []), axes, params, faults),
        include=parse_includes(document.get("include", []), axes, params, faults),
        sample=parse_sample(document["sample"], axes, groups, faults) if "sample" in document else None,
        repeats=parse_integer(document, ("repeats",), 1, MAX_REPEATS, faults) or 1,
        id=_id(document, faults),
        max_cells=parse_max_cells(document.get("limits", {}), faults),
        cluster=parse_cluster(document["cluster"], faults) if "cluster" in document else None,
        gitops=parse_gitops(document.get("gitops", {}), faults),
        target=parse_target(document["target"], faults) if "target" in document else {},
        kubernetes=parse_kubernetes(document, faults),
        waivers=parse_waivers(document.get("checks", {}), faults),
        patterns=_patterns(document["results"], faults) if "results" in document else (),
        file=file,
        images=images,
    )
    if faults:
        _check_texts(matrix, {*axes.names, *axes.extras, *params}, faults)
    return matrix


def _patterns(value: Json, faults: Faults) -> tuple[Pattern, ...]:
    from dlaasgen.matrix_results import parse_patterns  # most matrices have none, and need not know of logs

    return parse_patterns(value, faults)


def _check_texts(matrix: Matrix, names: set[str], faults: Faults) -> None:
    """What is wrong with the expressions and the id template of a matrix that has other faults.

    In one without faults the expansion finds it. It compiles them anyway, and an unchanged matrix needs no expansion.
    """
    from dlaasgen.expressions import compile_expression
    from dlaasgen.ids import compile_template

    def check(path: Path, compiled: Callable[[Place], object]) -> None:
        try:
            compiled(Place(path_text(path), matrix.file, *faults.at(path)))
        except MatrixError as error:
            faults.added.extend(error.findings)

    rules = {("exclude", rule.index): rule.when for rule in matrix.exclude}
    rules |= {("include", rule.index): rule.when for rule in matrix.include}
    for (kind, index), when in rules.items():
        if when and when.strip():  # else that is told
            check((kind, index, "when"), partial(compile_expression, when, names))
    if matrix.id and matrix.id.strip():
        added = {name for rule in matrix.include for name in rule.values}
        check(("id",), partial(compile_template, matrix.id, {*names, *added, "repeat"}))


def _check_top(document: dict[str, Json], faults: Faults) -> None:
    for key, value in document.items():
        if key in KEYS:
            continue
        hint = meant(key, KEYS)
        if hint is None and isinstance(value, list):
            hint = "an axis stands under axes"
        expected = None if hint else listed(KEYS, 20)
        faults.add("M110", (key,), f"a matrix file has no key {named(key)}", expected=expected, hint=hint, key=True)
    for key, expected in (
        ("apiVersion", API_VERSION),
        ("name", "the study's name, such as nightly"),
        ("prototype", "the name of a prototype, such as tfjob"),
    ):
        faults.missing(document, key, (), expected)
    if not document.get("axes", True) or "axes" not in document:
        _check_cells(document, faults)
    version = document.get("apiVersion", API_VERSION)
    if faults.is_text(version, ("apiVersion",), API_VERSION) and version != API_VERSION:
        message = "this version of dlaasgen does not read this apiVersion"
        faults.add("M113", ("apiVersion",), message, found=quoted(version), expected=API_VERSION)


def _as_meant(document: dict[str, Json]) -> dict[str, Json]:
    """The document with what misspelt keys hold at those that are meant: a slip is told once, and no more for it."""
    slips = {near: value for key, value in document.items() if key not in KEYS and (near := near_key(key, KEYS))}
    return {**slips, **document}


def _check_cells(document: dict[str, Json], faults: Faults) -> None:
    """A matrix without axes needs include entries."""
    slip = any(near_key(key, ["axes", "include"]) for key in document if key not in KEYS)
    if document.get("include", []) == [] and document.get("axes", {}) == {} and not slip:
        path: Path = ("axes",) if "axes" in document else ()
        faults.add("M111", path, "a matrix needs axes or include", expected="axes, such as {batch_size: [32, 64]}")


def _name(document: dict[str, Json], faults: Faults) -> str:
    name = document.get("name", "")
    if "name" not in document or not faults.is_text(name, ("name",), _NAME_RULE):
        return ""
    if not _NAME.fullmatch(name):
        near = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("-0123456789")[:MAX_NAME].strip("-")
        hint = f"did you mean {near}?" if near else None
        faults.add("M113", ("name",), "name is no DNS label", found=quoted(name), expected=_NAME_RULE, hint=hint)
    return str(name)


def _prototype(document: dict[str, Json], faults: Faults) -> str:
    name = document.get("prototype", "")
    rule = "the name of a prototype, such as tfjob"
    if "prototype" not in document or not faults.is_text(name, ("prototype",), rule):
        return ""
    plain = re.sub(r"^(?:\./)?(?:prototypes/)?|\.[a-z]*sonnet$", "", name)
    if not _PROTOTYPE.fullmatch(name) or plain != name:
        hint = f"did you mean {plain}?" if plain != name and _PROTOTYPE.fullmatch(plain) else None
        expected = "its name in a prototypes/ folder, without .jsonnet"
        faults.add("M113", ("prototype",), "prototype is no name", found=quoted(name), expected=expected, hint=hint)
    return str(name)


def _dialect(value: Json, faults: Faults) -> str:
    path: Path = ("dialect",)
    if not faults.is_text(value, path, listed(DIALECTS)):
        return ""
    if value not in DIALECTS:
        hint = did_you_mean(value, DIALECTS)
        faults.add("M113", path, "there is no such dialect", found=quoted(value), expected=listed(DIALECTS), hint=hint)
    return str(value)


def _params(value: Json, faults: Faults) -> dict[str, Json]:
    if not faults.is_object(value, ("params",), "an object of parameters, such as {namespace: dlaas}"):
        return {}
    for key in value:
        check_parameter_name(key, ("params", key), faults)
    return dict(value)


def _id(document: dict[str, Json], faults: Faults) -> str | None:
    value = document.get("id")
    rule = 'a template, such as "{{ model }}-bs{{ batch_size }}"'
    fine = "id" in document and faults.is_text(value, ("id",), rule)
    return value if fine else None
