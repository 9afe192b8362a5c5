"""Logs read as they are written: what a pod says last is there even when it is deleted at once."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from dlaasgen.adapters.api_server import GoneError, RefusedError
from dlaasgen.adapters.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dlaasgen.adapters.api_server import ApiServer

# So many containers at a time: each has a thread and a connection of its own. The others are read now and then.
MOST = 32
# A benchmark that hangs says nothing for long.
_PATIENCE = 3600.0


class Tails:
    """Follows logs to their ends. `woken` is called, on another thread, when there is one to take."""

    def __init__(self, api: ApiServer, woken: Callable[[], None]) -> None:
        self._api, self._woken = api, woken
        self._running: set[str] = set()
        self._ended: queue.SimpleQueue[tuple[str, Spool | None]] = queue.SimpleQueue()

    def follow(self, key: str, path: str, query: Mapping[str, str]) -> bool:
        """Begin with a log, if it is not followed and there is room; whether it is begun."""
        if key in self._running or len(self._running) >= MOST:
            return False
        self._running.add(key)
        threading.Thread(target=self._read, args=(key, path, query), daemon=True).start()
        return True

    def _read(self, key: str, path: str, query: Mapping[str, str]) -> None:
        spool = Spool()
        whole = False
        try:
            for piece in self._api.stream(path, {**query, "follow": "true"}, patience=_PATIENCE):
                spool.add(None, piece)
            whole = True
        except (RefusedError, GoneError, OSError):
            spool.close()
        finally:
            self._ended.put((key, spool if whole else None))
            self._woken()

    def taken(self) -> list[tuple[str, Spool | None]]:
        """The logs that have ended, to be closed by whoever takes them; None for one that broke off."""
        found = []
        while not self._ended.empty():
            found.append(self._ended.get())
        self._running.difference_update(key for key, _ in found)
        return found
