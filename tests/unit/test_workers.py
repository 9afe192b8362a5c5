"""Spans of work in processes of their own: in order, and none is left behind."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dlaasgen.adapters import workers
from dlaasgen.adapters.workers import batches, default_jobs, spans
from dlaasgen.errors import TreeError

if TYPE_CHECKING:
    from collections.abc import Iterator


def numbers(start: int, stop: int) -> list[int]:
    return [n * n for n in range(start, stop)]


def children() -> set[str]:
    """The processes that this one has started and not waited for, those that have ended too."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "stat").read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.add(process.name)
    return found


OPEN = Path("/proc/self/fd")
HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.fixture
def clean() -> Iterator[None]:
    """Nothing is left: no process, no open pipe, no blocked signal."""
    before, running = set(OPEN.iterdir()), children()
    yield
    assert children() <= running
    gc.collect()
    assert set(OPEN.iterdir()) <= before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


pytestmark = [pytest.mark.outside, pytest.mark.usefixtures("clean")]


kept = pytest.mark.parametrize("keep", [False, True])


@kept
@pytest.mark.parametrize("jobs", [0, 1, 2, 7])
@pytest.mark.parametrize(("total", "size"), [(0, 3), (1, 3), (3, 3), (4, 3), (20, 3), (9, 1)])
def test_every_span_comes_once_and_in_order(total: int, size: int, jobs: int, *, keep: bool) -> None:
    found = list(spans(numbers, total, size, jobs, keep=keep))
    assert [n for start, stop, _ in found for n in range(start, stop)] == list(range(total))
    assert [value for _, _, value in found] == [numbers(start, stop) for start, stop, _ in found]
    sizes = {stop - start for start, stop, _ in found}
    assert max(sizes, default=0) <= size
    assert max(sizes, default=0) - min(sizes, default=0) <= 1


@pytest.mark.parametrize(
    ("total", "size", "jobs", "number"),
    [
        (800, 800, 2, 1),
        (801, 800, 2, 2),
        (10_000, 800, 2, 14),
        (10_000, 800, 1, 13),
        (9, 3, 64, 9),
        (1000, 800, 64, 64),
    ],
)
def test_no_process_is_idle_while_another_has_more_than_its_share(
    total: int, size: int, jobs: int, number: int
) -> None:
    assert len(list(spans(lambda start, stop: (start, stop), total, size, jobs))) == number


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ([], []),
        ([9], [[9]]),
        ([1, 2, 3, 4], [[1, 2], [3], [4]]),
        ([4, 1], [[4], [1]]),
        ([0, 0, 0, 0], [[0, 0, 0], [0]]),
        ([9, 9, 1], [[9], [9], [1]]),
    ],
)
def test_batches_are_small_and_few(sizes: list[int], found: list[list[int]]) -> None:
    assert list(batches(sizes, int, 4, 3)) == found


@kept
def test_the_slowest_first_changes_no_order(*, keep: bool) -> None:
    def slow(start: int, _: int) -> int:
        time.sleep(0.15 if start == 0 else 0)
        return start

    assert [value for _, _, value in spans(slow, 6, 1, 3, keep=keep)] == [0, 1, 2, 3, 4, 5]


def test_each_span_has_a_process_of_its_own() -> None:
    found = [value for _, _, value in spans(lambda *_: os.getpid(), 4, 1, 2)]
    assert len({os.getpid(), *found}) == 5


def test_processes_that_are_kept_take_what_is_next_and_leave_nothing_behind(tmp_path: Path) -> None:
    class Ring:
        def __init__(self) -> None:
            self.me = self

    def left(start: int, _: int) -> tuple[int, int]:
        (tmp_path / str(start)).touch()
        deadline = time.monotonic() + 30
        while start == 0 and not (tmp_path / "3").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        found = sum(isinstance(one, Ring) for one in gc.get_objects())
        Ring()
        return os.getpid(), found

    found = [value for _, _, value in spans(left, 12, 1, 2, keep=True)]
    by_process = [[n for n, (process, _) in enumerate(found) if process == one] for one in dict(found)]
    assert len(by_process) == 2
    # It does not wait for its turn, nor run away from it.
    assert by_process[0][0] == 0
    assert by_process[1][:3] == [1, 2, 3]
    assert {rings for _, rings in found} == {0}


def test_few_results_wait_for_their_turn(tmp_path: Path) -> None:
    def counted(start: int, _: int) -> int:
        (tmp_path / str(start)).touch()
        time.sleep(0.5 if start == 0 else 0)
        return len(list(tmp_path.iterdir()))

    assert next(value for _, _, value in spans(counted, 40, 1, 2, keep=True)) <= 4


def test_no_more_processes_than_asked_for(tmp_path: Path) -> None:
    def counted(start: int, _: int) -> int:
        (tmp_path / str(start)).touch()
        time.sleep(0.03)
        seen = len(list(tmp_path.iterdir()))
        (tmp_path / str(start)).unlink()
        return seen

    assert max(value for _, _, value in spans(counted, 8, 1, 2)) <= 2


@kept
def test_results_larger_than_a_pipe(*, keep: bool) -> None:
    found = [value for _, _, value in spans(lambda start, _: bytes([start]) * 3_000_000, 3, 1, 2, keep=keep)]
    assert found == [bytes([n]) * 3_000_000 for n in range(3)]


@kept
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_function_raises_ends_it(jobs: int, *, keep: bool, capfd: pytest.CaptureFixture[str]) -> None:
    def fail(start: int, _: int) -> int:
        if start == 2:
            msg = "no good"
            raise KeyError(msg)
        return start

    with pytest.raises(RuntimeError, match=r"^a worker process ended with exit code 1$"):
        list(spans(fail, 5, 1, jobs, keep=keep))
    assert capfd.readouterr().err.endswith("KeyError: 'no good'\n")


