"""The blocks of docs/tutorial.md, with what the comments before them say that they need."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

IMAGE = "ghcr.io/acme/benchmarks-eigen:latest"
_BLOCK = re.compile(r"(?:^<!-- ([^\n]*) -->\n\n)?^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(*, ks: bool = False, image: str = IMAGE, namespace: str = "kubeflow") -> list[Sequence[str]]:
    """The words of each line of the blocks that need nothing, or of those of ksonnet with a cluster."""
    lines = _lines(lambda marks: "ks" in marks if ks else "needs" not in marks)
    return [
        shlex.split(line) for line in lines.replace(IMAGE, image).replace("kubeflow\n", f"{namespace}\n").splitlines()
    ]


def on_a_cluster(namespace: str) -> list[Sequence[str]]:
    """The words of each line of the other blocks that need a cluster."""
    lines = _lines(lambda marks: "cluster" in marks and "ks" not in marks).replace(
        "k8s://dlaas ", f"k8s://{namespace} "
    )
    return [shlex.split(line) for line in lines.splitlines()]


def _lines(wanted: Callable[[str], bool]) -> str:
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    return "".join(block for marks, block in _BLOCK.findall(text) if wanted(marks))
