"""Conversion: a job's manifest of one dialect as one of another, and all that is lost on the way. No I/O here.

Each kind is read into a Job and written from one, so that n dialects need n readers and n writers. What the target
cannot express is a finding, never a silent loss; docs/reference/dialects.md says what each can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dlaasgen.conversion_job import Notes
from dlaasgen.conversion_old import is_old, renewed
from dlaasgen.conversion_readers import read
from dlaasgen.conversion_shapes import MalformedError, without_nulls
from dlaasgen.conversion_writers import write
from dlaasgen.dialects import DIALECTS, detect
from dlaasgen.findings import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.findings import Finding


class Converted(NamedTuple):
    """A manifest in its new dialect, or as it was.

    source  the dialect that it was written in; None when it is no job, and so unchanged
    """

    data: Any
    source: str | None
    findings: tuple[Finding, ...]


def convert(manifest: Any, to: str) -> Converted:
    """A manifest in the dialect called `to`; one that is no job, or cannot be converted, unchanged. Never raises."""
    say = Notes()
    target = DIALECTS[to]
    old = isinstance(manifest, dict) and is_old(manifest)
    found = detect(manifest, to) if isinstance(manifest, dict) and not old else None
    if found is None and not old:
        kind = manifest.get("kind") if isinstance(manifest, dict) else manifest
        say("K211", f"{shown(kind)} has no dialects: it is passed on unchanged", "note", "kind")
        return Converted(manifest, None, tuple(say.findings))
    name = found.name if found is not None else str(manifest["apiVersion"])
    if found is target and found.replicas is None:  # it never had another spelling
        return Converted(manifest, name, ())
    try:
        data = without_nulls(manifest)
        data = renewed(data, say) if old else data
        dialect = found or DIALECTS["tfjob-v1alpha2"]
        converted = write(read(data, dialect, say), target, say)
    except MalformedError as error:
        message, path = error.args
        say("K209", message, path=path)
        return Converted(manifest, name, tuple(say.findings))
    return Converted(converted, name, tuple(say.findings))


def conform(objects: Sequence[Mapping[str, Any]], to: str) -> list[Converted] | None:
    """The objects of one cell, its jobs in the dialect `to`; None when they are so already.

    A batch Job that stands beside a job of another kind sets something up, and stays.
    """
    found = [detect(o, to) for o in objects]
    mixed = any(d is not None and d.kind != "Job" for d in found)
    wrong = [d is not None and d.name != to and not (mixed and d.kind == "Job") for d in found]
    if not any(wrong):
        return None
    return [convert(o, to) if other else Converted(o, None, ()) for o, other in zip(objects, wrong, strict=True)]
