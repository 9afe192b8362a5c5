"""The processes of a cluster: started with a log file each, watched, stopped and started again by name."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class StartError(Exception):
    """The cluster did not come up; the message says which part, and ends with its log."""


@dataclass
class Processes:
    """All share `environment`; `logs` is a folder."""

    logs: Path
    environment: dict[str, str]
    commands: dict[str, tuple[list[str], dict[str, str]]] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: list[str], extra: Mapping[str, str] | None = None) -> None:
        """Starts it; its output is appended to NAME.log."""
        self.commands[name] = (command, dict(extra or {}))
        self.again(name)

    def again(self, name: str) -> None:
        """Starts one that was stopped, with the same command."""
        command, extra = self.commands[name]
        with self._log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self.environment, **extra},
                cwd=self.logs.parent,
                start_new_session=True,
            )

    def stop(self, name: str, *, kill: bool) -> None:
        """Ends it and waits until it has ended."""
        process = self.running.pop(name)
        process.kill() if kill else process.terminate()
        process.wait(timeout=30)

    def call(self, *command: str, stdin: str | None = None) -> str:
        """Runs a command to its end; its output."""
        environment = self.environment
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            raise StartError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def wait(self, name: str, ready: Callable[[], bool], seconds: float = 90) -> None:
        """Waits until `ready`; a part of the cluster that ends meanwhile ends the wait."""
        until = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > until:
                raise StartError(f"{name} was not ready after {seconds:.0f} s\n{self.tail(name)}")
            time.sleep(0.1)

    def check(self) -> None:
        """Says which has ended, if one has."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                raise StartError(f"{name} ended with exit code {process.returncode}\n{self.tail(name)}")

    def tail(self, name: str) -> str:
        """The end of its log."""
        log = self._log(name)
        return log.read_text(errors="replace")[-3000:] if log.exists() else f"(no {os.fspath(log)})"

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"
