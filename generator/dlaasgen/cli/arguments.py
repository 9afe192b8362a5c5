"""Arguments and options that several commands have, said once."""

from __future__ import annotations

from typing import Annotated

import typer

Matrices = Annotated[list[str], typer.Argument(metavar="MATRIX...", help="Matrix files, or folders of them.")]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="EXPR",
        help="Only these cells: an id, a pattern of ids, or a CEL expression. Can be repeated.",
    ),
]
Store = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="STORE",
        envvar="DLAASGEN_STORE",
        help="The store of results: a file (SQLite), or a URL, postgresql://...; DLAASGEN_STORE says it as well.",
    ),
]
TreePath = Annotated[str, typer.Argument(metavar="PATH", help="A rendered tree, a folder of manifests, or a file.")]
Context = Annotated[
    str | None,
    typer.Option(
        "--context", metavar="NAME", help="The context of kubeconfig. Default: the one that the tree's matrix targets."
    ),
]
Namespace = Annotated[
    str | None,
    typer.Option("--namespace", "-n", metavar="NAME", help="The namespace of manifests that name none."),
]
