"""Render a matrix into its tree, or compare the tree with it.

Each step takes values and returns new ones. Files are put in place by `Stage.commit` alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlaasgen import __version__, gitops
from dlaasgen.adapters import matrix_files, project, tree_files
from dlaasgen.adapters.jsonnet import Library
from dlaasgen.errors import CheckError, MatrixError, TreeError, UsageError
from dlaasgen.findings import Finding
from dlaasgen.findings_rows import findings_of, rows_of
from dlaasgen.manifests import digest
from dlaasgen.pipeline import memory
from dlaasgen.pipeline.checking import refuse_waivers
from dlaasgen.pipeline.evaluation import Job, Request, evaluate_cells
from dlaasgen.pipeline.places import shown, tree_indexes
from dlaasgen.tree import (
    INDEX,
    KUSTOMIZATION,
    README,
    Drift,
    Entry,
    Index,
    compare,
    dump_index,
    kustomization,
    owned,
)
from dlaasgen.tree_readme import readme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlaasgen.cells import Cell
    from dlaasgen.matrix import Matrix


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a render did, or would do. `drift` is what differed before it; `foreign` are files that are not ours."""

    matrix: str
    tree: str
    cells: int
    evaluated: int
    drift: Drift
    foreign: tuple[str, ...]
    findings: tuple[Finding, ...]


def render_matrix(request: Request, progress: Callable[[int, int], None] | None = None) -> Outcome:
    """Render one matrix file. Raises MatrixError, PrototypeError, CheckError or TreeError; then nothing has changed."""
    data = matrix_files.read_text(request.matrix)
    matrix = matrix_files.read_bytes(data, request.matrix)
    root = project.root(request.matrix)
    source = project.relative(request.matrix, root)
    with matrix_files.located(data, request.matrix):
        try:
            outcome = _rendered(request, data, matrix, root, source, progress)
            written = os.path.dirname(outcome.tree) if request.mode == "write" else None
            return replace(outcome, findings=_in_files(outcome.findings, source, matrix, written))
        except CheckError as error:
            raise CheckError(_in_files(error.findings, source, matrix, None)) from None
        except UsageError as error:
            unknown = [replace(f, file=matrix.file, path="kubernetes") for f in error.findings if f.code == "K109"]
            if not unknown or request.kubernetes is not None or matrix.kubernetes is None:
                raise
            raise MatrixError(unknown) from None  # the file asks for it, not the command line


def _in_files(findings: Sequence[Finding], source: str, matrix: Matrix, out: str | None) -> tuple[Finding, ...]:
    """Findings with a file that is there: the manifest in `out`, or the matrix (`source`), as the command names it."""
    inside = f"{matrix.name}/{gitops.JOBS}"

    def file_of(f: Finding) -> str | None:
        if f.file is None or not f.file.startswith(inside):
            return matrix.file if f.file == source else f.file
        return shown(os.path.join(out, f.file)) if out is not None else matrix.file

    return tuple(replace(f, file=file_of(f)) for f in findings)


def _rendered(
    request: Request,
    data: bytes,
    matrix: Matrix,
    root: str,
    source: str,
    progress: Callable[[int, int], None] | None,
) -> Outcome:
    """`source`: the matrix file as the index names it, from the project's folder `root`."""
    if request.kubernetes is not None:
        matrix = replace(matrix, kubernetes=request.kubernetes)
    refuse_waivers(matrix)
    out = request.out if request.out is not None else os.path.join(root, "rendered")
    library = Library([os.path.join(root, "prototypes"), project.shipped_prototypes()])
    prototype = library.prototype(matrix.prototype)
    job = Job(
        request,
        matrix,
        library,
        prototype,
        source,
        _inputs(data, library, matrix),
    )
    lock = tree_files.locked(out) if request.mode == "write" else contextlib.nullcontext()
    with lock:
        return _render(job, tree_files.Stage(out, matrix.name), progress)


def _inputs(data: bytes, library: Library, matrix: Matrix) -> dict[str, str]:
    """The digests of all that a tree is made from. Of the lock of images only what the matrix uses counts."""
    images = "\n".join(f"{name} {pinned}" for name, pinned in matrix.images.items())
    return {
        "dlaasgen": __version__,
        "matrix": hashlib.sha256(data).hexdigest(),
        **({"images": hashlib.sha256(images.encode()).hexdigest()} if images else {}),
        **library.closure(matrix.prototype),
    }


def _render(job: Job, stage: tree_files.Stage, progress: Callable[[int, int], None] | None) -> Outcome:
    if job.request.mode == "write":
        stage.tidy()
    present = memory.present(job, stage.tree)
    clean = memory.outcome(job, present)
    if clean is not None:
        cells, findings = clean
        return Outcome(job.matrix.name, stage.tree, cells, 0, Drift(), (), findings)
    return _render_anew(job, stage, present, memory.known(job, stage, present), progress)


