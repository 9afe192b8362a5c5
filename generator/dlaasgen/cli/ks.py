"""dlaasgen ks: ksonnet's commands, on the folder of a ksonnet application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.cli.lazy import LazyTyper

if TYPE_CHECKING:
    import typer

HELP = "ksonnet's commands, with ks' own arguments, on the application around the working folder."


def _load() -> typer.Typer:
    from dlaasgen.cli.ksonnet.group import group

    return group


ks = LazyTyper(_load, name="ks", help=HELP)
