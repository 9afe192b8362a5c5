"""A group of commands that is imported when one of them is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Callable


class LazyTyper(typer.Typer):
    """A Typer application that only knows its help; `load` returns the one that has the commands."""

    def __init__(self, load: Callable[[], typer.Typer], **settings: Any) -> None:
        self.load = load

        class Group(TyperGroup):
            """The group itself, filled when its commands are asked for."""

            def list_commands(self, ctx: Any) -> list[str]:
                """Every command's name."""
                return list(self._loaded().list_commands(ctx))

            def get_command(self, ctx: Any, cmd_name: str) -> Any:
                """One command."""
                return self._loaded().get_command(ctx, cmd_name)

            def _loaded(self) -> Any:
                from typer.main import get_group

                return get_group(load())

        super().__init__(cls=Group, no_args_is_help=True, **settings)
        # Without a callback Typer takes the application for a single command.
        self.callback()(_nothing)


def _nothing() -> None:
    """Groups do nothing by themselves."""