def _render_anew(
    job: Job,
    stage: tree_files.Stage,
    present: Mapping[str, str],
    known: Index | None,
    progress: Callable[[int, int], None] | None,
) -> Outcome:
    from dlaasgen.cells import expand_with_notes, select

    expansion = expand_with_notes(job.matrix)
    cells = expansion.cells
    if job.request.select:
        cells = select(cells, job.request.select)
    own = _params(job.matrix.params, cells)
    kept = _kept(job, known, present, cells, own)
    todo = [n for n, entry in enumerate(kept) if entry is None]
    writing = job.request.mode == "write"
    try:
        if writing:
            stage.open()
        entries, staged, findings = evaluate_cells(
            job, stage if writing else None, present, cells, own, kept, todo, progress
        )
        if known is not None:
            reused = {e.id for e in kept if e is not None}
            before = findings_of(known.findings, [e.id for e in known.entries])
            findings += [f for f in before if f.cell in reused]
        findings += [replace(f, file=job.source) for f in expansion.findings]
        if any(f.severity == "error" for f in findings):
            raise CheckError(findings)  # noqa: TRY301 - so that what is staged goes
        index, texts = _about(job, entries, findings)
        wanted = {**owned(index), INDEX: digest(texts[INDEX].encode())}
        drift = compare(wanted, present)
        ours = _ours(stage, present, known)
        foreign = tuple(p for p in drift.extra if p not in ours)
        if writing:
            _refuse_foreign(stage, drift, ours, present)
            staged += [p for p, t in texts.items() if present.get(p) != wanted[p] and stage.put(p, t.encode())]
            stage.commit(staged, [p for p in drift.extra if p in ours and p != tree_files.JOURNAL], INDEX, wanted)
        if job.request.cache and (writing or not drift):
            memory.remember(job, wanted, index)
        return Outcome(job.matrix.name, stage.tree, len(cells), len(todo), drift, foreign, tuple(findings))
    except BaseException:
        if writing:
            stage.discard()
        raise


def _params(common: Mapping[str, Any], cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Each cell's parameters without those that are the matrix's own."""
    return [
        {k: v for k, v in c.params.items() if k not in common or not (common[k] is v or memory.same_json(common[k], v))}
        for c in cells
    ]


def _kept(
    job: Job, known: Index | None, present: Mapping[str, str], cells: Sequence[Cell], own: Sequence[Mapping[str, Any]]
) -> list[Entry | None]:
    """For each cell its entry in the known index when nothing that it depends on has changed, else None."""
    if known is None or {**known.inputs, "matrix": ""} != {**job.inputs, "matrix": ""}:
        return [None] * len(cells)
    if not memory.same_json(known.params, dict(job.matrix.params)):
        return [None] * len(cells)
    before = {e.id: e for e in known.entries}
    kept: list[Entry | None] = []
    for cell, params in zip(cells, own, strict=True):
        entry = before.get(cell.id)
        if (
            entry is not None
            and entry.repeat == cell.repeat
            and memory.same_json((entry.axes, entry.params), (cell.axes, params))
            and all(present.get(p) == d for p, d in entry.files.items())
        ):
            kept.append(entry)
        else:
            kept.append(None)
    return kept


def _about(job: Job, entries: Sequence[Entry], findings: Sequence[Finding]) -> tuple[Index, dict[str, str]]:
    """The index, and the texts of the files that stand beside the manifests, index last."""
    index = Index(
        matrix=job.matrix.name,
        source=job.source,
        prototype=job.matrix.prototype,
        dialect=job.matrix.dialect,
        inputs=job.inputs,
        options=job.options,
        params=job.matrix.params,
        entries=entries,
        findings=rows_of(findings, [e.id for e in entries]),
    )
    texts = {
        README: readme(index),
        KUSTOMIZATION: kustomization(p for e in entries for p in e.files if p.startswith(gitops.JOBS)),
    }
    texts |= gitops.of_tree(job.matrix, entries)
    if job.request.format == "ksonnet":
        from dlaasgen.pipeline.ksonnet_render import application_files

        texts |= application_files(job, entries)
    index = replace(index, files={p: digest(t.encode()) for p, t in texts.items()})
    return index, {**texts, INDEX: dump_index(index)}


def _ours(stage: tree_files.Stage, present: Mapping[str, str], known: Index | None) -> set[str]:
    """The files on disk that a render of ours wrote: the index names them, or an interrupted render's journal."""
    ours = tree_files.journal(stage.tree)
    for index in [known] if known is not None else tree_indexes(stage.tree):
        ours |= {INDEX, *owned(index)}
    return ours | ({tree_files.JOURNAL} if tree_files.JOURNAL in present else set())


def _refuse_foreign(stage: tree_files.Stage, drift: Drift, ours: set[str], present: Mapping[str, str]) -> None:
    """Raises TreeError when a file that is not ours stands where one of ours must go."""
    foreign = [p for p in drift.changed if p not in ours]
    foreign += stage.in_the_way(drift.missing)
    if foreign:
        raise TreeError(
            [
                Finding(
                    "R104",
                    "a file that dlaasgen did not write stands where it must write",
                    file=os.path.relpath(os.path.join(stage.tree, p)),
                    found=present.get(p, "no file"),
                    hint="move it away, or remove the tree and render again",
                )
                for p in foreign
            ]
        )
