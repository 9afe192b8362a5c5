"""What this machine knows of a tree from earlier renders, so that a render need not find it out again."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import machine_cache, project, tree_files
from dlaasgen.findings_rows import findings_of
from dlaasgen.manifests import digest
from dlaasgen.tree import INDEX, load_index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen.findings import Finding
    from dlaasgen.pipeline.evaluation import Job
    from dlaasgen.tree import Index


def present(job: Job, tree: str) -> dict[str, str]:
    """The digests of the tree's files; those that this machine has read before and that are as they were, unread."""
    key = machine_cache.key_of("files", os.path.realpath(tree))
    before = _recall(job, key) or {}
    present, settled = tree_files.digests(tree, before)
    if job.request.cache and settled != before:
        machine_cache.remember(machine_cache.place(os.environ), key, settled)
    return present


def outcome(job: Job, files: Mapping[str, str]) -> tuple[int, tuple[Finding, ...]] | None:
    """(number of cells, findings) of the render by which this machine made these very files, if it did."""
    clean = _recall(job, _render_key(job, files))
    return None if clean is None else (clean["cells"], tuple(findings_of(clean["findings"], clean["ids"])))


def _recall(job: Job, key: str) -> Any:
    return machine_cache.recall(machine_cache.place(os.environ), key) if job.request.cache else None


def _render_key(job: Job, files: Mapping[str, str]) -> str:
    """Stands for a render of these inputs that came to these files."""
    content = hashlib.sha256("\0".join(f"{d} {p}" for p, d in sorted(files.items())).encode(errors="surrogateescape"))
    made_by = [job.matrix.name, job.source, job.inputs, job.options, project.stamp()]
    return machine_cache.key_of("render", made_by, content.hexdigest())


def known(job: Job, stage: tree_files.Stage, present: Mapping[str, str]) -> Index | None:
    """The tree's index, when this machine made it with this very dlaasgen and the same options; else None."""
    if INDEX not in present or _recall(job, _index_key(present[INDEX])) is None:
        return None
    import orjson

    data = tree_files.read(os.path.join(stage.tree, INDEX))
    index = load_index(orjson.loads(data)) if data is not None and digest(data) == present[INDEX] else None
    ours = (
        index is not None
        and same_json(index.options, job.options)
        and index.matrix == job.matrix.name
        and index.source == job.source
    )
    return index if ours else None


def _index_key(index_digest: str) -> str:
    """Stands for an index that this machine made with this very dlaasgen."""
    return machine_cache.key_of("index", index_digest, project.stamp())


def same_json(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same to a reader: 1, 1.0 and true are not."""
    import orjson

    return orjson.dumps(one) == orjson.dumps(other)


def remember(job: Job, wanted: Mapping[str, str], index: Index) -> None:
    """Let this machine know what a render came to."""
    folder = machine_cache.place(os.environ)
    machine_cache.remember(folder, _index_key(wanted[INDEX]), {})
    ids = [e.id for e in index.entries] if index.findings else []
    outcome = {"cells": len(index.entries), "findings": index.findings, "ids": ids}
    machine_cache.remember(folder, _render_key(job, wanted), outcome)
