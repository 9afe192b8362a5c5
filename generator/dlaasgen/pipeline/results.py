"""Results of the store: queried, and handed on as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen import queries
from dlaasgen.adapters import parquet
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.queries import Row


def query(store: str, where: str | None = None, sort: Sequence[str] = ()) -> list[Row]:
    """The results in a store that an expression holds for, sorted."""
    import orjson

    with opened(store) as database:
        # Many jobs share the texts of their axes and parameters: each is read once.
        seen: dict[str, dict[str, Any]] = {}

        def read(text: str) -> dict[str, Any]:
            found = seen.get(text)
            if found is None:
                found = seen[text] = orjson.loads(text)
            return found

        rows = [
            queries.Row(orjson.loads(document), read(axes), read(params))
            for document, axes, params in result_store.rows(database)
        ]
    if where is not None:
        rows = queries.where(rows, where)
    return queries.sort(rows, sort)


def write_parquet(path: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows as a Parquet file."""
    parquet.write(path, rows, columns)
