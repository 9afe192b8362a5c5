"""The project's own files: they pin what they use, say what is true, and name no machine."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from dlaasgen import __version__

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted([*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("generator/**/workflows/*.yml")])
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def canonical(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=~!;\[ ]", requirement, maxsplit=1)[0]).lower()


def locked(lock: Path) -> dict[str, str]:
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(pins)


def load(workflow: Path) -> dict[Any, Any]:
    document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def test_there_are_workflows_and_locks_to_look_at() -> None:
    assert {w.name for w in WORKFLOWS} == {"ci.yml", "images.yml", "rendered.yml"}
    assert [lock.name for lock in LOCKS] == ["dev.lock", "fuzz.lock", "run.lock"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_every_requirement_is_pinned_and_hashed_and_comes_from_anywhere(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==[^\s;]+( ; [^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line), line
    assert "://" not in text


def test_the_locks_hold_what_the_project_asks_for() -> None:
    run, dev = locked(ROOT / "requirements/run.lock"), locked(ROOT / "requirements/dev.lock")
    assert {canonical(r) for r in PROJECT["project"]["dependencies"]} <= set(run)
    assert {canonical(r) for r in PROJECT["dependency-groups"]["dev"]} <= set(dev)
    assert run.items() <= dev.items()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_workflows_pin_their_actions_and_ask_for_no_more_than_they_need(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    for line in re.findall(r"uses:.*", text):
        assert re.fullmatch(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    document = load(workflow)
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        # Only a release writes: the images, and the identity that signs them.
        writes = {k for k, v in job["permissions"].items() if v != "read"}
        assert writes <= ({"packages", "id-token"} if job.get("if") == "github.event_name == 'release'" else set())
        assert job["timeout-minutes"] <= 90  # the test cluster may have to be compiled


def test_ci_tests_every_python_that_the_project_says_it_supports() -> None:
    said = {c.rsplit(" ", 1)[1] for c in PROJECT["project"]["classifiers"] if re.search(r":: 3\.\d+$", c)}
    tested = set(load(ROOT / ".github/workflows/ci.yml")["jobs"]["check"]["strategy"]["matrix"]["python"])
    assert tested == said


def test_ci_runs_the_tests_by_the_command_that_people_use() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    assert "\nmake test\n" in text


def test_make_help_lists_only_targets_that_exist() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)[0].split())
    assert set(re.findall(r"^([a-z0-9-]+):.*## ", text, flags=re.MULTILINE)) <= phony
    assert phony == set(re.findall(r"^([a-z0-9-]+):(?! export)", text, flags=re.MULTILINE))


def test_the_rendered_tree_is_marked_as_generated_with_fixed_line_ends() -> None:
    lines = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    (line,) = (x for x in lines if x.startswith("rendered/"))
    assert {"rendered/**", "linguist-generated=true", "eol=lf"} <= set(line.split())


def test_the_newest_version_of_the_changelog_is_the_packages() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert __version__ in [*headings[1:2], "0.1.0"]


def test_no_file_names_a_machines_folders() -> None:
    folders = (
        "generator",
        "docs",
        "tests",
        "bench",
        "prototypes",
        "matrix",
        "rendered",
        ".github",
        ".ci",
        "requirements",
    )
    files = [
        f for folder in folders for f in (ROOT / folder).rglob("*") if f.is_file() and "__pycache__" not in f.parts
    ]
    files += [
        f for f in ROOT.iterdir() if f.is_file() and f.name not in (".coverage", ".git")
    ]  # .git is a file in a worktree
    named = re.compile(rb"(?<![\w.$}/*-])/(?:work|home|Users|root)/(?!mpi(?:user)?/)[a-z]")  # a user of MPI images
    assert [f.relative_to(ROOT).as_posix() for f in files if named.search(f.read_bytes())] == []
