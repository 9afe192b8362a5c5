"""Commands that are imported when they are called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from dlaasgen.cli import output

if TYPE_CHECKING:
    from collections.abc import Mapping


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
            return name, command if name is None else _loud(load(package, name)), rest

    return Commands


def _loud(command: Any) -> Any:
    """A command, or all of a group, that takes --quiet and --verbose as well, which stand before it in the help.

    Not one that hands what it does not know to another.
    """
    if isinstance(command, TyperGroup):
        for inner in command.commands.values():
            _loud(inner)
    elif not command.ignore_unknown_options:
        taken = {name for parameter in command.params for name in parameter.opts}
        for level, names in _LOUDNESS.items():
            if not taken.intersection(names):
                command.params.append(_switch(level, names))
    return command


_LOUDNESS = {output.QUIET: ("--quiet", "-q"), output.VERBOSE: ("--verbose", "-v")}


def _switch(level: int, names: tuple[str, str]) -> TyperOption:
    def switch(_context: Any, _parameter: Any, given: bool) -> None:
        if given:
            output.level = level

    return TyperOption(param_decls=list(names), is_flag=True, hidden=True, expose_value=False, callback=switch)


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
