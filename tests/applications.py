"""A ksonnet application, and `dlaasgen ks` in its folder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from dlaasgen.cli.app import app
from dlaasgen.errors import DlaasgenError
from support import Result

if TYPE_CHECKING:
    from pathlib import Path


class Ks:
    """`dlaasgen ks` in an application's folder, inside this process, which is quicker."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __call__(self, *words: str, **environment: str) -> Result:
        with contextlib.chdir(self.place):
            done = CliRunner().invoke(app, ["ks", *words], env=environment)
        if isinstance(done.exception, DlaasgenError):
            return Result(words, done.exception.exit_code, done.stdout, str(done.exception))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Result(words, done.exit_code, done.stdout, done.stderr)

    def files(self) -> dict[str, bytes]:
        return {p.relative_to(self.place).as_posix(): p.read_bytes() for p in self.place.rglob("*") if p.is_file()}
