"""Results of the store: queried, and handed on as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen import queries
from dlaasgen.adapters import parquet
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import opened
from dlaasgen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.adapters.store.database import Database
    from dlaasgen.queries import Row

_SAMPLE = 200


def query(store: str, where: str | None = None, sort: Sequence[str] = ()) -> list[Row]:
    """The results in a store that an expression holds for, sorted. Those that it does not hold for are not kept."""
    with opened(store) as database:
        if where is None:
            rows = list(_stored(database))
        else:
            try:
                rows = list(_stored(database).where(where, _names(database, _SAMPLE)))
            except UsageError:
                # A rare metric may be what is asked for: all results are looked at before a name is refused.
                rows = list(_stored(database).where(where, _names(database, None)))
    return queries.sort(rows, sort)


def _stored(database: Database) -> queries.Stored:
    return queries.Stored(result_store.rows(database), result_store.COLUMNS)


def _names(database: Database, sample: int | None) -> dict[str, None]:
    import orjson

    found, documents = result_store.texts(database, sample)
    names = dict.fromkeys(queries.OWN)
    for text in found:
        names |= dict.fromkeys(orjson.loads(text))
    for text in documents:
        names |= dict.fromkeys(orjson.loads(text)["metrics"])
    return names


def write_parquet(path: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows as a Parquet file."""
    parquet.write(path, rows, columns)
