"""Collect from a cluster: every log of every pod that a selector means, once or again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dlaasgen.adapters import cluster
from dlaasgen.adapters.spool import Spool
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.errors import StoreError
from dlaasgen.joining import Arrival
from dlaasgen.pipeline.ingest import Ingested
from dlaasgen.pod_labels import identify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dlaasgen.adapters.cluster import Cluster
    from dlaasgen.adapters.store.database import Database
    from dlaasgen.joining import Known


def collect(
    database: Database, api: Cluster, namespace: str, selector: str, known: Known, done: dict[str, bool]
) -> Ingested:
    """Store the logs of all pods. `done`: keys seen before -> whether their log is complete; it is brought up to date.

    Each log is a transaction of its own: what is counted is stored.
    """
    out = Ingested()
    there: set[str] = set()
    for pod in api.pods(namespace, selector):
        told = pod["metadata"]
        for container in cluster.containers(pod):
            origin, job = identify(pod, container.name, container.restart, known.jobs)
            there.add(origin.key)
            if done.get(origin.key):
                continue
            spool = Spool()
            try:
                for piece in api.log(told["namespace"], told["name"], container):
                    spool.add(None, piece)
                spool.add(None, b"")
                arrivals = [Arrival(origin, log, job) for _, log in spool.packed()]
                out.changed += log_store.store(database, arrivals)
                out.seen += 1
                out.size += sum(a.log.size for a in arrivals)
                done[origin.key] = container.over
            except cluster.Unavailable as error:
                out.failed.append((origin.key, str(error)))
            finally:
                spool.close()
    for key, over in list(done.items()):
        if key not in there and not over:
            done[key] = True
            out.failed.append((key, "the pod was deleted before the end of its log was read"))
    return out


def rounds(one: Callable[[], None], interval: float, *, follow: bool, told: Callable[[str], None]) -> Iterator[None]:
    """Run `one` once, or again after each interval; while following, a cluster that is away is told and tried again."""
    while True:
        try:
            one()
        except StoreError as error:
            if not follow or any(finding.code != "C140" for finding in error.findings):
                raise
            told(str(error))
        yield
        if not follow:
            return
        time.sleep(interval)
