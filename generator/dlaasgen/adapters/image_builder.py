"""Engines that build and run images (buildah, podman, docker): which there is, and running its command lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINES = ("buildah", "podman", "docker")


def find(wanted: str | None) -> str | None:
    """The path of the engine that is wanted, or of the first that there is; None when there is none."""
    for name in ENGINES if wanted is None else (wanted,):
        path = shutil.which(name)
        if path is not None:
            return path
    return None


def run(line: Sequence[str]) -> int:
    """Runs an engine; what it says goes to standard error. Its exit code."""
    sys.stderr.flush()
    done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), check=False)  # noqa: S603
    return done.returncode


def folder(path: str) -> bool:
    """Whether it is a folder."""
    return os.path.isdir(path)


def stage(context: str, benchmarks: str, into: str) -> None:
    """A build context: a copy of `context`, with the benchmarks' folder in it as benchmarks/."""
    shutil.copytree(context, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    source = os.path.join(benchmarks, "scripts", "tf_cnn_benchmarks")
    shutil.copytree(source, os.path.join(into, "benchmarks", "scripts", "tf_cnn_benchmarks"))
