"""A running cluster, as tests and the command line see it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster import builds, control
from e2e.cluster.settings import Settings, load

TESTS = Path(__file__).resolve().parents[2]
START_LIMIT = 180.0


class ClusterError(Exception):
    """The cluster did not come up, or is not there."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """`images` maps a short name to the image's name with its digest."""

    settings: Settings
    images: dict[str, str]
    seconds: dict[str, float]

    @property
    def kubeconfig(self) -> Path:
        """An administrator's."""
        return self.settings.kubeconfig

    def ask(self, *words: str) -> str:
        """See control.ask."""
        return control.ask(self.settings.path, *words)

    def ended(self) -> str:
        """Which parts have ended by themselves, a line each; empty when all is well."""
        file = self.settings.path / "ended"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def log(self, name: str) -> str:
        """What a part has written."""
        return (self.settings.path / "logs" / f"{name}.log").read_text(encoding="utf-8", errors="replace")


def start(folder: Path, components: dict[str, Path], images: dict[str, Path], *, detached: bool) -> Cluster:
    """Starts a cluster in a new `folder` and waits until it can be used.

    It ends with `stop`, and unless `detached` also when this process ends, however that may be.
    """
    folder.mkdir(parents=True)
    plan = {
        "components": {name: str(path) for name, path in components.items()},
        "images": {name: str(path) for name, path in images.items()},
        "detached": detached,
    }
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    with (folder / "holder.log").open("ab") as log:
        holder = subprocess.Popen(
            [sys.executable, "-m", "e2e.cluster", "hold", str(folder)],
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            start_new_session=True,
        )
    (folder / "holder.pid").write_text(str(holder.pid), encoding="ascii")
    if not detached:
        _HOLDERS[folder] = holder
    until = time.monotonic() + START_LIMIT
    while not (folder / "ready").exists():
        if holder.poll() is not None or time.monotonic() > until:
            why = _why(folder)
            stop(folder)
            raise ClusterError(f"the test cluster did not come up; its logs are in {folder}\n{why}")
        time.sleep(0.1)
    return find(folder)


# Kept so that their standard inputs stay open as long as this process lives.
_HOLDERS: dict[Path, subprocess.Popen[bytes]] = {}


def find(folder: Path) -> Cluster:
    """The cluster that runs in `folder`."""
    if not (folder / "ready").exists():
        raise ClusterError(f"no cluster runs in {folder}")
    ready = json.loads((folder / "ready").read_text(encoding="utf-8"))
    return Cluster(load(folder), ready["images"], ready["seconds"])


def stop(folder: Path) -> None:
    """Ends the cluster of `folder` and waits until nothing of it is left but its logs."""
    (folder / "ready").unlink(missing_ok=True)
    pid = holder_of(folder)
    holder = _HOLDERS.pop(folder, None)
    with suppress(ProcessLookupError):
        if holder is not None or _is_holder(pid, folder):
            os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 60
    while (holder.poll() is None) if holder is not None else _is_holder(pid, folder):
        if time.monotonic() > until:
            raise ClusterError(f"the cluster's holder, process {pid}, does not end; see {folder}/holder.log")
        time.sleep(0.05)
    if holder is not None and holder.stdin is not None:
        holder.stdin.close()


def holder_of(folder: Path) -> int:
    """The id of the process that holds, or held, the cluster of `folder`."""
    return int((folder / "holder.pid").read_text(encoding="ascii"))


def remove(folder: Path) -> None:
    """Removes a stopped cluster's folder."""
    shutil.rmtree(folder, ignore_errors=True)


def standing() -> Path:
    """Where `make cluster` keeps its one cluster."""
    return builds.cache() / "standing"


def _is_holder(pid: int, folder: Path) -> bool:
    """Whether the process is still the one that holds `folder`: ids are used again."""
    with suppress(OSError):
        parts = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return b"hold" in parts and os.fsencode(folder) in parts
    return False


def _why(folder: Path) -> str:
    for name in ("failed", "inside.log", "holder.log"):
        file = folder / name
        if file.exists() and file.stat().st_size:
            return file.read_text(encoding="utf-8", errors="replace")[-4000:]
    return f"no answer within {START_LIMIT:.0f} s"
