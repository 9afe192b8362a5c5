"""The logs that a pod has: of each of its containers that has run, and of its run before the last restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Container:
    """A container after so many restarts: what one log is of. `over`: it has ended, and its log grows no more."""

    name: str
    restart: int
    previous: bool
    over: bool


def containers(pod: Mapping[str, Any]) -> Iterator[Container]:
    """The logs of a pod as the API gives it."""
    status = pod.get("status") or {}
    for told in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        count = told.get("restartCount", 0)
        if count:
            yield Container(told["name"], count - 1, previous=True, over=True)
        state = told.get("state") or {}
        if "waiting" not in state and state:
            yield Container(told["name"], count, previous=False, over="terminated" in state)
