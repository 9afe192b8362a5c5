"""Builds the components once: each into a folder of the cache that is named by its go.mod, go.sum and recipe."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.cluster.components import COMPONENTS, Component

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CACHE = Path(__file__).resolve().parents[3] / ".cache" / "e2e"


class BuildError(Exception):
    """A component could not be built; the message ends with what Go said."""


def cache() -> Path:
    """Where built things lie: .cache/e2e of the checkout, or the folder that E2E_CACHE names."""
    return Path(os.environ.get("E2E_CACHE") or CACHE).absolute()


def place(component: Component) -> Path:
    """Where `component` is built into; another version or recipe goes to another folder."""
    digest = hashlib.sha256(repr(component).encode())
    for file in sorted(component.folder.iterdir()):
        digest.update(file.name.encode() + file.read_bytes())
    return cache() / f"{component.name}-{digest.hexdigest()[:16]}"


def built(component: Component) -> bool:
    """Whether there is nothing to do."""
    return place(component).is_dir()


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time makes things in the cache; the others wait and find them made."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(say: Callable[[str], None]) -> dict[str, Path]:
    """Every component's folder by name, after building what is not built yet."""
    with locked("build"):
        for component in COMPONENTS:
            if not built(component):
                started = time.monotonic()
                say(f"building {component.name} ...")
                _build(component)
                say(f"built {component.name} in {time.monotonic() - started:.0f} s")
    return {component.name: place(component) for component in COMPONENTS}


def _build(component: Component) -> None:
    target = place(component)
    making = target.with_name(f".{target.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    (making / "bin").mkdir(parents=True)
    jobs = os.environ.get("E2E_GO_JOBS")
    flags = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in component.variables)])
    for name, package in component.programs:
        limit = [f"-p={jobs}"] if jobs else []
        _go(component, "build", "-mod=readonly", *limit, f"-ldflags={flags}", "-o", str(making / "bin" / name), package)
    for folder, module, pattern in component.files:
        _go(component, "mod", "download", module)
        found = sorted(Path(_go(component, "list", "-m", "-f", "{{.Dir}}", module).strip()).glob(pattern))
        if not found:
            raise BuildError(f"{module} has no {pattern}")
        (making / folder).mkdir(exist_ok=True)
        for file in found:
            (making / folder / file.name).write_bytes(file.read_bytes())
            (making / folder / file.name).chmod(0o755 if folder == "bin" else 0o644)
    making.rename(target)


def _go(component: Component, *args: str) -> str:
    # The machine's own settings must not choose another Go or another module than go.mod says.
    settings = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "auto", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}
    done = subprocess.run(
        ["go", *args],
        cwd=component.folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(f"go {' '.join(args)} in {component.folder}: {done.stderr[-2000:]}")
    return done.stdout
