"""dlaasgen ks import: ksonnet prototypes into ours."""

from __future__ import annotations

from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.output import Output


def import_(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A ksonnet prototype, or a folder of them.")],
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the new prototypes.")] = "prototypes",
    form: Annotated[
        Output, typer.Option("--output", "-o", help="Form of what is printed: text, or json for programs.")
    ] = Output.text,
) -> None:
    """Turn ksonnet prototypes into prototypes of dlaasgen with the same meaning, and say what is outdated in them."""
    from dlaasgen.formats import as_dict
    from dlaasgen.pipeline.ksonnet_import import import_prototypes

    done = import_prototypes(path, out)
    if form is Output.json:
        output.data([{"source": d.source, "file": d.file, "findings": [as_dict(f) for f in d.findings]} for d in done])
        return
    for one in done:
        output.findings(one.findings)
        output.say(f"wrote {one.file}")
