"""Writes the parts of the documentation that the code says itself: `make docs`. A test holds them up to date."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "generator" / "dlaasgen"
DOCS = ROOT / "docs"
# A place in a page that this script fills: between these two comments.
PLACE = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def generated() -> dict[Path, str]:
    """Every page that is generated, or has generated parts: its path and whole text."""
    parts = {
        "modules": modules(),
        "reference": links("reference"),
        "decisions": links("adr"),
        "guides": links("guides"),
    }
    pages = {DOCS / "reference" / "cli.md": cli()}
    for page in (DOCS / "architecture.md", DOCS / "README.md"):
        text = page.read_text(encoding="utf-8")
        pages[page] = PLACE.sub(lambda m: f"{m[1]}{parts[m[2]]}{m[3]}", text)
    return pages


def modules() -> str:
    """A table of modules a layer, from the first sentence of their docstrings."""
    layers: dict[str, list[str]] = {"core": [], "adapters": [], "pipeline": [], "cli": []}
    for file in sorted(SOURCE.rglob("*.py")):
        doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
        if file.name == "__init__.py" or doc is None:
            continue
        path = file.relative_to(SOURCE).as_posix()
        first = " ".join(doc.split("\n\n")[0].split()).replace(" No I/O here.", "")
        layer = path.split("/")[0] if "/" in path else path.removesuffix(".py")
        layers.get(layer, layers["core"]).append(f"| `{path}` | {_cell(first)} |\n")
    return "\n" + "\n".join(f"| {layer} | |\n|---|---|\n{''.join(rows)}" for layer, rows in layers.items()) + "\n"


def links(folder: str) -> str:
    """A list of the pages in a folder of docs/, by their titles; of its guides in the order of reading."""
    pages = sorted((DOCS / folder).glob("*.md"))
    if folder == "guides":
        order = ["first-study.md", "prototypes.md", "review.md"]
        pages.sort(key=lambda p: order.index(p.name) if p.name in order else len(order))
    titles = {page: page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for page in pages}
    return "\n" + "".join(f"- [{title}]({folder}/{page.name})\n" for page, title in titles.items()) + "\n"


def cli() -> str:
    """The reference of the command line, from the application itself."""
    import typer.main

    from dlaasgen.cli.app import app

    group = typer.main.get_command(app)
    text = "# The command line\n\n`dlaasgen COMMAND --help` says the same in a terminal.\n\n## dlaasgen\n\n"
    text += f"{group.help}\n\n{_options(group)}"
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        usage = " ".join(
            [f"dlaasgen {name} [OPTIONS]", *(f"{p.metavar}" if p.required else f"[{p.metavar}]" for p in arguments)]
        )
        text += f"\n## dlaasgen {name}\n\n{command.help}\n\n```text\n{usage}\n```\n\n"
        text += "".join(f"- `{p.metavar}`: {p.help}\n" for p in arguments)
        text += ("\n" if arguments else "") + _options(command)
    return text.rstrip() + "\n\n## Exit codes\n\n" + "".join(_exit_codes())


def _options(command: Any) -> str:
    rows = []
    for p in command.params:
        if p.param_type_name != "option" or p.name in {"help", "install_completion", "show_completion"}:
            continue
        names = ", ".join(sorted(p.opts, key=lambda o: not o.startswith("--")))
        choices = getattr(p.type, "choices", None)
        value = (
            ""
            if getattr(p, "is_flag", False)
            else " " + (p.metavar or ("|".join(map(str, choices)) if choices else "TEXT"))
        )
        default = p.default if isinstance(p.default, str) and p.default else ""
        told = f"{getattr(p, 'help', '')}{f' Default: {default}.' if default else ''}"
        rows.append(f"| `{_cell(names + value)}` | {_cell(told)} |\n")
    return f"| option | meaning |\n|---|---|\n{''.join(rows)}" if rows else ""


def _cell(text: str) -> str:
    """Text as a table's cell has it."""
    return text.replace("|", "\\|")


def _exit_codes() -> Iterator[str]:
    from dlaasgen import errors

    text = " ".join((errors.__doc__ or "").split("Exit codes:")[1].split("`tests/")[0].split()).rstrip(". ")
    yield "| code | meaning |\n|---|---|\n"
    for part in text.split("; "):
        code, _, meaning = part.partition(" ")
        yield f"| {code} | {meaning} |\n"


def main() -> None:
    """Write what is not up to date; a page that the lists name must be there before they are made."""
    for _ in range(2):
        for path, text in generated().items():
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
                sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
