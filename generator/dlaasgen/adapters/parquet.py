"""Parquet files of flat rows, by pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.errors import StoreError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def write(path: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write a table. A column with values of several types becomes one of texts."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        hint = "pip install 'dlaasgen[parquet]'"
        raise StoreError([Finding("C121", "Parquet needs the package pyarrow", hint=hint)]) from None
    table = pa.table({name: pa.array(_column([row.get(name) for row in rows])) for name in columns})
    try:
        parquet.write_table(table, path)
    except OSError as error:
        raise StoreError([Finding("C124", f"{path} cannot be written: {error.strerror or error}")]) from None


def _column(values: list[Any]) -> list[Any]:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return [None if value is None else float(value) for value in values]
    return values if len(kinds) <= 1 else [None if value is None else str(value) for value in values]
