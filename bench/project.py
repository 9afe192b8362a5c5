"""A project in a temporary folder, and the commands that are measured in it."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import measure
import study
from measure import Command

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


@dataclass(frozen=True)
class Bench:
    """A project in a temporary folder, and the commands that are measured in it."""

    given: argparse.Namespace
    work: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def small(self) -> int:
        """Cells of the matrix that most rows are about."""
        return 1_000 if self.given.quick else 10_000

    @property
    def large(self) -> int:
        """Cells of the matrix that shows how time and memory grow."""
        return 10 * self.small

    @property
    def env(self) -> dict[str, str]:
        """The environment of every command: this one, without what would change their work."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTHON", "DLAASGEN"))}
        return {**kept, "XDG_CACHE_HOME": str(self.work / "cache"), "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}

    def prepare(self) -> None:
        """Lay out the project."""
        (self.work / "old").mkdir()
        for name in ("matrix", "prototypes"):
            shutil.copytree(ROOT / name, self.work / name)
        for cells in (self.small, self.large):
            self.matrix(cells).write_text(study.matrix(cells), encoding="utf-8")

    def aside(self, *folders: str) -> None:
        """Make room for folders that are to be made anew.

        They are removed when all is over: ext4 is slow, up to tenfold for minutes, to create files where it has just
        removed many.
        """
        for folder in folders:
            if (self.work / folder).exists():
                (self.work / folder).rename(self.work / "old" / str(next(self.numbers)))

    def matrix(self, cells: int) -> Path:
        """The file of the bench's matrix of so many cells."""
        return self.work / "matrix" / f"bench-{cells}.yaml"

    def render(
        self,
        cells: int,
        out: str,
        *flags: str,
        fresh: bool = False,
        cold: bool = False,
        after: Callable[[str], None] | None = None,
    ) -> Command:
        """`dlaasgen render` into `out`. `fresh`: which does not exist; `cold`: nothing is known of earlier runs."""
        env = {**self.env, "XDG_CACHE_HOME": str(self.work / "cold")} if cold else self.env

        def before() -> None:
            if cold:
                self.aside("cold")
            if fresh:
                self.aside(out)

        argv = [str(self.given.dlaasgen), "render", str(self.matrix(cells)), "--out", str(self.work / out), *flags]
        return Command(argv, env, self.work, before, after or (lambda _: None))

    def run(self, *argv: str | Path, before: Callable[[], None] = lambda: None, cwd: Path | None = None) -> Command:
        """Any other command."""
        return Command([str(a) for a in argv], self.env, cwd or self.work, before)

    def copy(self) -> Command:
        """`cp -r` of the rendered tree, which the file system's cache holds."""
        return self.run("cp", "-r", self.tree, self.work / "copy", before=lambda: self.aside("copy"))

    @property
    def tree(self) -> Path:
        """Where the small matrix is rendered to by most commands."""
        return self.work / "out" / study.NAME

    def make(self) -> None:
        """Make the tree what its matrix says, and let this machine know that it is."""
        measure.timed(self.render(self.small, "out"))

    @cached_property
    def compare(self) -> Path | None:
        """The C program that compares two trees, or None where there is no compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            return None
        program = self.work / "compare"
        subprocess.run([compiler, "-O2", "-o", program, HERE / "compare.c"], check=True)
        return program


def walls(timings: Sequence[measure.Timing]) -> list[float]:
    """Their seconds on the wall."""
    return [t.wall for t in timings]
