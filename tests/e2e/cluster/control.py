"""Asking a running cluster to stop a part, start it again, or load an image: one file a question, one an answer.

Files and not a socket: a socket's path has at most 107 bytes, and a checkout may lie deep.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.cluster.processes import Processes


class Controlled(Protocol):
    """What can be asked."""

    processes: Processes

    def load_image(self, archive: str) -> str: ...
    def stop(self, name: str, *, kill: bool) -> None: ...
    def again(self, name: str) -> None: ...


def ask(folder: Path, *words: str, seconds: float = 120) -> str:
    """What the cluster answers to stop NAME, kill NAME, start NAME, load ARCHIVE; RuntimeError when it cannot."""
    name = uuid.uuid4().hex
    question, answer = folder / f"{name}.question", folder / f"{name}.answer"
    _put(question, json.dumps(words))
    until = time.monotonic() + seconds
    while not answer.exists():
        if time.monotonic() > until:
            raise RuntimeError(f"the cluster did not answer {' '.join(words)} within {seconds:.0f} s")
        time.sleep(0.05)
    said: dict[str, str] = json.loads(answer.read_text(encoding="utf-8"))
    answer.unlink()
    if "error" in said:
        raise RuntimeError(f"{' '.join(words)}: {said['error']}")
    return said["answer"]


def serve(folder: Path, cluster: Controlled) -> None:
    """Answers until the process is killed. A part that ends by itself is told in the file `ended`."""
    told: set[str] = set()
    while True:
        for question in sorted(folder.glob("*.question")):
            words = json.loads(question.read_text(encoding="utf-8"))
            question.unlink()
            try:
                said = {"answer": _do(cluster, *words)}
            except Exception as error:  # noqa: BLE001 - the one who asked must see it, whatever it is
                said = {"error": str(error)}
            _put(question.with_suffix(".answer"), json.dumps(said))
        for name, process in cluster.processes.running.items():
            if name not in told and process.poll() is not None:
                told.add(name)
                with (folder / "ended").open("a", encoding="utf-8") as file:
                    file.write(f"{name} ended with exit code {process.returncode}\n")
        time.sleep(0.05)


def _do(cluster: Controlled, verb: str, name: str) -> str:
    if verb == "load":
        return cluster.load_image(name)
    if verb == "start":
        cluster.again(name)
    else:
        cluster.stop(name, kill=verb == "kill")
    return ""


def _put(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
