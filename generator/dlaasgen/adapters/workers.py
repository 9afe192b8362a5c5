"""Work on spans of a list in several processes, in order; a Ctrl-C ends them all.

Each span gets a process of its own, forked when there is a core for it. What an evaluation leaves behind goes with its
process, which costs a tenth of what collecting that garbage costs (docs/adr/0002-jsonnet-engine.md).
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

from dlaasgen.errors import TreeError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")
# pipe -> (process, number of its span, what it has sent)
_Running = dict[int, tuple[int, int, list[bytes]]]
_READ = 1 << 16  # what a pipe holds
_ENDING = (signal.SIGINT, signal.SIGTERM)
# Of glibc and Linux: mallopt's parameters, and the advice to use huge pages.
_TRIM_THRESHOLD, _MMAP_MAX, _HUGE = -1, -4, 14
_PAGE = 1 << 21
_ROOM = 48 << 20


def default_jobs() -> int:
    """One process a core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spans(
    function: Callable[[int, int], T], total: int, size: int, jobs: int
) -> Generator[tuple[int, int, T], None, None]:
    """(start, stop, function(start, stop)) for each span of range(total), in order: of at most `size`, all alike.

    The function reaches the workers by fork, with all that it refers to; what it returns is pickled back. With one span
    or no fork() the work is done in this process. Raises TreeError when a worker is killed or cannot be had,
    RuntimeError when the function raised there (the worker has printed the traceback).
    """
    number = _number(total, size, max(jobs, 1))
    todo = [(total * n // number, total * (n + 1) // number) for n in range(number)]
    if len(todo) <= 1 or not hasattr(os, "fork"):
        for start, stop in todo:
            yield start, stop, function(start, stop)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    running: _Running = {}
    done: dict[int, T] = {}
    waiting = iter(enumerate(todo))
    turn = 0
    roomy = _with_room(function)
    with selectors.DefaultSelector() as selector:
        try:
            while turn < len(todo):
                while len(running) < max(jobs, 1) and (following := next(waiting, None)) is not None:
                    number, span = following
                    selector.register(_fork(roomy, span, number, running), selectors.EVENT_READ)
                for key, _ in selector.select():
                    pipe = key.fd
                    process, number, sent = running[pipe]
                    data = os.read(pipe, _READ)
                    if data:
                        sent.append(data)
                        continue
                    selector.unregister(pipe)
                    os.close(pipe)
                    del running[pipe]
                    _, status = os.waitpid(process, 0)
                    if status:
                        raise _ended(os.waitstatus_to_exitcode(status))
                    done[number] = pickle.loads(b"".join(sent))  # noqa: S301 - from our own child
                while turn in done:
                    yield *todo[turn], done.pop(turn)
                    turn += 1
        finally:
            for pipe, (process, _, _) in running.items():
                os.close(pipe)
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)


def _number(total: int, size: int, jobs: int) -> int:
    """How many spans there are: the fewest of `size`, or as many more as keep all jobs busy up to the end."""
    fewest = -(-total // size)
    return fewest if fewest <= 1 else min(total, -(-fewest // jobs) * jobs)


def _with_room(function: Callable[[int, int], T]) -> Callable[[int, int], T]:
    """The function, which first lets what its process allocates next lie in huge pages, where there are any.

    A worker takes its memory once and never gives it back: in small pages a tenth of its time goes into faults. What
    that takes is loaded here, once.
    """
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        mallopt, malloc, free, madvise = libc.mallopt, libc.malloc, libc.free, libc.madvise
    except (AttributeError, OSError):  # another C library than glibc
        return function
    malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    free.argtypes = [ctypes.c_void_p]
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

    def roomy(start: int, stop: int) -> T:
        block = malloc(_ROOM) if mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, 2 * _ROOM) else None
        if block:
            first = -(-block // _PAGE) * _PAGE
            madvise(first, (block + _ROOM - first) // _PAGE * _PAGE, _HUGE)
            free(block)  # which leaves it to the next allocations
        return function(start, stop)

    return roomy


def _ended(code: int) -> Exception:
    """What is to be raised for a worker's exit code, which is minus the signal that killed it."""
    if code > 0:
        return RuntimeError(f"a worker process ended with exit code {code}")
    hint = "memory may have run out, or a prototype recurse without end; --jobs 1 needs less memory"
    message = f"a worker process was ended by signal {-code} ({signal.strsignal(-code)})"
    return TreeError([Finding("R105", message, hint=hint)])


def _fork(function: Callable[[int, int], T], span: tuple[int, int], number: int, running: _Running) -> int:
    """The pipe from a new child that works on one span; it is in `running` before a signal can come between."""
    read, write = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        process = os.fork()
        if not process:
            _work(function, span, write, (*running, read), before)
        running[read] = (process, number, [])
    except OSError as error:
        os.close(read)
        message = f"a worker process cannot be started: {error.strerror}"
        raise TreeError([Finding("R105", message, hint="there may be too many processes: see `ulimit -u`")]) from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(write)
    return read


def _work(
    function: Callable[[int, int], T], span: tuple[int, int], write: int, others: Iterable[int], mask: Iterable[int]
) -> NoReturn:
    """The child's whole life: it never returns into the parent's code."""
    status = 1
    # The process ends before any garbage is worth collecting, and the collector would copy every page it looks at.
    gc.disable()
    try:
        # Ctrl-C goes to the whole process group; the parent answers for all.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        # A child that held the reading end of a pipe would wait for ever when the parent has been killed.
        for pipe in others:
            os.close(pipe)
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
