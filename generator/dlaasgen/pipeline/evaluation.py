"""Evaluate and check the cells of one render, in several processes, and stage what is new."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from dlaasgen.adapters import workers
from dlaasgen.adapters.jsonnet import Library, engine, evaluate, items
from dlaasgen.errors import PrototypeError, TreeError
from dlaasgen.gitops import object_text, settings
from dlaasgen.manifests import digest
from dlaasgen.pipeline.checking import checker, checks_of
from dlaasgen.rendering import SUFFIXES, Plan, render
from dlaasgen.tree import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dlaasgen.adapters import tree_files
    from dlaasgen.cells import Cell
    from dlaasgen.conversion import Converted
    from dlaasgen.findings import Finding
    from dlaasgen.matrix import Matrix
    from dlaasgen.prototypes import Prototype
    from dlaasgen.rendering import Rendered

SPAN = 800
"""Cells of one process: enough to make a start cheap, few enough to keep it small."""

CHUNK = 400
"""Cells of one evaluation in it: enough to make a start cheap, few enough for its text to stay in the caches."""

Mode = Literal["write", "check", "dry-run"]


@dataclass(frozen=True, slots=True)
class Request:
    """What to render, and how. `out` is the folder that holds one tree a matrix; None means the project's rendered/.

    `kubernetes` is a version to check against in place of the matrix's.
    """

    matrix: str
    out: str | None = None
    mode: Mode = "write"
    run: str = "1"
    format: str = "yaml"
    select: tuple[str, ...] = ()
    jobs: int = 0
    engine: str = "rjsonnet"
    cache: bool = True
    kubernetes: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A request with what has been read for it."""

    request: Request
    matrix: Matrix
    library: Library
    prototype: Prototype
    source: str
    inputs: dict[str, str]

    @property
    def checks(self) -> dict[str, Any]:
        """What the manifests are checked against."""
        return checks_of(self.matrix)

    @property
    def options(self) -> dict[str, Any]:
        """What the tree depends on beside its inputs."""
        r = self.request
        options = {"run": r.run, "format": r.format, "select": list(r.select), "checks": self.checks}
        return options | ({"target": dict(self.matrix.target)} if self.matrix.target else {})


def evaluate_cells(
    job: Job,
    stage: tree_files.Stage | None,
    present: Mapping[str, str],
    cells: Sequence[Cell],
    own: Sequence[Mapping[str, Any]],
    kept: Sequence[Entry | None],
    todo: Sequence[int],
    progress: Callable[[int, int], None] | None,
) -> tuple[list[Entry], list[str], list[Finding]]:
    """(entries in the cells' order, staged paths, findings), evaluating the cells numbered in `todo`."""
    entries = list(kept)
    staged: list[str] = []
    findings: list[Finding] = []
    beside: dict[str, tuple[str, dict[str, Any]]] = {}
    if todo:
        plan = plan_of(job)
        told = settings(job.matrix) is not None

        def work(start: int, stop: int) -> list[_Done] | PrototypeError | TreeError:
            chunks = ([cells[n] for n in todo[at : min(at + CHUNK, stop)]] for at in range(start, stop, CHUNK))
            try:
                return [_done(r, stage, present, told=told) for chunk in chunks for r in render(plan, chunk)]
            except (PrototypeError, TreeError) as error:
                return error.__class__(error.findings)

        jobs = job.request.jobs or workers.default_jobs()
        if len(todo) > SPAN:
            with contextlib.suppress(PrototypeError):  # what a first cell makes ready each process would make again
                list(render(plan, [cells[todo[0]]]))
        with contextlib.closing(workers.spans(work, len(todo), SPAN, jobs)) as results:
            for start, stop, result in results:
                if not isinstance(result, list):
                    raise result
                for n, (name, files, new, found, heads, objects) in zip(todo[start:stop], result, strict=True):
                    entries[n] = Entry(cells[n].id, name, cells[n].axes, own[n], files, cells[n].repeat, objects)
                    staged += new
                    findings += found
                    beside |= {f"{job.matrix.name}/{file}": (cells[n].id, head) for file, head in heads}
                if progress is not None:
                    progress(stop, len(todo))
    if beside:
        from dlaasgen.checks import check_set

        same = check_set([(file, head) for file, (_, head) in beside.items()])
        findings += [replace(f, cell=beside[f.file][0]) if f.file in beside else f for f in same]
    return [e for e in entries if e is not None], staged, findings


# What a worker says of one cell: the job's name, its files' digests, those that it has staged, the findings, and the
# heads of the objects beside the job, whose names two cells could share, and for GitOps what each object is.
_Done = tuple[str, dict[str, str], list[str], tuple["Finding", ...], list[tuple[str, dict[str, Any]]], list[str]]


_HEAD = ("apiVersion", "kind", "metadata")


def _done(rendered: Rendered, stage: tree_files.Stage | None, present: Mapping[str, str], *, told: bool) -> _Done:
    """A rendered cell as the parent gets it, its files staged unless `present` has their digests already."""
    files: dict[str, str] = {}
    new: list[str] = []
    for manifest in rendered.manifests:
        data = manifest.text.encode()
        files[manifest.file] = digest(data)
        if stage is not None and present.get(manifest.file) != files[manifest.file] and stage.put(manifest.file, data):
            new.append(manifest.file)
    heads = [(m.file, {f: m.data.get(f) for f in _HEAD}) for m in rendered.manifests[1:] if m.data]
    objects = [object_text(m.data) for m in rendered.manifests if m.data] if told else []
    return rendered.job, files, new, rendered.findings, heads, objects


def plan_of(job: Job) -> Plan:
    """What the cells of a job have in common."""
    import orjson

    run = engine(job.request.engine)

    def dumps(value: Any) -> str:
        return orjson.dumps(value).decode()

    def evaluated(common: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> Iterable[str]:
        text = evaluate(job.library, job.matrix.prototype, common, given, run, dumps)
        try:
            return items(text, len(given))
        except ValueError:  # not every cell is one object
            return [dumps(value) for value in orjson.loads(text)]

    return Plan(
        matrix=job.matrix,
        prototype=job.prototype,
        run=job.request.run,
        suffix=SUFFIXES[job.request.format],
        evaluate=evaluated,
        check=checker(job.checks),
        canonical_json=lambda value: orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode(),
        component=_component(job),
        conform=_conform(job.matrix.dialect),
    )


def _conform(dialect: str | None) -> Callable[[Sequence[dict[str, Any]]], Sequence[Converted] | None] | None:
    if dialect is None:
        return None
    from dlaasgen.dialects import detect

    def conformed(objects: Sequence[dict[str, Any]]) -> Sequence[Converted] | None:
        found = [detect(o, dialect) for o in objects]
        if all(d is None or d.name == dialect for d in found):  # the usual case
            return None
        from dlaasgen.conversion import conform

        return conform(objects, dialect)

    return conformed


def _component(
    job: Job,
) -> Callable[[Cell, Mapping[str, Any], Sequence[Mapping[str, Any]], object], tuple[str, str]] | None:
    if job.request.format == "ksonnet":
        from dlaasgen.pipeline.ksonnet_render import component_maker

        return component_maker(job)
    if job.request.format != "jsonnet":
        return None
    from importlib import resources

    from dlaasgen.components import component

    template = (resources.files("dlaasgen") / "templates" / "component.jsonnet.j2").read_text(encoding="utf-8")
    return lambda cell, params, objects, _: (
        f"jsonnet/{cell.id}.jsonnet",
        component(template, job.matrix.name, cell.id, params, objects),
    )
