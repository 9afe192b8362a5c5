"""Failures: tracebacks, exceptions, fatal messages, and what a shell or mpirun says of a process that died."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dlaasgen.logs.events import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.prefixes import Peeled

NAME = "failures"
TRACEBACK = "Traceback (most recent call last):"
FLAGS = "FATAL Flags parsing error:"

NEEDLES = (
    r"Traceback \(most recent call last\)",
    "Error",
    "Exception",
    "KeyboardInterrupt",
    "SystemExit",
    "FATAL Flags parsing error",
    "[Kk]illed",
    r"Segmentation fault",
    "Aborted",
    "Illegal instruction",
    "Bus error",
    "Terminated",
    "core dumped",
    "terminate called after",
    "exited on signal",
    "non-zero exit code",
    "command not found",
    "can't open file",
    "exec format error",
    "OOMKilled",
    "Check failed: ",
)
# The last line of a traceback: the exception's class, with its modules or without, and its message.
_EXCEPTION = re.compile(
    rb"(?:[A-Za-z_][A-Za-z0-9_]{0,80}\.){0,12}[A-Z][A-Za-z0-9_]{0,80}?(?:Error|Exception|Interrupt|Exit)(?:: |\Z)"
)
_ENDS = re.compile(
    rb"(?:[^ ]{1,200}: (?:line [0-9]{1,9}: )?(?:[0-9]{1,10} )?)?(?:Killed|Segmentation fault|Aborted"
    rb"|Illegal instruction|Bus error|Terminated|OOMKilled)(?: *\(core dumped\))?(?: .{0,500})?\Z"
)
_TELLTALE = re.compile(
    rb"terminate called after|exited on signal [0-9]|returned a non-zero exit code|: command not found|can't open file"
    rb"|exec format error"
)
_CHECK = re.compile(rb"Check failed: ")
_LONGEST = 1000


def text_of(content: bytes) -> str:
    """A line as text that can be shown: bytes that are no UTF-8 are replaced, the length is bounded."""
    return content[: 4 * _LONGEST].decode("utf-8", "replace")[:_LONGEST]


def read(line: Peeled) -> Sequence[Event] | None:
    """The failure that a line tells, if any."""
    text = line.content.strip()
    if text.startswith((TRACEBACK.encode(), FLAGS.encode())):
        return (Failure(text_of(text)),)
    if _EXCEPTION.match(text) or _ENDS.match(text) or _TELLTALE.search(text) or _CHECK.match(text):
        return (Failure(text_of(text)),)
    return None
