"""What Kubernetes said last of jobs and their pods, kept beside their logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from dlaasgen import evidence as facts
from dlaasgen.adapters.store.database import now, turn
from dlaasgen.adapters.store.jobs import keep_job
from dlaasgen.adapters.store.tables import evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.adapters.store.database import Database
    from dlaasgen.evidence import Evidence
    from dlaasgen.joining import Job

_AT_ONCE = 500


def keep(database: Database, found: Sequence[tuple[Evidence, Job]]) -> int:
    """Keep what is said now instead of what was said before, in one transaction; the number of objects with news."""
    if not found:
        return 0
    rows = {
        one.key: {
            "key": one.key,
            "job": job.job,
            "run": job.run,
            "over": int(one.gone or one.state in facts.OVER),
            "document": orjson.dumps(facts.to_json(one)).decode(),
            "noticed": now(),
        }
        for one, job in found
    }
    with database.write() as connection:
        turn(database, connection)
        keys = list(rows)
        held: dict[str, tuple[str, str, str]] = {}
        for start in range(0, len(keys), _AT_ONCE):
            query = sa.select(evidence).where(evidence.c.key.in_(keys[start : start + _AT_ONCE]))
            held |= {row.key: (row.job, row.run, row.document) for row in connection.execute(query)}
        news = [row for key, row in rows.items() if held.get(key) != (row["job"], row["run"], row["document"])]
        for job in {(job.job, job.run): job for _, job in found}.values():
            keep_job(database, connection, job)
        if news:
            insert = database.insert(evidence)
            update = {c.name: insert.excluded[c.name] for c in evidence.c if not c.primary_key}
            connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=update), news)
        return len(news)


def unfinished(database: Database) -> list[Evidence]:
    """What was still there and not over when somebody looked last."""
    with database.read() as connection:
        found = connection.execute(sa.select(evidence.c.document).where(evidence.c.over == 0)).scalars()
        return [facts.from_json(orjson.loads(document)) for document in found]


def owners(database: Database, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Key -> (job, run) of these objects."""
    found: dict[str, tuple[str, str]] = {}
    with database.read() as connection:
        for start in range(0, len(keys), _AT_ONCE):
            query = sa.select(evidence.c.key, evidence.c.job, evidence.c.run)
            for row in connection.execute(query.where(evidence.c.key.in_(keys[start : start + _AT_ONCE]))):
                found[row.key] = (row.job, row.run)
    return found
