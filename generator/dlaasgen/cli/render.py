"""dlaasgen render: a matrix into its tree, or the tree against its matrix."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Matrices, Select
from dlaasgen.cli.output import Output

if TYPE_CHECKING:
    from dlaasgen.pipeline.evaluation import Mode
    from dlaasgen.pipeline.render import Outcome


class Format(StrEnum):
    """The forms of a rendered manifest."""

    yaml = "yaml"
    json = "json"
    jsonnet = "jsonnet"
    ksonnet = "ksonnet"


class EngineName(StrEnum):
    """The jsonnet engines."""

    rjsonnet = "rjsonnet"
    jsonnet = "jsonnet"


def render(
    matrices: Matrices,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder for the trees, one a matrix. Default: rendered/ of the project."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when a tree is not what its matrix says.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")] = False,
    run: Annotated[
        str,
        typer.Option("--run", metavar="ID", help="Id of this execution of the matrix; part of each job's identity."),
    ] = "1",
    select: Select = None,
    format: Annotated[  # noqa: A002 - the option's name
        Format,
        typer.Option(
            "--format",
            help="yaml, json, or beside the YAML jsonnet: a program per cell, or ksonnet: an application.",
        ),
    ] = Format.yaml,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, metavar="N", help="Processes; 0 for one a core.")] = 0,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="Jsonnet engine; both give the same bytes.")
    ] = EngineName.rjsonnet,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Evaluate everything, even what this machine knows to be unchanged.")
    ] = False,
    output_: Annotated[Output, typer.Option("--output", "-o", help="Form of what is printed.")] = Output.text,
) -> None:
    """Expand a matrix, evaluate its prototype for every cell, check every manifest, and write the tree."""
    from dlaasgen.errors import DriftError
    from dlaasgen.findings import Finding
    from dlaasgen.matrix import LABEL_VALUE
    from dlaasgen.pipeline import places
    from dlaasgen.pipeline.evaluation import Request
    from dlaasgen.pipeline.render import render_matrix

    if check and dry_run:
        msg = "--check and --dry-run exclude each other"
        raise typer.BadParameter(msg)
    if not LABEL_VALUE.fullmatch(run):  # it becomes one
        msg = f"--run {run!r}: at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending alphanumeric"
        raise typer.BadParameter(msg)
    files = places.find_matrices(matrices)
    mode: Mode = "check" if check else "dry-run" if dry_run else "write"
    outcomes = []
    for file in files:
        request = Request(file, out, mode, run, format.value, tuple(select or ()), jobs, engine.value, not no_cache)
        with output.progress(f"Rendering {file}") as progress:
            outcome = render_matrix(request, progress)
        outcomes.append((file, outcome))
        if output_ is Output.text:
            _print(file, outcome, mode)
    if output_ is Output.json:
        output.data([_json(file, outcome) for file, outcome in outcomes])
    drifted = [(f, o) for f, o in outcomes if o.drift]
    lost = [
        Finding(
            "R114",
            "no matrix makes this tree any more",
            "error" if check else "warning",
            file=places.shown(tree),
            hint="remove it",
        )
        for tree in places.orphans(matrices, files, out)
    ]
    if not check:
        output.findings(lost)
    elif drifted or lost:
        raise DriftError(
            [
                Finding(
                    "R110",
                    f"{places.shown(o.tree)} is not what {f} says",
                    found=_count(o),
                    hint=f"run: dlaasgen render {f}",
                )
                for f, o in drifted
            ]
            + lost
        )


def _count(outcome: Outcome) -> str:
    d = outcome.drift
    return ", ".join(
        f"{len(paths)} {what}"
        for what, paths in (("missing", d.missing), ("changed", d.changed), ("extra", d.extra))
        if paths
    )


def _print(file: str, outcome: Outcome, mode: str) -> None:
    from dlaasgen.findings import counted
    from dlaasgen.pipeline import places

    output.findings(outcome.findings)
    d = outcome.drift
    added, changed, removed = (
        len(p) for p in (d.missing, d.changed, tuple(p for p in d.extra if p not in outcome.foreign))
    )
    tree = places.shown(outcome.tree)
    if mode == "check":
        for what, paths in (("missing", d.missing), ("changed", d.changed), ("extra", d.extra)):
            for path in paths:
                output.say(f"{what}: {tree}/{path}")
        if not d:
            output.say(f"{file}: {counted(outcome.cells, 'cell')}, {tree} is what it says")
        return
    verb = {"write": "", "dry-run": "would be "}[mode]
    for what, paths in (("added", d.missing), ("changed", d.changed)):
        for path in paths:
            output.detail(f"{what}: {tree}/{path}")
    state = (
        f"{counted(added, 'file')} {verb}added, {changed} changed, {removed} removed"
        if added or changed or removed
        else "unchanged"
    )
    output.say(f"{file}: {counted(outcome.cells, 'cell')} -> {tree} ({state})")
    for path in outcome.foreign:
        output.say(f"not ours, left alone: {tree}/{path}")


def _json(file: str, outcome: Outcome) -> dict[str, object]:
    from dlaasgen.formats import as_dict
    from dlaasgen.pipeline import places

    d = outcome.drift
    return {
        "file": file,
        "matrix": outcome.matrix,
        "tree": places.shown(outcome.tree),
        "cells": outcome.cells,
        "evaluated": outcome.evaluated,
        "missing": list(d.missing),
        "changed": list(d.changed),
        "extra": list(d.extra),
        "foreign": list(outcome.foreign),
        "findings": [as_dict(f) for f in outcome.findings],
    }
