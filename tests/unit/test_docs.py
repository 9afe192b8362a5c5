"""The documentation is true: links lead somewhere, blocks can be read, commands and modules exist and are told."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from dlaasgen import errors
from dlaasgen.adapters.matrix_files import read_bytes
from dlaasgen.cells import expand
from dlaasgen.scaffold import scaffold

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "generator" / "dlaasgen"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    page: str
    line: int
    language: str
    text: str


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Block(page.relative_to(ROOT).as_posix(), line, match[1], match[2])


BLOCKS = list(blocks())


def of(*languages: str, only: str = "") -> pytest.MarkDecorator:
    """A test for each block in one of these languages, if it has a line that begins with `only`."""
    found = [b for b in BLOCKS if b.language in languages and f"\n{only}" in f"\n{b.text}"]
    return pytest.mark.parametrize("block", [pytest.param(b, id=f"{b.page}:{b.line}") for b in found])


def anchor(heading: str) -> str:
    """The anchor that forges give to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {anchor(h) for h in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target}: no such file"
        assert not fragment or fragment in anchors(file), f"{target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_block_says_its_language(page: Path) -> None:
    fences = re.findall(r"^```(.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert all(fences[::2])
    assert not any(fences[1::2])


@of("yaml", "json")
def test_data_can_be_read(block: Block) -> None:
    if block.language == "json":
        json.loads(block.text)
    assert list(yaml.safe_load_all(block.text))


@of("yaml", only="axes:")
def test_whole_matrices_expand(block: Block) -> None:
    assert expand(read_bytes(block.text.encode(), block.page))


@of("sh", "console", "shell")
def test_commands_and_targets_exist(block: Block) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    for line in block.text.replace("\\\n", " ").splitlines():
        command = line.removeprefix("$ ").partition("#")[0]
        for name in re.findall(r"\bdlaasgen +([a-z]+)\b", command):
            assert name in commands(), line
        if match := re.match(r"make((?: +[a-z0-9-]+)*)(?: |$)", command):
            assert set(match[1].split()) <= targets, line


def commands() -> set[str]:
    """The commands of the command line: one file each."""
    inner = {"__init__", "app", "arguments", "lazy", "outcomes", "output"}
    return {file.stem for file in (SOURCE / "cli").glob("*.py")} - inner


def test_every_command_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## dlaasgen (\w+)$", text, flags=re.MULTILINE)) == commands()


def test_what_is_generated_is_up_to_date() -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "generate.py"))["generated"]()
    stale = [
        page.relative_to(ROOT).as_posix() for page, text in pages.items() if page.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "`make docs` rewrites them"


def test_every_code_of_a_finding_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference/findings.md").read_text(encoding="utf-8")
    used = {
        code
        for file in SOURCE.rglob("*.py")
        for code in re.findall(r'"([A-Z]\d{3})"', file.read_text(encoding="utf-8"))
    }
    assert used - set(re.findall(r"^### (\w+):", text, flags=re.MULTILINE)) == set(), "the modules' CODES lack these"


def test_every_exit_code_is_told() -> None:
    text = (ROOT / "docs/guides/review.md").read_text(encoding="utf-8")
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE)}
    assert told == {int(code) for code in re.findall(r"\b(\d+) ", (errors.__doc__ or "").split("Exit codes:")[1])}


def test_every_page_is_listed() -> None:
    text = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#]+\.md)\)", text))
    assert linked == {p.relative_to(ROOT / "docs").as_posix() for p in PAGES if p.is_relative_to(ROOT / "docs")} - {
        "README.md"
    }


def test_decisions_are_numbered_without_gaps_and_titled_by_their_number() -> None:
    pages = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(p.name[:4]) for p in pages] == list(range(1, len(pages) + 1))
    for number, page in enumerate(pages, start=1):
        assert page.read_text(encoding="utf-8").startswith(f"# {number}. ")


def test_the_first_guide_shows_the_matrix_that_init_writes() -> None:
    shown = next(
        b for b in BLOCKS if b.page == "docs/guides/first-study.md" and b.text.startswith("apiVersion: dlaasgen/v1")
    )
    assert yaml.safe_load(shown.text) == yaml.safe_load(scaffold("x")["matrix/nightly.yaml"])
