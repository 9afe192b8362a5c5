"""dlaasgen convert: manifests from one dialect to another."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dlaasgen.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.pipeline.convert import Conversion


class ConvertOutput(StrEnum):
    """The forms of converted objects."""

    yaml = "yaml"
    json = "json"


def convert(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Manifest files, folders of them, or - for standard input.")
    ],
    to: Annotated[
        str, typer.Option("--to", metavar="DIALECT", help="The dialect to convert to, such as tfjob-v1 or job.")
    ],
    out: Annotated[
        str | None, typer.Option("--out", metavar="DIR", help="Write a file for each object into this folder.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --out, overwrite files that differ.")] = False,
    lossy: Annotated[bool, typer.Option("--lossy", help="Go on where meaning is lost: a warning, no error.")] = False,
    output_: Annotated[
        ConvertOutput,
        typer.Option("--output", "-o", help="yaml, or json: where each object is from and what was lost."),
    ] = ConvertOutput.yaml,
) -> None:
    """Convert manifests to another dialect, and say what it cannot carry. Objects that are no jobs stay as they are."""
    from dlaasgen.errors import CheckError
    from dlaasgen.findings import counted
    from dlaasgen.pipeline import convert as pipeline

    conversions = pipeline.convert_files(files, to, lossy=lossy)
    failed = any(c.text is None for c in conversions)
    paths: list[str] = []
    written: list[str] = []
    if out is not None and not failed:
        paths, written = pipeline.write(conversions, out, force=force)
    if output_ is ConvertOutput.json:
        output.data(_json(conversions, to, paths))
    else:
        output.findings(f for c in conversions for f in c.findings)
        if out is None and not failed:
            sys.stdout.write(pipeline.documents(conversions))
        elif not failed:
            output.say(f"{counted(len(conversions), 'object')} -> {out} ({counted(len(written), 'file')} written)")
    if failed:
        raise typer.Exit(CheckError.exit_code)


def _json(conversions: Sequence[Conversion], to: str, paths: Sequence[str]) -> list[dict[str, object]]:
    from dlaasgen.formats import as_dict

    return [
        {
            "file": c.file,
            "line": c.line,
            "source": c.source,
            "dialect": None if c.source is None else to,
            "manifest": None if c.text is None else c.data,
            "path": paths[n] if paths else None,
            "findings": [as_dict(f) for f in c.findings],
        }
        for n, c in enumerate(conversions)
    ]
