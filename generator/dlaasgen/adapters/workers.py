"""Work on spans of a list in several processes, in order; a Ctrl-C ends them all.

Each span gets a process of its own, forked when there is a core for it. What an evaluation leaves behind goes with its
process, which costs a tenth of what collecting that garbage costs (docs/adr/0002-jsonnet-engines.md).
"""

from __future__ import annotations

import gc
import os
import pickle
import selectors
import signal
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")
_READ = 1 << 18


def default_jobs() -> int:
    """One process a core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spans(
    function: Callable[[int, int], T], total: int, size: int, jobs: int
) -> Generator[tuple[int, int, T], None, None]:
    """(start, stop, function(start, stop)) for each span of at most `size` of range(total), in order.

    The function reaches the workers by fork, with all that it refers to; what it returns is pickled back. A worker that
    dies raises RuntimeError here. With one job, one span or no fork() the work is done in this process.
    """
    todo = [(start, min(start + size, total)) for start in range(0, total, size)]
    if jobs <= 1 or len(todo) <= 1 or not hasattr(os, "fork"):
        for start, stop in todo:
            yield start, stop, function(start, stop)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    running: dict[int, tuple[int, int, bytearray]] = {}  # pipe -> (process, number of its span, what it has sent)
    done: dict[int, T] = {}
    waiting = iter(enumerate(todo))
    turn = 0
    with selectors.DefaultSelector() as selector:
        try:
            while turn < len(todo):
                while len(running) < jobs and (following := next(waiting, None)) is not None:
                    number, span = following
                    process, pipe = _fork(function, span, running)
                    running[pipe] = (process, number, bytearray())
                    selector.register(pipe, selectors.EVENT_READ)
                for key, _ in selector.select():
                    pipe = key.fd
                    process, number, sent = running[pipe]
                    data = os.read(pipe, _READ)
                    if data:
                        sent += data
                        continue
                    selector.unregister(pipe)
                    os.close(pipe)
                    del running[pipe]
                    _, status = os.waitpid(process, 0)
                    if status:
                        msg = f"a worker process ended with status {status}"
                        raise RuntimeError(msg)
                    done[number] = pickle.loads(sent)  # noqa: S301 - from our own child
                while turn in done:
                    yield *todo[turn], done.pop(turn)
                    turn += 1
        finally:
            for pipe, (process, _, _) in running.items():
                os.close(pipe)
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)


def _fork(function: Callable[[int, int], T], span: tuple[int, int], pipes: Iterable[int]) -> tuple[int, int]:
    """(process id, pipe) of a child that works on one span. `pipes` are those that the parent reads already."""
    read, write = os.pipe()
    process = os.fork()
    if not process:
        # A child that held the reading end of a pipe would wait for ever when the parent has been killed.
        for pipe in (*pipes, read):
            os.close(pipe)
        _work(function, span, write)
    os.close(write)
    return process, read


def _work(function: Callable[[int, int], T], span: tuple[int, int], write: int) -> NoReturn:
    """The child's whole life: it never returns into the parent's code."""
    status = 1
    # The process ends before any garbage is worth collecting, and the collector would copy every page it looks at.
    gc.disable()
    try:
        # Ctrl-C goes to the whole process group; the parent answers for all.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        view = memoryview(pickle.dumps(function(*span), pickle.HIGHEST_PROTOCOL))
        while view:
            view = view[os.write(write, view) :]
        status = 0
    except BrokenPipeError:
        pass  # the parent has gone: nobody is left to tell
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
        traceback.print_exc()
    finally:
        os._exit(status)
