"""Queries over results: rows chosen by an expression, sorted, grouped, cut to columns. No I/O here.

A row knows names: the result's own (job, matrix, run, status, reason, stage, workers), its metrics (their value), the
cell's parameters and its axes. A result's own name comes before a parameter's, and that before an axis's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from dlaasgen.errors import MatrixError, UsageError
from dlaasgen.expressions import compile_expression
from dlaasgen.findings import Finding, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from dlaasgen.expressions import Expression

OWN = ("job", "matrix", "cell_id", "run", "status", "reason", "stage", "workers", "mismatches", "manifest_digest")
RATE = "images_per_second"
_KEPT = 1 << 16
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


class StoredRow(Row):
    """A row whose document is still JSON: it is read when more is asked of it than its columns hold.

    columns  some of the result's own names and metrics, as the document has them; a metric that is None is not there
    """

    def __init__(
        self, text: str, axes: Mapping[str, str], params: Mapping[str, Any], columns: Mapping[str, Any]
    ) -> None:
        for name, value in (("text", text), ("axes", axes), ("params", params), ("columns", columns)):
            object.__setattr__(self, name, value)

    if TYPE_CHECKING:
        text: str
        columns: Mapping[str, Any]
    else:

        @cached_property
        def document(self) -> Mapping[str, Any]:
            """The result, as `--output json` prints it."""
            return orjson.loads(self.text)

    def some(self, wanted: Iterable[str]) -> dict[str, Any]:
        """As of every row; from the document only where it has to be."""
        found, rest = {}, []
        for name in wanted:
            if name in self.columns:
                if self.columns[name] is not None:
                    found[name] = self.columns[name]
            elif name in OWN or self._may_be_metric(name):
                rest.append(name)
            elif name in self.params:
                found[name] = self.params[name]
            elif name in self.axes:
                found[name] = self.axes[name]
        return found | super().some(rest) if rest else found

    def _may_be_metric(self, name: str) -> bool:
        """Whether the document may have a metric of the name, which would come before a parameter: never too rarely."""
        return not name.isidentifier() or f'"{name}":{{' in self.text or f'"{name}": {{' in self.text


def names(rows: Iterable[Row]) -> dict[str, None]:
    """Every name that some row knows, in the order of first sight; those of no result but known anyway come first."""
    return {**dict.fromkeys(OWN), **{name: None for row in rows for name in row.values}}


def where(rows: Iterable[Row], text: str, known: Iterable[str]) -> Iterator[Row]:
    """The rows for which a CEL expression over `known` names is true; one that lacks what it asks for is none of them.

    Raises UsageError when the expression is wrong.
    """
    try:
        expression = compile_expression(text, known)
        # Many rows agree in what is asked for.
        seen: dict[Hashable, bool] = {}
        for row in rows:
            values = row.values if expression.whole else row.some(expression.variables)
            key = None if expression.whole else _key(values)
            holds = None if key is None else seen.get(key)
            if holds is None:
                holds = _holds(expression, values)
                if key is not None and len(seen) < _KEPT:
                    seen[key] = holds
            if holds:
                yield row
    except MatrixError as error:
        raise UsageError(error.findings) from None


def _holds(expression: Expression, values: Mapping[str, Any]) -> bool:
    try:
        return expression.holds(values)
    except MatrixError as error:
        if not error.findings[0].message.startswith("there is no "):
            raise
        return False


def _key(values: Mapping[str, Any]) -> Hashable | None:
    """What two sets of values have in common when an expression says the same of both: 1 is not 1.0, nor true."""
    key = tuple((name, type(value), value) for name, value in values.items())
    return None if any(isinstance(value, dict | list) for value in values.values()) else key


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
    if not columns:
        return []
    known = names(rows)
    unknown = [name for name in columns if name not in known]
    if unknown and rows:
        raise UsageError([Finding("C130", f"there is no column {n}", hint=did_you_mean(n, known)) for n in unknown])
    return list(columns)


def flat(rows: Iterable[Row], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Each row as a flat object of these columns, None for what it lacks."""
    return [dict.fromkeys(columns) | row.some(columns) for row in rows]


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
