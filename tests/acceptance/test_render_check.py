"""`dlaasgen render --check`: what drift is, and how it is told."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

from renders import JOB, SMALL, assert_is_a_fresh_render, drift
from trees import tree

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


pytestmark = pytest.mark.outside


def test_check_of_a_missing_file(do: Run, here: Path) -> None:
    (here / JOB).unlink()
    said = drift(do, here)
    assert said.out == f"missing: {JOB}\n"
    assert said.err == (
        f"error[R110]: rendered/small is not what {SMALL} says; found 1 missing; run: dlaasgen render {SMALL}\n"
    )


def test_check_of_no_tree_at_all(do: Run, here: Path) -> None:
    shutil.rmtree(here / "rendered")
    assert "found 7 missing" in drift(do, here).err


@pytest.mark.parametrize("cache", [(), ("--no-cache",)])
def test_check_of_a_changed_file(do: Run, here: Path, cache: tuple[str, ...]) -> None:
    (here / JOB).write_text((here / JOB).read_text().replace("8Gi", "9Gi"))
    assert drift(do, here, *cache).out == f"changed: {JOB}\n"


def test_check_of_an_extra_file(do: Run, here: Path) -> None:
    (here / "rendered/small/jobs/extra.yaml").write_text("a: 1\n")
    assert drift(do, here).out == "extra: rendered/small/jobs/extra.yaml\n"


def test_check_of_a_file_that_is_not_readable_as_such(do: Run, here: Path) -> None:
    (here / JOB).unlink()
    (here / JOB).symlink_to(here / SMALL)
    assert drift(do, here).out == f"changed: {JOB}\n"


def test_check_as_json(do: Run, here: Path) -> None:
    (here / JOB).unlink()
    said = do("render", "--check", SMALL, "--output", "json", cwd=here).exits(1)
    assert said.data[0]["missing"] == ["jobs/alexnet-batch-size32.yaml"]


@pytest.mark.parametrize("part", ["manifest", "readme", "kustomization"])
def test_check_sees_a_hand_edit_that_covers_its_tracks(do: Run, here: Path, part: str) -> None:
    """A file and its digest in the index are edited alike: the index alone proves nothing."""
    name = {"manifest": JOB, "readme": "rendered/small/README.md", "kustomization": "rendered/small/kustomization.yaml"}
    file, index = here / name[part], here / "rendered/small/index.json"
    do("render", "--check", SMALL, cwd=here).ok()
    old = file.read_bytes()
    new = old.replace(b"alexnet", b"alexmet")
    assert new != old
    file.write_bytes(new)
    text = index.read_text()
    was, now = (hashlib.sha256(data).hexdigest() for data in (old, new))
    assert was in text
    index.write_text(text.replace(was, now))
    for options in ((), ("--no-cache",)):
        said = drift(do, here, *options)
        assert f"changed: {name[part]}\n" in said.out
        assert "changed: rendered/small/index.json\n" in said.out
    before = tree(here / "rendered")
    do("render", SMALL, cwd=here).ok()
    assert tree(here / "rendered") != before
    assert_is_a_fresh_render(do, here)


def test_check_sees_a_changed_prototype(do: Run, here: Path, root: Path) -> None:
    shutil.copytree(root / "prototypes", here / "prototypes", dirs_exist_ok=True)
    library = here / "prototypes/lib/containers.libsonnet"
    do("render", "--check", SMALL, cwd=here).ok()
    library.write_text(library.read_text().replace("'IfNotPresent'", "'Always'"))
    assert drift(do, here).out.count("changed: rendered/small/jobs/") == 4
