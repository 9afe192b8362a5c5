"""Commands on this machine: whether there is one, running several to their end, each with a log of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def found(name: str) -> bool:
    """Whether a program is on PATH, or is one by its path."""
    return shutil.which(name) is not None


def run(lines: Sequence[tuple[Sequence[str], Mapping[str, str], str | None]]) -> list[int]:
    """Runs commands (command line, variables, log file or None for our own output) at once; their exit codes.

    When one cannot be started, or we are interrupted, all are told to end, and waited for. Raises OSError.
    """
    running: list[subprocess.Popen[bytes]] = []
    try:
        with contextlib.ExitStack() as stack:
            for line, variables, log in lines:
                out = None if log is None else stack.enter_context(open(log, "wb"))
                running.append(
                    subprocess.Popen(  # noqa: S603 - what the user asked to run
                        line,
                        env={**os.environ, **variables},
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=None if out is None else subprocess.STDOUT,
                    )
                )
        return [process.wait() for process in running]
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
        for process in running:
            process.wait()


def make_folder(path: str) -> None:
    """A folder, and those above it. Raises OSError."""
    os.makedirs(path, exist_ok=True)


def copy_out(path: str, target: int) -> None:
    """A file's bytes to a descriptor."""
    with open(path, "rb") as file:
        while data := file.read(1 << 16):
            os.write(target, data)
