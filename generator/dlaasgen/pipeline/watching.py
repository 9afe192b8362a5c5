"""Watching a cluster: lists and what happens after them, for ever, whatever the server does."""

from __future__ import annotations

import queue
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters.api_server import GoneError, RefusedError
from dlaasgen.errors import ClusterError
from dlaasgen.evidence import POD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dlaasgen.adapters.api_server import ApiServer

# The kinds of jobs whose conditions say why they have no pods. A cluster has some of them.
_JOBS = (
    ("kubeflow.org/v1", "TFJob"),
    ("kubeflow.org/v1", "PyTorchJob"),
    ("kubeflow.org/v1", "MPIJob"),
    ("kubeflow.org/v2beta1", "MPIJob"),
    ("trainer.kubeflow.org/v1alpha1", "TrainJob"),
    ("batch/v1", "Job"),
)
LISTED, DELETED, AWAY = "LISTED", "DELETED", "AWAY"
_BOOKMARK = "BOOKMARK"
_SHORTEST, _LONGEST = 0.5, 30.0
# A watch that has ended after so many seconds has ended in its time.
_LIVED = 5.0
# What comes while so much time passes is handed on together: a job's pods change together.
_TOGETHER = 0.3


@dataclass(frozen=True, slots=True)
class Source:
    """What is watched: the objects of one kind, in a namespace or in all, that a selector means."""

    kind: str
    namespace: str
    path: str
    selector: str

    def holds(self, key: str) -> bool:
        """Whether the object whose evidence has this key is where this looks."""
        return not self.namespace or _namespace(key) == self.namespace

    def within(self, key: str) -> str:
        """The path of the objects in that object's namespace."""
        base, _, plural = self.path.rpartition("/")
        return self.path if self.namespace else f"{base}/namespaces/{_namespace(key)}/{plural}"


def _namespace(key: str) -> str:
    return key.partition(":")[2].partition("/")[0]


@dataclass(frozen=True, slots=True)
class Event:
    """LISTED with all objects that there are; ADDED, MODIFIED, DELETED with one; AWAY with what the server said."""

    source: Source
    what: str
    objects: Sequence[dict[str, Any]] = ()
    said: str = ""


def sources(api: ApiServer, namespaces: Iterable[str], selector: str) -> list[Source]:
    """The pods of these namespaces ("" for all), and the jobs of each kind that the cluster has."""
    found = []
    for namespace in namespaces:
        for version, kind in (("v1", POD), *_JOBS):
            path = api.path(version, kind, namespace or None)
            if path is not None:
                found.append(Source(kind, namespace, path, selector))
    return found


def events(api: ApiServer, source: Source, sleep: Callable[[float], object] = time.sleep) -> Iterator[Event]:
    """What happens to a source, for ever.

    After a list it watches; goes on from where it was when a watch ends or breaks; lists again when the server no
    longer knows that state; and waits longer each time while the server is away or refuses.
    """
    query = {"labelSelector": source.selector} if source.selector else {}
    version, wait, told = "", _SHORTEST, ""
    while True:
        said, began = "", time.monotonic()
        try:
            if not version:
                objects, version = api.listing(source.path, slim, **query)
                yield Event(source, LISTED, objects)
                began, told = time.monotonic(), ""
            for what, found in api.watch(source.path, version, **query):
                version = str(found["metadata"]["resourceVersion"])
                wait, told = _SHORTEST, ""
                if what != _BOOKMARK:
                    yield Event(source, what, (slim(found),))
            wait = _SHORTEST if time.monotonic() - began > _LIVED else wait
        except (GoneError, ClusterError, RefusedError, OSError) as error:
            said = _said(error)
            version = "" if isinstance(error, GoneError | RefusedError) else version
        if said not in {"", told}:
            yield Event(source, AWAY, said=said)
            told = said
        sleep(wait * random.uniform(0.5, 1))  # noqa: S311 - so that collectors do not all come back at once
        wait = min(2 * wait, _LONGEST)


def _said(error: Exception) -> str:
    """What people are told of it: nothing where the server only wants to be asked for a new list."""
    if isinstance(error, ClusterError):
        return error.findings[0].message
    return f"the API server refuses to watch: {error}" if isinstance(error, RefusedError) else str(error)


def slim(found: dict[str, Any]) -> dict[str, Any]:
    """An object without what nobody reads here: most of it."""
    found.pop("spec", None)
    found["metadata"].pop("managedFields", None)
    return found


class Watched:
    """Events of several sources, each watched by a thread of its own, taken in the order in which they come."""

    def __init__(self, api: ApiServer, sources: Sequence[Source]) -> None:
        self._queue: queue.Queue[Event | Exception | None] = queue.Queue()
        for source in sources:
            threading.Thread(target=self._run, args=(api, source), daemon=True).start()

    def _run(self, api: ApiServer, source: Source) -> None:
        try:
            for event in events(api, source):
                self._queue.put(event)
        except Exception as error:  # noqa: BLE001 - a watch that has ended unnoticed would make a collector deaf
            self._queue.put(error)

    def taken(self, patience: float) -> list[Event]:
        """What has come, and comes shortly after; nothing when nothing comes for so many seconds."""
        found: list[Event] = []
        until = time.monotonic() + max(patience, 0.01)
        while (left := until - time.monotonic()) > 0:
            try:
                event = self._queue.get(timeout=left)
            except queue.Empty:
                break
            if isinstance(event, Exception):
                raise event
            if event is None:
                break
            if not found:
                until = time.monotonic() + _TOGETHER
            found.append(event)
        return found

    def wake(self) -> None:
        """End the waiting of whoever takes."""
        self._queue.put(None)
