"""How commands print: findings, JSON, progress; on a terminal or not."""

from __future__ import annotations

import contextlib
import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from dlaasgen.findings import together
from dlaasgen.formats import json_text, safe

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


def always(text: str) -> None:
    """What was asked for, on standard output, --quiet or not."""
    print(safe(text))


def detail(text: str) -> None:
    """A line for people who asked for --verbose."""
    if level >= VERBOSE:
        print(safe(text))


def data(value: Any) -> None:
    """Data as JSON, on standard output."""
    sys.stdout.write(json_text(value) + "\n")


def coloured(stream: TextIO) -> bool:
    """Whether a stream takes colours: a terminal, and NO_COLOR unset."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def wanted(found: Finding) -> bool:
    """Whether to show a finding: warnings not with --quiet, notes only with --verbose."""
    least = {"error": QUIET, "warning": NORMAL, "note": VERBOSE}
    return level >= least[found.severity]


def finding(found: Finding, stream: TextIO | None = None) -> None:
    """One finding, on a line of its own; its severity in colour on a terminal."""
    out = sys.stdout if stream is None else stream
    line = safe(str(found))
    if coloured(out):
        line = line.replace(f"{found.severity}[", f"\x1b[{_COLOURS[found.severity]}m{found.severity}\x1b[0m[", 1)
    print(line, file=out)


def findings(found: Iterable[Finding]) -> None:
    """Findings on standard error: beside what the command prints."""
    for one in together(found):
        if wanted(one):
            finding(one, sys.stderr)


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
