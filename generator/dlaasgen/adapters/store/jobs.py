"""Jobs: what is known of each, none of them twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from dlaasgen.adapters.store.tables import jobs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlaasgen.adapters.store.database import Database
    from dlaasgen.joining import Job


def keep_job(database: Database, connection: sa.Connection, job: Job) -> None:
    """A job's row, with the most that anybody has known of it."""
    keep_jobs(database, connection, [job])


def keep_jobs(database: Database, connection: sa.Connection, found: Iterable[Job]) -> None:
    """The rows of jobs, none of them twice."""
    rows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for job in found:
        row = {
            "job": job.job,
            "run": job.run,
            "matrix": job.matrix,
            "cell": job.cell,
            "axes": orjson.dumps(dict(job.axes)).decode(),
            "params": orjson.dumps(dict(job.params)).decode(),
            "manifest_digest": job.manifest_digest,
        }
        rows[job.cell is not None].append(row)
    insert = database.insert(jobs)
    if rows[False]:  # whoever knew more has said it
        connection.execute(insert.on_conflict_do_nothing(), rows[False])
    if rows[True]:
        told = {c.name: insert.excluded[c.name] for c in jobs.c if not c.primary_key}
        # A tree knows the manifest and all parameters, a pod's labels do not.
        better = sa.or_(insert.excluded.manifest_digest.is_not(None), jobs.c.manifest_digest.is_(None))
        update = insert.on_conflict_do_update(index_elements=["job", "run"], set_=told, where=better)
        connection.execute(update, rows[True])
