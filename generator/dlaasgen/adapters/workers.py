"""Work on spans of a list in several processes, in order; a Ctrl-C ends them all.

Each span gets a process of its own, forked when there is a core for it. What an evaluation leaves behind goes with its
process, which costs a tenth of what collecting that garbage costs (docs/adr/0002-jsonnet-engine.md). Work that leaves
little behind keeps its processes, which saves 20 ms a span.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import selectors
import signal
import struct
import sys
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from dlaasgen.errors import TreeError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

T = TypeVar("T")
Item = TypeVar("Item")
# pipe -> (process, what it has sent)
_Running = dict[int, tuple[int, bytearray]]
_READ = 1 << 16  # what a pipe holds
# Before a result: the number of its span, and its bytes.
_HEAD = struct.Struct("=IQ")
_NUMBER = struct.Struct("=I")
_ENDING = (signal.SIGINT, signal.SIGTERM)
# Of glibc and Linux: mallopt's parameters, and the advice to use huge pages.
_TRIM_THRESHOLD, _MMAP_MAX, _HUGE = -1, -4, 14
_PAGE = 1 << 21
_ROOM = 48 << 20


def default_jobs() -> int:
    """One process a core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spans(
    function: Callable[[int, int], T], total: int, size: int, jobs: int, *, keep: bool = False
) -> Generator[tuple[int, int, T], None, None]:
    """(start, stop, function(start, stop)) for each span of range(total), in order: of at most `size`, all alike.

    The function reaches the workers by fork, with all that it refers to; what it returns is pickled back. With `keep`,
    a process works on one span after the other. With one span or no fork() the work is done in this process.
    Raises TreeError when a worker is killed or cannot be had, RuntimeError when the function raised there (the worker
    has printed the traceback).
    """
    jobs = max(jobs, 1)
    number = _number(total, size, jobs)
    todo = [(total * n // number, total * (n + 1) // number) for n in range(number)]
    if len(todo) <= 1 or not hasattr(os, "fork"):
        for start, stop in todo:
            yield start, stop, function(start, stop)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    done: dict[int, T] = {}
    turn = 0
    with contextlib.closing(_Workers(function, todo, jobs, keep=keep)) as at_work:
        while turn < len(todo):
            at_work.hand_out(turn)
            done |= at_work.received()
            while turn in done:
                yield *todo[turn], done.pop(turn)
                turn += 1


class _Workers:
    """The processes that are at work on spans: one for each, or some that take the next from one pipe."""

    def __init__(
        self, function: Callable[[int, int], Any], todo: Sequence[tuple[int, int]], jobs: int, *, keep: bool
    ) -> None:
        self._function, self._todo, self._jobs = function, todo, min(jobs, len(todo))
        self._running: _Running = {}
        self._given = 0
        self._room = _room()
        self._selector = selectors.DefaultSelector()
        self._queue = os.pipe() if keep else None

    def hand_out(self, turn: int) -> None:
        """See to it that nobody is idle. `turn` is the span that is waited for: few are worked on before theirs."""
        while len(self._running) < self._jobs and (self._queue or self._given < len(self._todo)):
            numbers = self._numbers() if self._queue else [self._given]
            self._given += not self._queue
            work = partial(self._results, numbers)
            pipe = _fork(work, (*self._running, *(self._queue or ())[1:]), self._running)
            self._selector.register(pipe, selectors.EVENT_READ)
        while self._queue and self._given < min(turn + 2 * self._jobs, len(self._todo)):
            os.write(self._queue[1], _NUMBER.pack(self._given))
            self._given += 1

    def _results(self, numbers: Iterable[int]) -> Iterator[tuple[int, Any]]:
        """In a worker: its spans' numbers and results."""
        self._room()
        for number in numbers:
            yield number, self._function(*self._todo[number])

    def _numbers(self) -> Iterator[int]:
        """In a worker that is kept: numbers, until the parent has gone."""
        while self._queue and (data := os.read(self._queue[0], _NUMBER.size)):
            yield _NUMBER.unpack(data)[0]
            # What this span has left behind, and nothing that was there before.
            gc.collect()

    def received(self) -> dict[int, Any]:
        """The results that have come, by the numbers of their spans; there may be none yet."""
        found: dict[int, Any] = {}
        for key, _ in self._selector.select():
            process, sent = self._running[key.fd]
            data = os.read(key.fd, _READ)
            if not data:
                self._selector.unregister(key.fd)
                os.close(key.fd)
                del self._running[key.fd]
                _, status = os.waitpid(process, 0)
                if status:
                    raise _ended(os.waitstatus_to_exitcode(status))
            sent += data
            found |= _whole(sent)
        return found

    def close(self) -> None:
        """End them all."""
        self._selector.close()
        for pipe, (process, _) in self._running.items():
            os.close(pipe)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        for pipe in self._queue or ():
            os.close(pipe)


def _whole(sent: bytearray) -> dict[int, Any]:
    """The results that a worker has sent whole, taken off."""
    found = {}
    while len(sent) >= _HEAD.size:
        number, size = _HEAD.unpack_from(sent)
        end = _HEAD.size + size
        if len(sent) < end:
            break
        with memoryview(sent) as view, view[_HEAD.size : end] as result:
            found[number] = pickle.loads(result)  # noqa: S301 - from our own child
        del sent[:end]
    return found


def batches(items: Iterable[Item], size: Callable[[Item], int], most: int, many: int) -> Iterator[list[Item]]:
    """The items in lists of at most `many` and at most `most` by their sizes together; a larger one stands alone."""
    batch: list[Item] = []
    together = 0
    for item in items:
        own = size(item)
        if batch and (together + own > most or len(batch) >= many):
            yield batch
            batch, together = [], 0
        batch.append(item)
        together += own
    if batch:
        yield batch


def _number(total: int, size: int, jobs: int) -> int:
    """How many spans there are: the fewest of `size`, or as many more as keep all jobs busy up to the end."""
    fewest = -(-total // size)
    return fewest if fewest <= 1 else min(total, -(-fewest // jobs) * jobs)


def _room() -> Callable[[], None]:
    """What lets that which a process allocates next lie in huge pages, where there are any.

    A worker takes its memory once and never gives it back: in small pages a tenth of its time goes into faults. What
    that takes is loaded here, once.
    """
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        mallopt, malloc, free, madvise = libc.mallopt, libc.malloc, libc.free, libc.madvise
    except (AttributeError, OSError):  # another C library than glibc
        return lambda: None
    malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    free.argtypes = [ctypes.c_void_p]
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

    def take() -> None:
        block = malloc(_ROOM) if mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, 2 * _ROOM) else None
        if block:
            first = -(-block // _PAGE) * _PAGE
            madvise(first, (block + _ROOM - first) // _PAGE * _PAGE, _HUGE)
            free(block)  # which leaves it to the next allocations

    return take


def _ended(code: int) -> Exception:
    """What is to be raised for a worker's exit code, which is minus the signal that killed it."""
    if code > 0:
        return RuntimeError(f"a worker process ended with exit code {code}")
    hint = "memory may have run out, or a prototype recurse without end; --jobs 1 needs less memory"
    message = f"a worker process was ended by signal {-code} ({signal.strsignal(-code)})"
    return TreeError([Finding("R105", message, hint=hint)])


def _fork(work: Callable[[], Iterable[tuple[int, Any]]], others: Iterable[int], running: _Running) -> int:
    """The pipe from a new child that sends what work yields; it is in `running` before a signal can come between."""
    read, write = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        process = os.fork()
        if not process:
            _work(work, write, (*others, read), before)
        running[read] = (process, bytearray())
    except OSError as error:
        os.close(read)
        message = f"a worker process cannot be started: {error.strerror}"
        raise TreeError([Finding("R105", message, hint="there may be too many processes: see `ulimit -u`")]) from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(write)
    return read


def _work(
    work: Callable[[], Iterable[tuple[int, Any]]], write: int, others: Iterable[int], mask: Iterable[int]
) -> NoReturn:
    """The child's whole life: it never returns into the parent's code."""
    status = 1
    # The collector would copy every page that it looks at.
    gc.disable()
    gc.freeze()
    try:
        # Ctrl-C goes to the whole process group; the parent answers for all.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        # A child that held the reading end of a pipe would wait for ever when the parent has been killed.
        for pipe in others:
            os.close(pipe)
        for number, result in work():
            data = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
            del result
            for part in (_HEAD.pack(number, len(data)), data):
                view = memoryview(part)
                while view:
                    view = view[os.write(write, view) :]
        status = 0
    except BrokenPipeError:
        pass  # the parent has gone: nobody is left to tell
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
        traceback.print_exc()
    finally:
        os._exit(status)
