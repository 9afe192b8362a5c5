"""Names: what a component, environment, registry or package may be called, since all become files. No I/O here."""

from __future__ import annotations

import re
from typing import Literal

from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, shown

Kind = Literal["application", "component", "environment", "registry", "package", "prototype", "module"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,99}[A-Za-z0-9_-])?", re.ASCII).fullmatch
_RULE = "at most 100 letters, digits, '-', '_' and '.', beginning with a letter or digit"
_DEEPEST = 4
# What stands beside the components, and is none.
_TAKEN = {"component": frozenset({"params"}), "environment": frozenset({"base"})}


def check(kind: Kind, name: str) -> str:
    """The name itself. Raises UsageError when it may not be one; an environment's may have parts between slashes."""
    parts = name.split("/") if kind == "environment" else [name]
    taken = name in _TAKEN.get(kind, ())
    if taken or len(parts) > _DEEPEST or not all(_NAME(p) and ".." not in p for p in parts):
        expected = _RULE + ("; parts between slashes" if kind == "environment" else "")
        raise UsageError(
            [
                Finding(
                    "A103",
                    f"this name is taken by ks itself: {name}" if taken else f"wrong name of {_article(kind)}",
                    found=shown(name),
                    expected=expected,
                )
            ]
        )
    return name


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "ae" else f"a {kind}"