def test_a_single_span_is_worked_on_here() -> None:
    assert list(spans(lambda *_: os.getpid(), 3, 3, 2)) == [(0, 3, os.getpid())]
    with pytest.raises(ZeroDivisionError):
        list(spans(lambda *_: 1 // 0, 3, 3, 2))


@kept
@pytest.mark.parametrize(
    ("number", "name"),
    [(signal.SIGKILL, "Killed"), (signal.SIGSEGV, "Segmentation fault"), (signal.SIGTERM, "Terminated")],
)
def test_a_killed_worker_is_told(number: int, name: str, *, keep: bool) -> None:
    def die(start: int, _: int) -> int:
        if start == 1:
            signal.signal(signal.SIGSEGV, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        time.sleep(5 if start else 0)
        return start

    with pytest.raises(TreeError) as caught:
        list(spans(die, 9, 1, 3, keep=keep))
    assert [str(f) for f in caught.value.findings] == [
        f"error[R105]: a worker process was ended by signal {number} ({name}); "
        "memory may have run out, or a prototype recurse without end; --jobs 1 needs less memory"
    ]


def test_a_result_that_cannot_be_sent(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="exit code 1"):
        list(spans(lambda *_: threading.Lock(), 2, 1, 2))
    assert "cannot pickle" in capfd.readouterr().err


@kept
def test_closing_early_leaves_nothing_behind(*, keep: bool) -> None:
    def slow(start: int, _: int) -> int:
        time.sleep(30 if start else 0)
        return start

    found = spans(slow, 9, 1, 3, keep=keep)
    assert next(found) == (0, 1, 0)
    found.close()


def test_an_exception_in_the_caller_leaves_nothing_behind() -> None:
    with contextlib.suppress(KeyboardInterrupt), contextlib.closing(spans(numbers, 9, 1, 3)) as found:
        next(found)
        raise KeyboardInterrupt


def test_a_fork_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    forks = iter([os.fork, os.fork])

    def fork() -> int:
        for real in forks:
            return real()
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    told = (
        r"^error\[R105\]: a worker process cannot be started: Resource temporarily unavailable; "
        r"there may be too many processes: see `ulimit -u`$"
    )
    with pytest.raises(TreeError, match=told):
        list(spans(lambda *_: time.sleep(5), 9, 1, 3))


def test_workers_do_not_hear_ctrl_c_but_end_when_terminated() -> None:
    def handlers(*_: int) -> list[object]:
        kept = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
        return [*kept, sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), gc.isenabled()]

    for _, _, found in spans(handlers, 2, 1, 2):
        assert found == [signal.SIG_IGN, signal.SIG_DFL, [], False]


def test_without_fork_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert [value for _, _, value in spans(lambda *_: os.getpid(), 4, 1, 2)] == [os.getpid()] * 4


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_span_has_a_process_of_its_own_whose_memory_ends_with_it(jobs: int) -> None:
    found = [value for _, _, value in spans(lambda *_: os.getpid(), 8, 2, jobs)]
    assert len({os.getpid(), *found}) == 5


def test_memory_lies_in_huge_pages_where_there_are_any() -> None:
    """The region that a worker asks for is marked (hg), if this kernel and C library know how."""

    def marked(*_: int) -> int:
        return Path("/proc/self/smaps").read_text().count(" hg")

    if "madvise" not in HUGE.read_text() or platform.libc_ver()[0] != "glibc":
        pytest.skip("this kernel has no huge pages, or the C library is another than glibc")
    assert all(value for _, _, value in spans(marked, 2, 1, 2))


def test_another_c_library_has_the_memory_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert [value for _, _, value in spans(numbers, 2, 1, 2)] == [[0], [1]]


def test_jobs_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_jobs() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert default_jobs() == 5
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert default_jobs() == 1


class EndedError(Exception):
    pass


@pytest.mark.parametrize("how", ["well", "unheard", "raising"])
def test_a_childs_life(monkeypatch: pytest.MonkeyPatch, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The child's part, called here: what its process would run, up to its end."""

    def end(status: int) -> None:
        raise EndedError(status)

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    read, write = os.pipe()
    other = os.dup(read)
    if how == "unheard":
        os.close(read)
    with pytest.raises(EndedError, match="0" if how == "well" else "1"):
        workers._work(lambda: [(0, [0 // (how != "raising"), 1])], write, [other], [])
    assert ("ZeroDivisionError" in capsys.readouterr().err) == (how == "raising")
    gc.enable()
    gc.unfreeze()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(other)
    os.close(write)
    if how != "unheard":
        sent = os.read(read, 999)
        assert workers._whole(bytearray(sent)) == ({0: [0, 1]} if how == "well" else {})
        os.close(read)


@kept
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, *, keep: bool) -> None:
    code = (
        "import os, sys, time\n"
        "from dlaasgen.adapters.workers import spans\n"
        "def work(start, stop):\n"
        "    open(f'{sys.argv[1]}/{os.getpid()}', 'w').close()\n"
        "    time.sleep(0.4)\n"
        "    return b'x' * 10_000_000\n"
        f"list(spans(work, 9, 1, 2, keep={keep}))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE) as parent:
        while len(found := [int(p.name) for p in tmp_path.iterdir()]) < 2:
            time.sleep(0.01)
        parent.kill()
    for process in found:
        deadline = time.monotonic() + 10
        while _state(process) != "Z":
            assert time.monotonic() < deadline
            time.sleep(0.01)


def _state(process: int) -> str:
    """The letter of a process's state; Z when it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return "Z"
