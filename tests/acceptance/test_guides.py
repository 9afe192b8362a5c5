"""A guide is followed word by word in an empty folder: files are written, commands run, what they print is compared."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

BLOCK = re.compile(r"(?:`([\w./-]+)`[^`\n]*:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["write-a-prototype.md"])
def test_a_guide_works(page: str, dlaasgen: Run, tmp_path: Path) -> None:
    text = (ROOT / "docs/guides" / page).read_text(encoding="utf-8")
    done = set()
    for file, language, block in BLOCK.findall(text):
        if language == "console":
            for command, expected in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
                assert said(command, dlaasgen, tmp_path) == expected, command
                done.add(command)
        else:
            assert file, f"no file is named for this block:\n{block}"
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block, encoding="utf-8")
    assert len(done) > 1


def said(command: str, dlaasgen: Run, folder: Path) -> str:
    """What a command prints on a terminal."""
    name, *words = shlex.split(command)
    if name == "cat":
        return (folder / words[0]).read_text(encoding="utf-8")
    assert name == "dlaasgen", command
    result = dlaasgen(*words, cwd=folder)
    return result.err + result.out
