"""Every command and option is documented, in the reference and in its help, and nothing that does not exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
from typer.testing import CliRunner

from dlaasgen.cli.app import COMMANDS as TOLD
from dlaasgen.cli.app import app
from dlaasgen.cli.lazy import load

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
COMMAND: Any = typer.main.get_command(app)


def below(command: Any, above: str) -> Iterator[tuple[str, Any]]:
    """(name, command) of every command in a group, and of those in groups in it."""
    for name in command.list_commands(None):
        found = command.get_command(None, name) if above else load("dlaasgen.cli", name)
        yield f"{above} {name}".strip(), found
        if hasattr(found, "list_commands"):
            yield from below(found, f"{above} {name}".strip())


COMMANDS = {"": COMMAND, **dict(below(COMMAND, ""))}


def section(name: str) -> str:
    """What the reference says of one command."""
    found = re.search(rf"^## dlaasgen{f' {name}' if name else ''}\n(.*?)(?=^## )", REFERENCE, re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1]


def options(name: str) -> set[str]:
    """The names of a command's options, less those of every Typer program."""
    shown = [p for p in COMMANDS[name].params if p.param_type_name == "option" and not p.hidden]
    own = {o for p in shown for o in (*p.opts, *p.secondary_opts)}
    return own - {"--help", "-h", "--install-completion", "--show-completion"}


@pytest.mark.parametrize("name", TOLD)
def test_what_the_list_says_of_a_command_is_how_its_own_help_begins(name: str) -> None:
    own = " ".join(COMMANDS[name].help.split())
    assert own.startswith(TOLD[name].removesuffix("."))


def test_a_name_that_is_none_brings_the_nearest() -> None:
    said = CliRunner().invoke(app, ["rendr"])
    assert said.exit_code == 2
    assert "Did you mean 'render'?" in said.output


def test_the_commands_are_those_of_the_reference() -> None:
    assert re.findall(r"^## dlaasgen ?([\w -]*)$", REFERENCE, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_options_are_those_of_the_reference(name: str) -> None:
    rows = re.findall(r"^\| `(-[^`]*)` \| (.*) \|$", section(name), re.MULTILINE)
    told = {part.split()[0] for names, _ in rows for part in names.split(", ")}
    assert told == options(name)
    assert all(len(meaning.split()) > 2 for _, meaning in rows)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_arguments_are_those_of_the_reference(name: str) -> None:
    metavars = {p.metavar or p.name.upper() for p in COMMANDS[name].params if p.param_type_name == "argument"}
    assert set(re.findall(r"^- `([^`]+)`: \w", section(name), re.MULTILINE)) == metavars


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_every_option(name: str) -> None:
    said = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert said.exit_code == 0
    for option in options(name):
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", said.output), option


@pytest.mark.parametrize("name", COMMANDS)
def test_every_choice_is_told(name: str) -> None:
    for parameter in COMMANDS[name].params:
        for choice in getattr(parameter.type, "choices", ()):
            value = getattr(choice, "value", choice)
            assert re.search(rf"\b{value}\b", section(name)), f"{name} {parameter.name}: {value}"


@pytest.mark.parametrize("name", [n for n in COMMANDS if n and not COMMANDS[n].ignore_unknown_options])
def test_every_command_takes_the_switches_of_loudness(name: str) -> None:
    words = name.split()
    context = COMMAND.make_context("dlaasgen", words[:1], resilient_parsing=True)
    _, command, rest = COMMAND.resolve_command(context, words)
    for word in rest:
        command = command.commands[word]
    if not hasattr(command, "commands"):
        assert {"-q", "--quiet", "-v", "--verbose"} <= {o for p in command.params for o in p.opts}
