"""A PostgreSQL server of the tests' own: on a socket in a temporary folder, never as root, ended by its own id."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPTIONS = ("listen_addresses=", "fsync=off", "max_connections=40", "shared_buffers=16MB", "log_min_messages=fatal")


def program(name: str) -> str:
    """A program of PostgreSQL's: on PATH, or where Debian puts it. Skips when there is none; in CI the test fails."""
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))), None)  # noqa: PTH207
    if found is None:
        words = f"{name} is not installed: apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return found


@dataclass
class Server:
    """A server that can be stopped and started again; `url(name)` is a new, empty database."""

    folder: Path
    user: str | None
    process: subprocess.Popen[bytes] | None = None
    made: int = 0
    own: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = [part for option in (*_OPTIONS, f"unix_socket_directories={self.folder}") for part in ("-c", option)]
        line = [program("postgres"), "-D", str(self.folder / "data"), *options]
        self.process = subprocess.Popen(line, user=self.user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            with contextlib.suppress(Exception), self._connection():
                return
            time.sleep(0.1)
        pytest.fail("PostgreSQL does not start")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: at once (SIGQUIT), or after telling every client (SIGINT)."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
            self.process = None

    def url(self) -> str:
        """The URL of a new database."""
        self.made += 1
        name = f"test{self.made}"
        with self._connection() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://dlaasgen@/{name}?host={self.folder}"

    def _connection(self) -> Any:
        import psycopg

        return psycopg.connect(f"postgresql://dlaasgen@/postgres?host={self.folder}", autocommit=True)


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server for as long as the tests run."""
    initdb = program("initdb")
    program("postgres")
    user = None
    folder = Path(tempfile.mkdtemp(prefix="dlaasgen-pg-"))
    if os.geteuid() == 0:
        names = {entry.pw_name for entry in pwd.getpwall()}
        user = "postgres" if "postgres" in names else "nobody"
        shutil.chown(folder, user)
    running = Server(folder, user)
    try:
        line = [initdb, "-D", str(folder / "data"), "-U", "dlaasgen", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(line, user=user, check=True, capture_output=True, cwd=folder)
        running.start()
        yield running
    finally:
        running.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)
