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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dlaasgen.adapters.api_server import ApiServer

LISTED, DELETED, AWAY = "LISTED", "DELETED", "AWAY"
_BOOKMARK = "BOOKMARK"
_SHORTEST, _LONGEST = 0.5, 30.0
# What comes while so much time passes is handed on together: a job's pods change together.
_TOGETHER = 0.3


@dataclass(frozen=True, slots=True)
class Source:
    """What is watched: the objects of one kind, in a namespace or in all, that a selector means."""

    kind: str
    namespace: str
    path: str
    selector: str


@dataclass(frozen=True, slots=True)
class Event:
    """LISTED with all objects that there are; ADDED, MODIFIED, DELETED with one; AWAY with what the server said."""

    source: Source
    what: str
    objects: Sequence[dict[str, Any]] = ()
    said: str = ""


def events(api: ApiServer, source: Source, sleep: Callable[[float], object] = time.sleep) -> Iterator[Event]:
    """What happens to a source, for ever.

    After a list it watches; goes on from where it was when a watch ends or breaks; lists again when the server no
    longer knows that state; and waits longer each time while the server is away or refuses.
    """
    query = {"labelSelector": source.selector} if source.selector else {}
    version, wait, told = "", _SHORTEST, ""
    while True:
        said = ""
        try:
            if not version:
                objects, version = api.listing(source.path, **query)
                told = ""
                yield Event(source, LISTED, objects)
            for what, found in api.watch(source.path, version, **query):
                version = str(found["metadata"]["resourceVersion"])
                wait, told = _SHORTEST, ""
                if what != _BOOKMARK:
                    yield Event(source, what, (found,))
        except GoneError:
            version = ""
        except ClusterError as error:
            said = error.findings[0].message
        except RefusedError as error:
            said, version = f"the API server refuses to watch: {error}", ""
        except OSError as error:
            said = str(error)
        if said and said != told:
            yield Event(source, AWAY, said=said)
            told = said
        sleep(wait * random.uniform(0.5, 1))  # noqa: S311 - so that collectors do not all come back at once
        wait = min(2 * wait, _LONGEST)


class Watched:
    """Events of several sources, each watched by a thread of its own, taken in the order in which they come."""

    def __init__(self, api: ApiServer, sources: Sequence[Source]) -> None:
        self._queue: queue.Queue[Event] = queue.Queue()
        for source in sources:
            threading.Thread(target=self._run, args=(api, source), daemon=True).start()

    def _run(self, api: ApiServer, source: Source) -> None:
        for event in events(api, source):
            self._queue.put(event)

    def taken(self, patience: float) -> list[Event]:
        """What has come, and comes shortly after; nothing when nothing comes for so many seconds."""
        try:
            found = [self._queue.get(timeout=max(patience, 0.01))]
        except queue.Empty:
            return []
        until = time.monotonic() + _TOGETHER
        while (left := until - time.monotonic()) > 0:
            try:
                found.append(self._queue.get(timeout=left))
            except queue.Empty:
                break
        return found
