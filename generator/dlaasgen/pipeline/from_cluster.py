"""Collect from a cluster: the log of every container of every pod that a selector means, and what Kubernetes says."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlaasgen import evidence
from dlaasgen.adapters.api_server import GoneError, RefusedError, at_once
from dlaasgen.adapters.spool import Spool
from dlaasgen.adapters.store import evidence as evidence_store
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.errors import ClusterError
from dlaasgen.evidence import POD
from dlaasgen.findings import Finding
from dlaasgen.joining import Arrival, Job
from dlaasgen.pipeline.ingest import Ingested
from dlaasgen.pipeline.tailing import Tails
from dlaasgen.pipeline.watching import AWAY, DELETED, LISTED, Event, Source, Watched, slim
from dlaasgen.pod_labels import identify, identify_job
from dlaasgen.pod_logs import containers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dlaasgen.adapters.api_server import ApiServer
    from dlaasgen.adapters.store.database import Database
    from dlaasgen.evidence import Evidence
    from dlaasgen.joining import Known
    from dlaasgen.origins import Origin
    from dlaasgen.pod_logs import Container

SCHEME = "k8s://"
_DELETED = "the pod was deleted before the end of its log was read"
# How long a job may take to say that it has succeeded, after its pods are gone.
_GRACE = 30.0
_READ_AT_ONCE = 8


@dataclass
class _Pod:
    """A pod that is there: as it was last, and its logs."""

    data: dict[str, Any]
    keys: set[str] = field(default_factory=set)


@dataclass
class Collection:
    """What is known of the pods and jobs of a cluster while they are collected from.

    Each log is a transaction of its own: what is counted is stored.
    """

    database: Database
    api: ApiServer
    known: Known
    told: Callable[[Finding], None]
    # Log -> whether it is complete, or will never be.
    _done: dict[str, bool] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)
    _pods: dict[str, _Pod] = field(default_factory=dict)
    _jobs: dict[str, str] = field(default_factory=dict)
    # Logs whose pods went before they were complete: their job, and since when.
    _lost: dict[str, tuple[str, float]] = field(default_factory=dict)
    _listed: set[Source] = field(default_factory=set)
    # Logs that are followed: whose they are; and those that were followed to their end.
    _followed: dict[str, tuple[Origin, Job]] = field(default_factory=dict)
    _heard: set[str] = field(default_factory=set)
    _tails: Tails | None = None

    def once(self, sources: Sequence[Source]) -> Ingested:
        """Everything that there is now. Raises ClusterError when pods cannot be listed; of jobs it is told."""
        happened = []
        for source in sources:
            try:
                query = {"labelSelector": source.selector} if source.selector else {}
                happened.append(Event(source, LISTED, self.api.listing(source.path, slim, **query)[0]))
            except ClusterError as error:
                if source.kind == POD:
                    raise
                self._away(source, error.findings[0].message)
        out = self._take(happened, again=True)
        self._settle(out, 0)
        return out

    def follow(self, sources: Sequence[Source], interval: float) -> Iterator[Ingested]:
        """What comes, as it comes, for ever; logs of running pods as far as they have come after each interval."""
        watched = Watched(self.api, sources)
        self._tails = Tails(self.api, watched.wake)
        tick = time.monotonic() + interval
        while True:
            happened = watched.taken(tick - time.monotonic())
            again = time.monotonic() >= tick
            if again:
                tick = time.monotonic() + interval
            out = self._take(happened, again=again)
            self._settle(out, _GRACE)
            yield out

    def _take(self, happened: Iterable[Event], *, again: bool) -> Ingested:
        """Keep what Kubernetes says, then the logs that have ended, are about to go, or were never read."""
        out = Ingested()
        says: dict[str, tuple[Evidence, Job]] = {}
        fresh: dict[str, dict[str, Any]] = {}
        for event in happened:
            if event.what == AWAY:
                self._away(event.source, event.said)
                continue
            for data in event.objects:
                if event.source.kind == POD:
                    self._pod(data, says, fresh, gone=event.what == DELETED)
                else:
                    self._job(data, event.source.kind, says, gone=event.what == DELETED)
            if event.what == LISTED:
                self._vanished(event, says, fresh)
        out.said = evidence_store.keep(self.database, list(says.values()))
        wanted = {key: pod.data for key, pod in self._pods.items()} if again else fresh
        self._ended(out)
        self._read([one for data in wanted.values() for one in self._wanted(data, again=again)], out)
        for key, data in wanted.items():
            self._tail(data)
            # What is over and read whole need not be kept in mind.
            over = (data.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
            if over and next(self._wanted(data, again=True), None) is None:
                self._pods.pop(key, None)
        return out

    def _away(self, source: Source, said: str) -> None:
        code = "C140" if source.kind == POD else "C141"
        self.told(Finding(code, f"what is said of {source.kind}s is not read: {said}", severity="warning"))

    def _pod(
        self, data: dict[str, Any], says: dict[str, Any], fresh: dict[str, dict[str, Any]], *, gone: bool = False
    ) -> None:
        key = evidence.pod_key(data)
        origin, job = identify(data, "", 0, self.known.jobs)
        found = evidence.of_pod(data, origin)
        says[key] = (evidence.went(found) if gone else found, job)
        if not gone:
            self._pods.setdefault(key, _Pod(data)).data = data
            fresh[key] = data
            return
        fresh.pop(key, None)
        known = self._pods.pop(key, None)
        keys = {identify(data, c.name, c.restart, self.known.jobs)[0].key for c in containers(data)}
        for log in (known.keys if known else set()) | keys:
            heard = log in self._heard
            self._heard.discard(log)
            if not self._done.get(log):
                self._done[log] = True
                if not heard:
                    self._lost[log] = (job.job, time.monotonic())

    def _job(self, data: dict[str, Any], kind: str, says: dict[str, Any], *, gone: bool) -> None:
        if data["metadata"].get("ownerReferences"):  # a part of another job
            return
        found, job = evidence.of_job(data, kind), identify_job(data, self.known.jobs)
        says[found.key] = (evidence.went(found) if gone else found, job)
        self._jobs[job.job] = found.state

    def _vanished(self, event: Event, says: dict[str, Any], fresh: dict[str, dict[str, Any]]) -> None:
        """What was there before, and is not in a list: gone while nobody looked."""
        source = event.source
        if source.kind == POD:
            there = {evidence.pod_key(data) for data in event.objects}
            for key, pod in list(self._pods.items()):
                if key not in there and source.holds(key):
                    self._pod(pod.data, says, fresh, gone=True)
        if source in self._listed:
            return
        self._listed.add(source)
        # Another collector, or this one before it was started again, has seen it.
        open_ended = [
            one
            for one in evidence_store.unfinished(self.database)
            if one.kind == source.kind and one.key not in says and source.holds(one.key)
        ]
        owners = evidence_store.owners(self.database, [one.key for one in open_ended])
        for one in open_ended:
            if not self._exists(one, source):
                says[one.key] = (evidence.went(one), Job(*owners[one.key]))
                if one.kind == POD:
                    self._lost[one.key] = (owners[one.key][0], time.monotonic())

    def _exists(self, one: Evidence, source: Source) -> bool:
        _, answer = self.api.request("GET", f"{source.within(one.key)}/{one.name}")
        return (answer.get("metadata") or {}).get("uid") == one.key.rsplit("/", 1)[-1]

    def _wanted(self, data: dict[str, Any], *, again: bool) -> Iterator[tuple[dict[str, Any], Container, Origin, Job]]:
        leaving = bool(data["metadata"].get("deletionTimestamp"))
        for container in containers(data):
            origin, job = identify(data, container.name, container.restart, self.known.jobs)
            complete = self._done.get(origin.key)
            if not complete and (container.over or leaving or again or complete is None):
                yield data, container, origin, job

    def _read(self, wanted: Sequence[tuple[dict[str, Any], Container, Origin, Job]], out: Ingested) -> None:
        for start in range(0, len(wanted), _READ_AT_ONCE):
            part = wanted[start : start + _READ_AT_ONCE]
            for (data, container, origin, job), found in zip(part, at_once(self._log, part), strict=True):
                first = origin.key not in self._done
                if isinstance(found, Spool):
                    try:
                        arrivals = [Arrival(origin, log, job) for _, log in found.packed()]
                        out.changed += log_store.store(self.database, arrivals)
                    finally:
                        found.close()
                    out.seen += first
                    out.size += sum(a.log.size for a in arrivals)
                    self._done[origin.key] = container.over
                    self._failed.discard(origin.key)
                    if not container.over:  # it may have been followed to what was not its end
                        self._heard.discard(origin.key)
                else:
                    self._done[origin.key] = found.lasting
                    self._not_had(origin.key, str(found), out)
                if (pod := self._pods.get(evidence.pod_key(data))) is not None:
                    pod.keys.add(origin.key)

    def _tail(self, data: dict[str, Any]) -> None:
        """Follow the logs of a pod that runs."""
        for container in containers(data):
            origin, job = identify(data, container.name, container.restart, self.known.jobs)
            if self._tails is None or container.over or origin.key in self._heard:
                continue
            if self._tails.follow(origin.key, *self._where(data, container)):
                self._followed[origin.key] = (origin, job)

    def _ended(self, out: Ingested) -> None:
        """Store the logs that were followed to their end: what comes after has still to be asked for."""
        for key, spool in self._tails.taken() if self._tails is not None else ():
            origin, job = self._followed.pop(key)
            if spool is None:
                continue
            try:
                spool.add(None, b"")
                arrivals = [Arrival(origin, log, job) for _, log in spool.packed()]
                out.changed += log_store.store(self.database, arrivals)
            finally:
                spool.close()
            self._heard.add(key)
            self._lost.pop(key, None)

    def _where(self, data: dict[str, Any], container: Container) -> tuple[str, dict[str, str]]:
        told = data["metadata"]
        path = self.api.path("v1", POD, told["namespace"], told["name"])
        previous = str(container.previous).lower()
        return f"{path}/log", {"container": container.name, "previous": previous, "timestamps": "true"}

    def _log(self, one: tuple[dict[str, Any], Container, Origin, Job]) -> Spool | RefusedError:
        """A container's log with its times."""
        data, container, _, _ = one
        spool = Spool()
        try:
            for piece in self.api.stream(*self._where(data, container)):
                spool.add(None, piece)
            spool.add(None, b"")
        except RefusedError as error:
            spool.close()
            return error
        except (OSError, GoneError) as error:
            spool.close()
            return RefusedError(str(error) or "gone", lasting=False)
        return spool

    def _settle(self, out: Ingested, grace: float) -> None:
        """Tell of logs that are lost, but not of what the operator took away after its job had succeeded."""
        for key, (job, since) in list(self._lost.items()):
            state = self._jobs.get(job)
            ending = key in self._followed or state in {evidence.PENDING, evidence.RUNNING}
            if ending and time.monotonic() < since + grace:
                continue
            del self._lost[key]
            if state != evidence.SUCCEEDED:
                self._not_had(key, _DELETED, out)

    def _not_had(self, key: str, reason: str, out: Ingested) -> None:
        """Once for each log, however often it is asked for."""
        if key not in self._failed:
            self._failed.add(key)
            out.failed.append((key, reason))
            log_store.note_missing(self.database, [(key, reason)])
