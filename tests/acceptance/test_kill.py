"""A render that is stopped, at every step that it takes in the file system and at many moments: what it leaves behind.

Promised: the old tree, or one that the next render completes, whatever that next render is of.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from forking import forked
from support import command, environment
from trees import IMAGE, matrix, put, tree

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.outside

SMALL = "matrix/small.yaml"
KILLED = -signal.SIGKILL
# Three studies of which each has cells that the others have not, cells that differ, and cells that are the same.
STUDIES = {
    "old": matrix(),
    "new": matrix(
        axes={"model": ["resnet50", "vgg16"], "batch_size": [32, 64]},
        include=[{"model": "resnet50", "batch_size": 64, "num_batches": 7}],
    ),
    "other": matrix(
        axes={"model": ["lenet", "alexnet"], "batch_size": [32]}, params={"image": IMAGE, "num_batches": 7}
    ),
}
# Of an old study with components beside the manifests, a whole folder has to go.
FORMATS = {"old": ("--format", "jsonnet"), "new": (), "other": ()}
# Audit events of what changes a file system.
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, a home, and the three trees as quiet renders make them, in quiet/."""
    folder = tmp_path_factory.mktemp("kill")
    (folder / "project/prototypes").mkdir(parents=True)
    (folder / "home").mkdir()
    do = forked(folder / "home")
    for name, study in STUDIES.items():
        put(folder / "project", study)
        do("render", SMALL, "--out", folder / "quiet" / name, *FORMATS[name], cwd=folder / "project").ok()
    return folder


def steps(limit: int, below: Path, *, torn: bool, number: int = signal.SIGKILL) -> Callable[[], None]:
    """A function after which a process is sent a signal at the file system change number `limit` below a folder.

    `torn`: when that is to open a file for writing, the file is made empty first, as if the process had come so far.
    """

    def begin() -> None:
        left = limit

        def hook(event: str, args: tuple[Any, ...]) -> None:
            nonlocal left
            writing = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
            if (not writing and event not in CHANGES) or (writing and isinstance(args[0], int)):
                return  # a descriptor was counted when it was opened
            path = Path.cwd() / os.fsdecode(args[0]) if isinstance(args[0], str | bytes) else below
            if not path.is_relative_to(below):
                return
            left -= 1  # before anything else: what follows may raise, or lead here again
            if left == -1:
                if writing and torn:
                    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644))
                os.kill(os.getpid(), number)

        sys.addaudithook(hook)

    return begin


def restored(base: Path, start: str | None) -> Path:
    """The project's rendered/, as a quiet render of `start` left it, or absent."""
    rendered = base / "project/rendered"
    shutil.rmtree(rendered, ignore_errors=True)
    if start is not None:
        shutil.copytree(base / "quiet" / start, rendered)
    return rendered


@pytest.mark.parametrize(("start", "then"), [("old", "new"), ("old", "old"), ("old", "other"), (None, "other")])
def test_killed_at_any_step_the_next_render_completes_the_tree(base: Path, start: str | None, then: str) -> None:
    project, rendered = base / "project", base / "project/rendered"
    do = forked(base / "home")
    wanted = tree(base / "quiet" / then)
    wrong = []
    for step in range(400):
        restored(base, start)
        put(project, STUDIES["new"])
        torn = then != "new"
        killed = forked(base / "home", steps(step, rendered, torn=torn))("render", SMALL, "--jobs", "1", cwd=project)
        if killed.code != KILLED:
            killed.ok()
            assert step > 10
            break
        put(project, STUDIES[then])
        do("render", SMALL, *FORMATS[then], cwd=project).ok()
        left = tree(rendered)
        if left != wanted:
            differing = sorted(p for p in left.keys() | wanted.keys() if left.get(p) != wanted.get(p))
            wrong.append(f"killed at step {step}{' (torn)' if torn else ''}: {differing}")
    else:
        pytest.fail("a render takes fewer steps than this")
    assert not wrong, "\n".join(wrong)


