"""How commands print: findings, JSON, progress; on a terminal or not."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dlaasgen.errors import DlaasgenError
    from dlaasgen.findings import Finding

QUIET, NORMAL, VERBOSE = -1, 0, 1
level = NORMAL
_COLOURS = {"error": "31", "warning": "33", "note": "36"}
_MANY = 1000


class Output(StrEnum):
    """The forms of a command's data."""

    text = "text"
    json = "json"


def say(text: str) -> None:
    """A line for people, on standard output, unless --quiet."""
    if level > QUIET:
        print(safe(text))


def detail(text: str) -> None:
    """A line for people who asked for --verbose."""
    if level >= VERBOSE:
        print(safe(text))


def data(value: Any) -> None:
    """Data as JSON, on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def safe(text: str) -> str:
    """Text without control characters: what a matrix or manifest holds must not drive the terminal."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" if ord(c) < 0x100 else f"\\u{ord(c):04x}"
        for c in text
    )


def coloured() -> bool:
    """Whether standard error takes colours: a terminal, and NO_COLOR unset."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def findings(found: Iterable[Finding]) -> None:
    """Findings on standard error, a line each. Warnings and notes not with --quiet, notes only with --verbose."""
    for f in found:
        if (f.severity == "note" and level < VERBOSE) or (f.severity == "warning" and level < NORMAL):
            continue
        line = safe(str(f))
        if coloured():
            line = line.replace(f"{f.severity}[", f"\x1b[{_COLOURS[f.severity]}m{f.severity}\x1b[0m[", 1)
        print(line, file=sys.stderr)


def complain(error: DlaasgenError) -> None:
    """All that an error has to say, on standard error."""
    findings(error.findings)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error, for long work on a terminal; nothing elsewhere."""
    if level < NORMAL or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, visible=False)

        def advance(done: int, total: int) -> None:
            bar.update(task, total=total, completed=done, visible=total >= _MANY)

        yield advance
