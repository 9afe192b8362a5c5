"""The command line in a process of its own that starts at once: forked from this one, which has it imported.

What a user runs is the installed command, and tests of the command line itself run that. Tests of what a render does
to a folder need hundreds of runs; here they have them. Whoever uses this is marked `outside`.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
from functools import cache
from typing import IO, TYPE_CHECKING

import typer.main

import dlaasgen
from support import Result, Run, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_HEAVY = ("jsonschema", "jsonschema_rs", "kubernetes_validate", "orjson", "rjsonnet", "yaml")


def forked(home: Path, before: Callable[[], object] | None = None) -> Run:
    """A function that runs `dlaasgen` with `home` as its home folder. `before` is called in the new process first."""
    prepared = _prepare()

    def run(*args: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Result:
        line = ["dlaasgen", *map(str, args)]
        with tempfile.TemporaryFile("w+b") as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin.encode())
            given.seek(0)
            sys.stdout.flush()
            sys.stderr.flush()
            process = os.fork()
            if not process:
                _child(line, cwd, environment(HOME=str(home), **(env or {})), (given, out, err), prepared, before)
            _, status = os.waitpid(process, 0)
            texts = [(file.seek(0), file.read().decode(errors="surrogateescape"))[1] for file in (out, err)]
        return Result(tuple(line), os.waitstatus_to_exitcode(status), *texts)

    return run


@cache
def _prepare() -> object:
    """Do once what each run of the command does again before it does anything."""
    every = (module.name for module in pkgutil.walk_packages(dlaasgen.__path__, "dlaasgen."))
    own = [name for name in every if ".migrations." not in name]  # only Alembic can load those
    for name in (*own, *_HEAVY):
        importlib.import_module(name)
    from dlaasgen.cli.app import app

    return typer.main.get_command(app)


def _child(
    line: list[str],
    cwd: Path,
    env: dict[str, str],
    files: tuple[IO[bytes], ...],
    prepared: object,
    before: Callable[[], object] | None,
) -> None:
    status = 70
    try:
        for number, file in enumerate(files):
            os.dup2(file.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, encoding="utf-8", closefd=False) for number, mode in enumerate("rww")
        )
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        sys.argv = line
        from dlaasgen.cli import app, run

        app.app = prepared  # type: ignore[assignment]
        if before is not None:
            before()
        status = run()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