def test_killed_twice_the_next_render_completes_the_tree(base: Path) -> None:
    """The second time while it notes what it is going to do, over the notes of the first."""
    project, rendered = base / "project", base / "project/rendered"
    wanted = tree(base / "quiet/old")
    wrong = []
    for torn in (False, True):
        restored(base, "old")
        put(project, STUDIES["new"])
        # The first step there is to try whether the folder is empty.
        first = forked(base / "home", steps(1, rendered / "small/jsonnet", torn=False))
        assert first("render", SMALL, "--jobs", "1", cwd=project).code == KILLED
        assert "jobs/vgg16-batch-size32.yaml" in tree(rendered / "small")
        put(project, STUDIES["other"])
        second = forked(base / "home", steps(0, rendered / "small", torn=torn))
        assert second("render", SMALL, "--jobs", "1", cwd=project).code == KILLED
        put(project, STUDIES["old"])
        forked(base / "home")("render", SMALL, *FORMATS["old"], cwd=project).ok()
        if tree(rendered) != wanted:
            wrong.append(f"{torn=}: {sorted(tree(rendered).keys() ^ wanted.keys())}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("start", "number"), [("old", signal.SIGTERM), (None, signal.SIGINT)], ids=str)
def test_interrupted_at_any_step_there_is_no_debris(base: Path, start: str | None, number: signal.Signals) -> None:
    project, rendered = base / "project", base / "project/rendered"
    put(project, STUDIES["new"])
    allowed = [tree(base / "quiet/new"), tree(base / "quiet/old") if start else {}]
    wrong = []
    for step in range(400):
        restored(base, start)
        render = forked(base / "home", steps(step, rendered, torn=False, number=number))
        said = render("render", SMALL, "--jobs", "1", "--no-cache", cwd=project)
        if said.code == 0 and "interrupted" not in said.err and said.out.count("\n") == 1 and step > 40:
            break
        left = tree(rendered) if rendered.exists() else {}
        if said.code not in {0, 130} or "Traceback" in said.err:
            wrong.append(f"interrupted at step {step}: exit code {said.code}: {said.err}")
        if left not in allowed:
            near = min((sorted(left.keys() ^ a.keys()) or ["(a mixture)"] for a in allowed), key=len)
            wrong.append(f"interrupted at step {step}: {near}")
        if (
            said.code == 130
            and said.err != "dlaasgen: interrupted; every tree is whole, as it was or as it should be\n"
        ):
            wrong.append(f"interrupted at step {step}: it said {said.err!r}")
    assert not wrong, "\n".join(wrong)


MANY = matrix(
    name="many",
    axes={"model": ["resnet50", "alexnet"], "batch_size": list(range(1, 206))},
    include=[{"model": "resnet50", "batch_size": n, "num_batches": 7} for n in range(1, 101)],
)
CHANGED = matrix(name="many", axes={"model": ["resnet50", "vgg16"], "batch_size": list(range(1, 206))})


def killed_after(seconds: float, base: Path, number: int = signal.SIGKILL) -> int:
    """The exit code of the installed command, two processes at work, sent a signal after some time."""
    process = subprocess.Popen(
        [command("dlaasgen"), "render", "matrix/many.yaml", "--jobs", "2"],
        cwd=base / "project",
        env=environment(HOME=str(base / "home")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    time.sleep(seconds)
    process.send_signal(number)
    err = process.communicate()[1].decode()
    assert "Traceback" not in err
    assert number == signal.SIGKILL or err.count("\n") <= 1
    return process.returncode


def completed(base: Path) -> None:
    """Render; what a killed render's workers still hold is given the time to go."""
    end = time.monotonic() + 20
    render = forked(base / "home")
    while (said := render("render", "matrix/many.yaml", "--jobs", "2", cwd=base / "project")).code == 6:
        assert "R102" in said.err
        assert time.monotonic() < end, "something holds on to the folder of a render that was killed"
        time.sleep(0.05)
    said.ok()


@pytest.fixture(scope="module")
def many(base: Path) -> float:
    """How many seconds a quiet render of many cells takes; leaves its tree in quiet/many and quiet/changed."""
    project = base / "project"
    put(project, CHANGED)
    forked(base / "home")("render", "matrix/many.yaml", "--out", base / "quiet/changed", cwd=project).ok()
    put(project, MANY)
    shutil.rmtree(project / "rendered", ignore_errors=True)
    start = time.monotonic()
    assert killed_after(0, base, number=0) == 0  # signal 0 is none
    spent = time.monotonic() - start
    shutil.copytree(project / "rendered", base / "quiet/many")
    return spent


@pytest.mark.parametrize("start", ["changed", None])
def test_killed_at_any_time_the_next_render_completes_the_tree(base: Path, many: float, start: str | None) -> None:
    wanted = tree(base / "quiet/many")
    put(base / "project", MANY)
    for part in (0.6, 0.9) if start else (0.8,):
        restored(base, start)
        assert killed_after(part * many, base) in {KILLED, 0}
        completed(base)
        assert tree(base / "project/rendered") == wanted, f"killed after {part:.0%} of {many:.2f} s"


def test_killed_and_the_matrix_changed(base: Path, many: float) -> None:
    wanted = tree(base / "quiet/changed")
    for part in (0.85,):
        restored(base, "many")
        put(base / "project", matrix(name="many", axes={"model": ["lenet"], "batch_size": list(range(1, 411))}))
        assert killed_after(part * many, base) in {KILLED, 0}
        put(base / "project", CHANGED)
        completed(base)
        assert tree(base / "project/rendered") == wanted, f"killed after {part:.0%} of {many:.2f} s"


@pytest.mark.parametrize("module", ["typer", "dlaasgen.cli.output", "dlaasgen.pipeline.expand", "dlaasgen.matrix"])
def test_interrupted_while_it_starts_it_says_so(base: Path, module: str) -> None:
    put(base / "project", STUDIES["old"])
    program = (
        "import os, signal, sys\n"
        "from dlaasgen.cli import main\n"
        f"here = lambda event, args: event == 'import' and args[0] == {module!r}\n"
        "sys.addaudithook(lambda *about: os.kill(os.getpid(), signal.SIGINT) if here(*about) else None)\n"
        f"sys.argv = ['dlaasgen', 'cells', {SMALL!r}]\n"
        "main()\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=base / "project", env=environment(), capture_output=True, check=False
    )
    assert said.stderr == b"dlaasgen: interrupted; every tree is whole, as it was or as it should be\n"
    assert said.returncode == 130
