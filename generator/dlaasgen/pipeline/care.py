"""Care for a store: what `dlaasgen store` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlaasgen.adapters.store import care
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import opened
from dlaasgen.errors import StoreError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator


def doctor(store: str) -> list[Finding]:
    """What is wrong with a store."""
    with opened(store) as database:
        return care.doctor(database)


def backup(store: str, target: str) -> None:
    """Copy a store into a new file."""
    with opened(store) as database:
        care.backup(database, target)


def prune(store: str, run: str | None, *, dry: bool) -> tuple[int, int]:
    """Remove a run, and logs that no place has any more; the numbers of (jobs, logs)."""
    with opened(store) as database:
        return care.prune(database, run, dry=dry)


def logs(store: str, *, unmatched: bool) -> list[dict[str, Any]]:
    """The stored logs and where each came from."""
    with opened(store) as database:
        return result_store.listed(database, unmatched=unmatched)


def missing(store: str) -> list[dict[str, str]]:
    """What could not be had."""
    with opened(store) as database:
        return result_store.not_had(database)


def raw(store: str, digest: str) -> Iterator[bytes]:
    """A raw log's bytes. Raises StoreError when no log has a digest that begins so."""
    with opened(store) as database, database.read() as connection:
        if (full := log_store.full_digest(connection, digest)) is None:
            message = f"no log has a digest that begins with {digest}, or several have"
            raise StoreError([Finding("C132", message, hint="`dlaasgen store logs` lists them")])
        yield from log_store.read(connection, full)
