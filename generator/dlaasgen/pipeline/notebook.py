"""The store in a notebook: results as plain data, their series and their logs. docs/guides/notebook.md shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen import queries
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import opened
from dlaasgen.errors import StoreError
from dlaasgen.findings import Finding
from dlaasgen.pipeline import care
from dlaasgen.pipeline.results import query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Store:
    """A store of results: a file, or the URL of a PostgreSQL database, as `--store` takes them.

    Nothing stays open between two calls, and each sees what has been collected until then. Errors are
    `dlaasgen.errors.DlaasgenError`, with `findings`: StoreError for a store that cannot be read, UsageError for an
    expression or a column that is wrong.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def results(self, where: str | None = None, sort: Sequence[str] = ()) -> list[dict[str, Any]]:
        """The results that an expression holds for, as `dlaasgen results --output json` prints them.

        `where` is an expression in the language of matrices, `sort` names, `-name` from the largest.
        """
        return [dict(row.document) for row in query(self.name, where, sort)]

    def table(
        self, columns: Sequence[str] = (), where: str | None = None, sort: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """Results as flat rows, None for what one lacks: what pandas.DataFrame and pyarrow.Table.from_pylist take.

        Columns are a result's own names, metrics (their values, in the metric's unit), parameters and axes of cells;
        without any, all that are plain.
        """
        rows = query(self.name, where, sort)
        return queries.flat(rows, queries.checked(columns, rows) or queries.every_column(rows))

    def series(self, result: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The steps of a result's workers, a row each: `role`, `index`, `step`, `images_per_second`, `loss`.

        `images_per_second` is the worker's mean up to the step. Of a long log there are about 500 steps, evenly spread.
        """
        with opened(self.name) as database:
            held = result_store.series(database, result["run"], result["job"])
        if result["job"] not in held:
            raise StoreError([Finding("C132", f"there is no result of job {result['job']} in run {result['run']!r}")])
        return [
            {"role": worker["role"], "index": worker["index"], "step": step, "images_per_second": rate, "loss": loss}
            for worker, steps in zip(result["workers"], held[result["job"]], strict=True)
            for step, rate, loss in steps
        ]

    def logs(self, result: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The logs of a result, as `dlaasgen store logs --output json` prints them.

        `digest`; `role`, `number`, `pod`, `container`, `restart` and `path`: where it is from; `size` (bytes), `lines`.
        """
        with opened(self.name) as database:
            return result_store.listed(database, of=(result["job"], result["run"]))

    def text(self, digest: str) -> str:
        """The text of a log, by its digest or the beginning of it; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(care.raw(self.name, digest)).decode(errors="replace")
