"""The smallest Typer application: what `dlaasgen --help` is measured beside."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def hello(name: str) -> None:
    """Greet someone."""
    print(f"Hello {name}")


app()
