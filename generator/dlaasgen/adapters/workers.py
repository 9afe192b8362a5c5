"""Work on chunks of a list in several processes, in order, with progress; a Ctrl-C ends them all."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
_function: Callable[[int, int], Any] | None = None


def default_jobs() -> int:
    """One process a core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chunks(function: Callable[[int, int], T], total: int, size: int, jobs: int) -> Iterator[tuple[int, int, T]]:
    """(start, stop, function(start, stop)) for each chunk of range(total), in order.

    The function reaches the workers by fork, with all that it refers to; only what it returns is sent back.
    """
    spans = [(start, min(start + size, total)) for start in range(0, total, size)]
    if jobs <= 1 or len(spans) <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        for start, stop in spans:
            yield start, stop, function(start, stop)
        return
    global _function  # noqa: PLW0603 - how a forked worker finds its work
    _function = function
    pool = multiprocessing.get_context("fork").Pool(min(jobs, len(spans)), initializer=_ignore_interrupt)
    try:
        for (start, stop), result in zip(spans, pool.imap(_call, spans), strict=True):
            yield start, stop, result
        pool.close()
    finally:
        pool.terminate()
        pool.join()
        _function = None


def _ignore_interrupt() -> None:
    """Ctrl-C goes to the whole process group; the parent answers for all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _call(span: tuple[int, int]) -> Any:
    if _function is None:
        msg = "a worker was started without work"
        raise RuntimeError(msg)
    return _function(*span)
