"""The layers: what import-linter's contracts (pyproject.toml) cannot say by themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "generator" / "dlaasgen"
OUTER = ("adapters", "cli", "pipeline")
# What they cost at start-up is told in docs/architecture.md.
HEAVY = {
    "_jsonnet", "cel_expr_python", "jinja2", "jsonschema", "jsonschema_rs",
    "kubernetes_validate", "rich", "rjsonnet", "typer",
}  # fmt: skip
LONGEST = 300


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(file): file for file in sorted(SOURCE.rglob("*.py"))}
CORE = {
    name: file
    for name, file in MODULES.items()
    if name != "dlaasgen" and not name.split(".")[1].startswith(OUTER) and not name.endswith("__main__")
}


def imports(tree: ast.AST, *, deep: bool) -> set[str]:
    """Top-level names of the packages that a module imports; with `deep`, also inside functions."""
    found: set[str] = set()
    todo = list(ast.iter_child_nodes(tree))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not deep:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        todo.extend(ast.iter_child_nodes(node))
    return found


def test_the_contract_on_core_names_every_core_module() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (c for c in config["tool"]["importlinter"]["contracts"] if c["name"].startswith("Core"))
    top = sorted({".".join(name.split(".")[:2]) for name in CORE})
    assert contract["source_modules"] == top, "pyproject.toml, tool.importlinter: source_modules lists the core, sorted"


@pytest.mark.parametrize("name", CORE)
def test_core_opens_and_prints_nothing(name: str) -> None:
    tree = ast.parse(CORE[name].read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"open", "print", "input", "exec", "eval", "breakpoint"}


@pytest.mark.parametrize("name", MODULES)
def test_nothing_heavy_is_imported_before_it_is_needed(name: str) -> None:
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    # `dlaasgen.cli` itself loads the file of a command, and typer with it, only when the command is used.
    allowed = {"typer"} if name.startswith("dlaasgen.cli.") else set()
    assert not imports(tree, deep=False) & HEAVY - allowed


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_short_enough_to_be_read(name: str) -> None:
    lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{name} has {lines} lines: split it by noun"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for(name: str) -> None:
    text = MODULES[name].read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text))


@pytest.mark.outside
def test_the_command_line_starts_without_anything_heavy() -> None:
    code = "import sys, dlaasgen.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


def test_the_reader_of_imports_tells_functions_from_modules() -> None:
    tree = ast.parse("import os\nif TYPE_CHECKING:\n    import yaml\ndef f():\n    from jinja2.x import y\n")
    assert imports(tree, deep=False) == {"os"}
    assert imports(tree, deep=True) == {"os", "jinja2"}
