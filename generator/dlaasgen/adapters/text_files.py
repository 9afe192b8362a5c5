"""Text files for people: written beside their place and renamed into it, so that none is ever half there."""

from __future__ import annotations

import os

from dlaasgen.errors import StoreError
from dlaasgen.findings import Finding


def write(path: str, text: str) -> str:
    """Write a file, and the folders above it; its path. Raises StoreError when the file system refuses."""
    staged = f"{path}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(staged, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(staged, path)
    except OSError as error:
        raise StoreError([Finding("C124", f"{path} cannot be written: {error.strerror}")]) from None
    finally:
        if os.path.exists(staged):
            os.unlink(staged)
    return path
