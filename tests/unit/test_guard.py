"""The guard of tests/conftest.py: a test that leaves the process unasked fails, also when it swallows the error."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Guard, Run


def connect() -> None:
    with socket.socket() as end:
        end.connect(("127.0.0.1", 9))


LEAVING: dict[str, Callable[[], object]] = {
    "subprocess.Popen": lambda: subprocess.run([sys.executable, "--version"], check=True),
    "os.system": lambda: os.system("true"),  # noqa: S605 - it does not come to that
    "os.fork": os.fork,
    "socket.connect": connect,
    "socket.getaddrinfo": lambda: socket.getaddrinfo("localhost", 80),
}


@pytest.mark.parametrize("event", LEAVING)
def test_leaving_the_process_is_refused_and_remembered(guard: Guard, event: str) -> None:
    with pytest.raises(AssertionError, match=f"a test without the marker `outside` did {event}"):
        LEAVING[event]()
    assert [told.split("(")[0] for told in guard.seen] == [event]
    guard.seen.clear()


def test_a_swallowed_refusal_is_remembered(guard: Guard) -> None:
    with contextlib.suppress(BaseException):
        LEAVING["os.system"]()
    assert guard.seen != []
    guard.seen.clear()


@pytest.mark.outside
def test_the_marker_opens_the_way(guard: Guard) -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    assert not guard.closed
    assert guard.seen == []


def test_the_fixtures_of_commands_open_the_way(guard: Guard, kubectl: Run) -> None:
    assert kubectl is not None
    assert not guard.closed
