"""The images that are built here: what each is made from, in which order. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean
from dlaasgen.matrix_faults import listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# name -> (Dockerfile, name of the image that it is made from)
IMAGES: dict[str, tuple[str, str | None]] = {
    "base": ("base.Dockerfile", None),
    "eigen": ("eigen.Dockerfile", "base"),
    "mkl": ("mkl.Dockerfile", "base"),
    "benchmarks-eigen": ("benchmarks.Dockerfile", "eigen"),
    "benchmarks-mkl": ("benchmarks.Dockerfile", "mkl"),
}
# The build argument by which a Dockerfile takes the image that it is made from.
PARENT = "PARENT_IMAGE"


@dataclass(frozen=True, slots=True)
class Build:
    """One image to build. `arguments` are the build arguments."""

    name: str
    dockerfile: str
    tag: str
    arguments: Mapping[str, str]


def plan(names: Sequence[str], prefix: str, tag: str, arguments: Mapping[str, str]) -> list[Build]:
    """The builds of these images (all, when none is named) and of what they are made from, in order.

    Raises UsageError for a name that is none.
    """
    unknown = [name for name in names if name not in IMAGES]
    if unknown:
        raise UsageError([_unknown(name) for name in unknown])
    wanted = _closure(names or IMAGES)
    builds = []
    for name, (dockerfile, parent) in IMAGES.items():
        if name in wanted:
            own = {} if parent is None else {PARENT: f"{prefix}{parent}:{tag}"}
            builds.append(Build(name, dockerfile, f"{prefix}{name}:{tag}", {**own, **arguments}))
    return builds


def _closure(names: Iterable[str]) -> set[str]:
    wanted: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        wanted.add(name)
        parent = IMAGES[name][1]
        if parent is not None:
            todo.append(parent)
    return wanted


def _unknown(name: str) -> Finding:
    hint = did_you_mean(name, IMAGES)
    return Finding(
        "I112", f"there is no image {quoted(name)} to build", expected=None if hint else listed(IMAGES), hint=hint
    )


def command(engine: str, build: Build, context: str) -> list[str]:
    """The engine's command line. What the user gave stands in arguments of its own: no shell reads it."""
    line = [engine, "build", "--file", f"{context}/{build.dockerfile}", "--tag", build.tag]
    for name, value in build.arguments.items():
        line += ["--build-arg", f"{name}={value}"]
    return [*line, context]
