"""Scaffold a new project."""

from __future__ import annotations

import os

from dlaasgen.errors import TreeError
from dlaasgen.findings import Finding


def initialize(folder: str) -> tuple[list[str], list[str]]:
    """(written, kept): the scaffold's files, as paths, those written and those that were there before and stay.

    Raises TreeError when one cannot be written; those before it stay.
    """
    from dlaasgen.scaffold import scaffold

    written, kept = [], []
    for name, text in scaffold(os.path.basename(os.path.abspath(folder))).items():
        path = os.path.join(folder, *name.split("/"))
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.lexists(path):
                kept.append(path)
                continue
            with open(path, "x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            written.append(path)
        except OSError as error:
            raise TreeError([Finding("R101", f"cannot write {path}: {error.strerror}", file=path)]) from None
    return written, kept
