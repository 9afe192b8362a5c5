"""Holds a cluster: makes its bridge and control group, runs its namespaces, and in the end removes it all.

It ends when it is told to, when whoever started it is gone, or when the cluster did not come up. When it is killed,
the kernel ends the processes, and the next cluster's start removes the rest.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from e2e.cluster import inside
from e2e.cluster.settings import Settings, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

CGROUPS = Path("/sys/fs/cgroup")
LOCKS = Path("/run/lock")
BRIDGE = "dlaas-e2e"
# What is of no use once the cluster is gone; logs and settings stay for whoever looks into a failure.
HEAVY = ("containerd", "etcd", "kubelet", "tmp", "home", "cni-addresses")


def hold(folder: Path, components: dict[str, str], images: dict[str, str], *, detached: bool) -> int:
    """Runs the cluster of `folder` until it is to end; 0 when it was told to, 1 when it ended by itself."""
    asked: list[int] = []
    for wanted in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(wanted, lambda *_: asked.append(1))
    inside.prepare()
    with _network() as number:
        settings = Settings(str(folder), number, free_ports(), components, images)
        settings.save()
        with _cgroup(settings.cgroup):
            child = _isolated("inside", folder)
            try:
                while child.poll() is None and not asked and (detached or _input_open()):
                    time.sleep(0.1)
            finally:
                ended_itself = child.poll() is not None
                _end(child)
    for name in HEAVY:
        shutil.rmtree(folder / name, ignore_errors=True)
    return 1 if ended_itself else 0


def _isolated(command: str, folder: Path) -> subprocess.Popen[bytes]:
    """Runs our own `command` as the first process of new namespaces; it ends when we do."""
    unshare = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
    with (folder / "inside.log").open("ab") as log:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *unshare, sys.executable, "-m", "e2e.cluster", command, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kills the namespaces' first process. `unshare` ends after it, and it ends after all others."""
    while child.poll() is None:
        children = Path(f"/proc/{child.pid}/task/{child.pid}/children")
        first = children.read_text(encoding="ascii").split() if children.exists() else []
        for pid in first:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        if not first:
            child.kill()
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=10)


def _input_open() -> bool:
    """Whether the other end of our standard input still lives: it writes nothing, it only ends."""
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return not readable or bool(os.read(sys.stdin.fileno(), 1))


@contextmanager
def _network() -> Iterator[int]:
    """A bridge with a subnet of its own, under a number that no other cluster holds."""
    sweep()
    for number in range(1, 250):
        lock = _claim(number)
        if lock is None:
            continue
        bridge, address = f"{BRIDGE}{number}", f"10.244.{number}.1/24"
        try:
            if f" 10.244.{number}." in _ip("-o", "-4", "address", "show"):
                continue
            _ip("link", "add", bridge, "type", "bridge")
            _ip("address", "add", address, "dev", bridge)
            _ip("link", "set", bridge, "up")
            yield number
            return
        finally:
            _remove_bridge(bridge)
            lock.close()
    raise RuntimeError("no free subnet in 10.244.0.0/16")


def sweep() -> None:
    """Removes what a killed holder left: bridges and control groups that no one holds any more."""
    left = {path.name for path in Path("/sys/class/net").glob(f"{BRIDGE}*")}
    left |= {path.name for path in [*CGROUPS.glob(f"*/{BRIDGE}*"), *CGROUPS.glob(f"{BRIDGE}*")]}
    for name in left:
        number = name.removeprefix(BRIDGE)
        lock = _claim(int(number)) if number.isdigit() else None
        if lock is not None:
            _remove_bridge(name)
            _remove_cgroup(f"/{name}")
            lock.close()


def _claim(number: int) -> IO[str] | None:
    LOCKS.mkdir(parents=True, exist_ok=True)
    lock = (LOCKS / f"{BRIDGE}{number}.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def _ip(*args: str) -> str:
    return subprocess.run(["ip", *args], check=True, capture_output=True, text=True).stdout


def _remove_bridge(name: str) -> None:
    if Path(f"/sys/class/net/{name}").exists():
        _ip("link", "delete", name)


@contextmanager
def _cgroup(name: str) -> Iterator[None]:
    """A control group in each hierarchy (or the one, of version 2), for the kubelet's pods."""
    try:
        for top in _hierarchies():
            (top / name.lstrip("/")).mkdir(exist_ok=True)
        yield
    finally:
        _remove_cgroup(name)


def _hierarchies() -> list[Path]:
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [path for path in sorted(CGROUPS.iterdir()) if path.is_dir() and not path.is_symlink()]


def _remove_cgroup(name: str) -> None:
    """Removes it with all below. A process that was just killed may still be leaving it."""
    until = time.monotonic() + 10
    for top in _hierarchies():
        path = top / name.lstrip("/")
        while path.is_dir() and time.monotonic() < until:
            for below in sorted((p for p in path.rglob("*") if p.is_dir()), reverse=True):
                with suppress(OSError):
                    below.rmdir()
            with suppress(OSError):
                path.rmdir()
            if path.is_dir():
                time.sleep(0.1)
