"""The environment, as TensorFlow and OpenMP tell it in passing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dlaasgen.logs.events import Fact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.prefixes import Peeled

NAME = "environment"
NEEDLES = (
    "To enable the following instructions: ",
    "Your CPU supports instructions that",
    "available OS proc",
    "oneDNN custom operations are on",
)
_FACTS = (
    ("cpu_instructions_unused", re.compile(rb"To enable the following instructions: ([A-Z0-9_. ]{1,200}),")),
    (
        "cpu_instructions_unused",
        re.compile(rb"Your CPU supports instructions that [^:]{1,100}: ([A-Z0-9_. ]{1,200})\s*\Z"),
    ),
    ("omp_processors", re.compile(rb"([0-9]{1,6}) available OS procs?\b")),
    ("onednn", re.compile(rb"oneDNN custom operations are (on)\.")),
)


def read(line: Peeled) -> Sequence[Event] | None:
    """The facts that one line tells."""
    for name, pattern in _FACTS:
        match = pattern.search(line.content)
        if match:
            return (Fact(name, match[1].decode().strip()),)
    return None
