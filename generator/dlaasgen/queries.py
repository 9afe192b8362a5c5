"""Queries over results: rows chosen by an expression, sorted, grouped, cut to columns. No I/O here.

A row knows names: the result's own (job, matrix, run, status, reason, stage, workers), its metrics (their value), the
cell's parameters and its axes. A result's own name comes before a parameter's, and that before an axis's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from dlaasgen.errors import MatrixError, UsageError
from dlaasgen.expressions import compile_expression
from dlaasgen.findings import Finding, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from dlaasgen.expressions import Expression

OWN = ("job", "matrix", "cell_id", "run", "status", "reason", "stage", "workers", "mismatches", "manifest_digest")
RATE = "images_per_second"
_KEPT = 1 << 16
_START = re.compile(r"\{" + ",".join(rf'"{name}":"(?P<{name}>[^"\\]*)"' for name in ("job", "matrix", "cell", "run")))
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

    def read(self) -> Row:
        """This row, with its document read."""
        return self

    @property
    def order(self) -> tuple[str, ...]:
        """By matrix, run, cell, job."""
        told = self.document
        return tuple(told[name] or "" for name in ("matrix", "run", "cell", "job"))


class StoredRow(Row):
    """A row whose document is still JSON. It is kept once somebody asks for it; `read` is for a look at it."""

    def __init__(self, text: str, axes: Mapping[str, str], params: Mapping[str, Any]) -> None:
        vars(self).update(text=text, axes=axes, params=params)

    if TYPE_CHECKING:
        text: str
    else:

        @cached_property
        def document(self) -> Mapping[str, Any]:
            """The result, as `--output json` prints it."""
            return orjson.loads(self.text)

    def read(self) -> Row:
        """The row with its document, which goes with it: many rows take little memory."""
        return self if "document" in vars(self) else Row(orjson.loads(self.text), self.axes, self.params)

    @property
    def order(self) -> tuple[str, ...]:
        """As of every row, from the start of the document where it is plain."""
        plain = _START.match(self.text)
        return plain.group("matrix", "run", "cell", "job") if plain else self.read().order


class Stored:
    """Results as the store gives them: (document, axes, params, *columns) of each, three as JSON.

    columns  names of the result's own and of metrics that have a column, too; a metric without a value is None there
    """

    def __init__(self, found: Iterable[Sequence[Any]], columns: Sequence[str]) -> None:
        self._found = found
        self._columns = columns
        # Many jobs share the texts of their axes and parameters: each is read once.
        self._load = lru_cache(_KEPT)(orjson.loads)

    def __iter__(self) -> Iterator[StoredRow]:
        return (self._row(one) for one in self._found)

    def where(self, text: str, known: Iterable[str]) -> Iterator[StoredRow]:
        """Those for which a CEL expression over `known` names is true; what lacks what it asks for is none of them.

        Raises UsageError when the expression is wrong.
        """
        try:
            holds = self._judge(compile_expression(text, known))
            for one in self._found:
                if holds(one):
                    yield self._row(one)
        except MatrixError as error:
            raise UsageError(error.findings) from None

    def _row(self, one: Sequence[Any]) -> StoredRow:
        return StoredRow(one[0], self._load(one[1]), self._load(one[2]))

    def _judge(self, expression: Expression) -> Callable[[Sequence[Any]], bool]:
        """What says whether the expression holds. A document is read only where it may decide."""
        names = expression.variables
        own = [(name, 3 + place) for place, name in enumerate(self._columns) if name in names]
        rest = [name for name in names if name not in self._columns]
        everything = expression.whole or not {*rest}.isdisjoint(OWN)
        # A metric comes before a parameter of its name, and is an object, as orjson writes it.
        metrics = [f"{orjson.dumps(name).decode()}:{{" for name in rest]
        seen: dict[Hashable, bool] = {}

        @lru_cache(_KEPT)
        def alike(axes: str, params: str) -> tuple[dict[str, Any], bool | None]:
            """What a cell gives, and what this decides whatever the columns say; None when they do."""
            values = {**self._load(axes), **self._load(params)}
            values = {name: values[name] for name in names if name in values}
            try:
                return values, expression.holds({name: values[name] for name in rest if name in values})
            except MatrixError:
                return values, None

        def holds(one: Sequence[Any]) -> bool:
            whole = everything
            for metric in metrics:
                whole = whole or metric in one[0]
            if whole:
                row = self._row(one).read()
                return judged(row.values if expression.whole else row.some(names))
            values, said = alike(one[1], one[2])
            if said is None:
                said = judged(values | {name: one[place] for name, place in own if one[place] is not None})
            return said

        def judged(values: Mapping[str, Any]) -> bool:
            # Many rows agree in what is asked for.
            key = None if expression.whole else _key(values)
            said = None if key is None else seen.get(key)
            if said is None:
                said = _holds(expression, values)
                if key is not None and len(seen) < _KEPT:
                    seen[key] = said
            return said

        return holds


def names(rows: Iterable[Row]) -> dict[str, None]:
    """Every name that some row knows, in the order of first sight; those of no result but known anyway come first."""
    found = dict.fromkeys(OWN)
    for row in rows:
        found |= dict.fromkeys(row.read().values)
    return found


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
        told = [(row.read().some([name]).get(name), row) for row in chosen]
        have = [one for one in told if one[0] is not None]
        have.sort(key=lambda one: _rank(one[0]), reverse=key.startswith("-"))
        chosen = [row for _, row in have] + [row for value, row in told if value is None]
    return chosen


def checked(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """The columns, when each is a name that some row knows. Raises UsageError for the others."""
    unknown = dict.fromkeys(columns)
    for row in rows:
        if not unknown:
            break
        told = row.read().some(unknown)
        unknown = {name: None for name in unknown if name not in told}
    if unknown and rows:
        known = names(rows)
        raise UsageError([_no_column(name, known) for name in unknown])
    return list(columns)


def _no_column(name: str, known: Iterable[str]) -> Finding:
    near = did_you_mean(name, known)
    some = f"one of {', '.join(sorted(known))}" if near is None else None
    return Finding("C130", f"there is no column {name}", expected=some, hint=near)


def flat(rows: Iterable[Row], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Each row as a flat object of these columns, None for what it lacks."""
    return [dict.fromkeys(columns) | row.read().some(columns) for row in rows]


def every_column(rows: Iterable[Row]) -> list[str]:
    """All names whose values are plain: what CSV and Parquet have when no columns are asked for."""
    plain = dict.fromkeys(OWN, True)
    for row in rows:
        for name, value in row.read().values.items():
            plain[name] = plain.get(name, True) and not isinstance(value, dict | list)
    return [name for name, holds in plain.items() if holds]


def group(rows: Iterable[Row], by: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each combination of the names' values: the number of jobs, how many succeeded, their rates."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        values = row.read().some([*by, RATE, "status"])
        groups.setdefault(tuple(str(values.get(name, "")) for name in by), []).append(values)
    told = []
    for members in groups.values():
        rates = [rate for one in members if isinstance(rate := one.get(RATE), int | float)]
        told.append({
            **{name: members[0].get(name) for name in by},
            "jobs": len(members),
            "succeeded": sum(one["status"] == "succeeded" for one in members),
            f"{RATE}_mean": sum(rates) / len(rates) if rates else None,
            f"{RATE}_min": min(rates, default=None),
            f"{RATE}_max": max(rates, default=None),
        })  # fmt: skip
    return told


def _rank(value: Any) -> tuple[int, Any]:
    """Numbers before texts, so that any two values can be compared."""
    return (0, value) if isinstance(value, int | float) else (1, str(value))
