"""Commands, and groups of them, that are imported when one of them is called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def commands(package: str, told: Mapping[str, str]) -> type[TyperGroup]:
    """A group of the commands called as `told`'s keys, whose values are their help in the list of commands.

    Each is a function or a Typer application of its name, in the package's module of its name.
    """

    class Commands(TyperGroup):
        """The group: it lists names and help, and imports a command that is called."""

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands.update({name: TyperCommand(name, help=text) for name, text in told.items()})

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            """The command that the arguments begin with, itself."""
            name, command, rest = super().resolve_command(ctx, args)
            return name, command if name is None else load(package, name), rest

    return Commands


def load(package: str, name: str) -> Any:
    """A command of a package, as Click knows it."""
    from typer.main import get_command, get_group

    found = source(package, name)
    if isinstance(found, typer.Typer):
        group = get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return get_command(alone)


def source(package: str, name: str) -> Any:
    """A command of a package as it is written: a function or a Typer application."""
    return getattr(importlib.import_module(f"{package}.{name}"), name)


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
