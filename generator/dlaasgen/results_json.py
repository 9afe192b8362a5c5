"""Results as JSON and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen import evidence
from dlaasgen.results import Metric, Mismatch, Result, Worker

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = ("job", "matrix", "cell", "run", "status", "reason", "stage", "manifest_digest", "parser")


def to_json(result: Result) -> dict[str, Any]:
    """A result as JSON data, its keys in a fixed order."""
    return {
        "job": result.job,
        "matrix": result.matrix,
        "cell": result.cell,
        "run": result.run,
        "status": result.status,
        "reason": result.reason,
        "stage": result.stage,
        "mismatches": [{"what": m.what, "expected": m.expected, "found": m.found} for m in result.mismatches],
        "workers": [_worker(worker) for worker in result.workers],
        "metrics": {
            name: {"value": m.value, "unit": m.unit, "direction": m.direction} for name, m in result.metrics.items()
        },
        "flags": list(result.flags),
        "environment": dict(result.environment),
        "parameters": dict(result.parameters),
        "manifest_digest": result.manifest_digest,
        "logs": list(result.logs),
        "lines": dict(result.lines),
        "tail": list(result.tail),
        "kubernetes": [evidence.to_json(one) for one in result.kubernetes],
        "parser": result.parser,
    }


def _worker(worker: Worker) -> dict[str, Any]:
    return {
        "role": worker.role,
        "index": worker.index,
        "rate": worker.rate,
        "total": worker.total,
        "stage": worker.stage,
        "steps": worker.steps,
        "series": [*map(list, worker.series)],
    }


def from_json(data: Mapping[str, Any]) -> Result:
    """The result that `to_json` gave `data` of. Keys that are missing take their defaults."""
    values: dict[str, Any] = {key: data[key] for key in _PLAIN if key in data}
    values |= {key: dict(data[key]) for key in ("environment", "parameters", "lines") if key in data}
    values |= {key: tuple(data[key]) for key in ("flags", "logs", "tail") if key in data}
    return Result(
        **values,
        kubernetes=tuple(evidence.from_json(one) for one in data.get("kubernetes", ())),
        mismatches=tuple(Mismatch(**one) for one in data.get("mismatches", ())),
        workers=tuple(
            Worker(**{**one, "series": tuple((s, r, loss) for s, r, loss in one.get("series", ()))})
            for one in data.get("workers", ())
        ),
        metrics={name: Metric(**one) for name, one in data.get("metrics", {}).items()},
    )
