"""Queries over results: rows chosen by an expression, sorted, grouped, cut to columns. No I/O here.

A row knows names: the result's own (job, matrix, run, status, reason, stage, workers), its metrics (their value), the
cell's parameters and its axes. A result's own name comes before a parameter's, and that before an axis's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import MatrixError, UsageError
from dlaasgen.expressions import compile_expression
from dlaasgen.findings import Finding, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

OWN = ("job", "matrix", "cell_id", "run", "status", "reason", "stage", "workers", "mismatches", "manifest_digest")
RATE = "images_per_second"
TABLE = ("cell_id", "run", "status", "workers", RATE, "reason")


@dataclass(frozen=True)
class Row:
    """A stored result: its document (docs/reference/output.md), and the cell's axes and parameters."""

    document: Mapping[str, Any]
    axes: Mapping[str, str]
    params: Mapping[str, Any]

    @cached_property
    def values(self) -> dict[str, Any]:
        """Name -> value. `workers` and `mismatches` are their numbers; `cell_id` is the job where there is no cell."""
        told = self.document
        return {
            **self.axes,
            **self.params,
            **{name: metric["value"] for name, metric in told["metrics"].items() if metric["value"] is not None},
            **{name: self._own(name) for name in OWN},
        }

    def some(self, wanted: Iterable[str]) -> dict[str, Any]:
        """Those of `values` that are asked for: as `values` has them, and sooner."""
        told, found = self.document, {}
        for name in wanted:
            if name in OWN:
                found[name] = self._own(name)
            elif (metric := told["metrics"].get(name)) is not None and metric["value"] is not None:
                found[name] = metric["value"]
            elif name in self.params:
                found[name] = self.params[name]
            elif name in self.axes:
                found[name] = self.axes[name]
        return found

    def _own(self, name: str) -> Any:
        told = self.document
        if name == "cell_id":
            return told["cell"] or told["job"]
        return len(told[name]) if name in {"workers", "mismatches"} else told.get(name)

    @property
    def order(self) -> tuple[str, ...]:
        """By matrix, run, cell, job."""
        told = self.document
        return tuple(told[name] or "" for name in ("matrix", "run", "cell", "job"))


def names(rows: Iterable[Row]) -> dict[str, None]:
    """Every name that some row knows, in the order of first sight; those of no result but known anyway come first."""
    return {**dict.fromkeys(OWN), **{name: None for row in rows for name in row.values}}


def where(rows: Iterable[Row], text: str, known: Iterable[str]) -> Iterator[Row]:
    """The rows for which a CEL expression over `known` names is true; one that lacks what it asks for is none of them.

    Raises UsageError when the expression is wrong.
    """
    try:
        expression = compile_expression(text, known)
        for row in rows:
            try:
                values = row.values if expression.whole else row.some(expression.variables)
                if expression.holds(values):
                    yield row
            except MatrixError as error:
                if not error.findings[0].message.startswith("there is no "):
                    raise
    except MatrixError as error:
        raise UsageError(error.findings) from None


def sort(rows: Sequence[Row], keys: Sequence[str]) -> list[Row]:
    """The rows by names, `-name` from the largest; what a row lacks comes last."""
    chosen = sorted(rows, key=lambda row: row.order)
    for key in reversed(keys):
        name = checked([key.removeprefix("-")], rows)[0]
        have = [row for row in chosen if row.values.get(name) is not None]
        lack = [row for row in chosen if row.values.get(name) is None]
        have.sort(key=lambda row: _rank(row.values[name]), reverse=key.startswith("-"))
        chosen = have + lack
    return chosen


def checked(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """The columns, when each is a name that some row knows. Raises UsageError for the others."""
    known = names(rows)
    unknown = [name for name in columns if name not in known]
    if unknown and rows:
        raise UsageError([Finding("C130", f"there is no column {n}", hint=did_you_mean(n, known)) for n in unknown])
    return list(columns)


def flat(rows: Iterable[Row], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Each row as a flat object of these columns, None for what it lacks."""
    return [{name: row.values.get(name) for name in columns} for row in rows]


def every_column(rows: Sequence[Row]) -> list[str]:
    """All names whose values are plain: what CSV and Parquet have when no columns are asked for."""
    known = names(rows)
    return [name for name in known if not any(isinstance(row.values.get(name), dict | list) for row in rows)]


def group(rows: Sequence[Row], by: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each combination of the names' values: the number of jobs, how many succeeded, their rates."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(str(row.values.get(name, "")) for name in by), []).append(row)
    told = []
    for members in groups.values():
        rates = [rate for row in members if isinstance(rate := row.values.get(RATE), int | float)]
        told.append({
            **{name: members[0].values.get(name) for name in by},
            "jobs": len(members),
            "succeeded": sum(row.document["status"] == "succeeded" for row in members),
            f"{RATE}_mean": sum(rates) / len(rates) if rates else None,
            f"{RATE}_min": min(rates, default=None),
            f"{RATE}_max": max(rates, default=None),
        })  # fmt: skip
    return told


def _rank(value: Any) -> tuple[int, Any]:
    """Numbers before texts, so that any two values can be compared."""
    return (0, value) if isinstance(value, int | float) else (1, str(value))
