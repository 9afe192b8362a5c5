"""What is measured, part by part: each gives rows of the table."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import log_reading
import measure
import study
import table
from measure import Command
from peers import peers
from project import HERE, walls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from project import Bench


def cold(bench: Bench) -> Iterator[table.Row]:
    """A render of everything, beside a copy of what it makes."""
    bench.make()
    render = bench.render(bench.small, "fresh", fresh=True, cold=True)
    times = measure.alternate({"render": render, "cp": bench.copy()}, bench.given.rounds)
    name = f"cold render, {bench.small:,} cells"
    yield table.ratio(name, "cp -r", walls(times["render"]), walls(times["cp"]), 4, 3)
    peak = measure.memory(render)
    yield table.Row(f"its memory, {peak.processes} processes (PSS)", unit="MiB", figures=(peak.pss,), target=250)
    yield table.Row("its memory, shared pages counted in each (RSS)", unit="MiB", figures=(peak.rss,))


def again(bench: Bench) -> Iterator[table.Row]:
    """A render that finds nothing to do, beside three programs that read the tree."""
    bench.make()
    commands = {"render": bench.render(bench.small, "out"), "cp": bench.copy()}
    if bench.compare is not None:
        shutil.copytree(bench.tree, bench.work / "other")
        commands["compare"] = bench.run(bench.compare, bench.tree, bench.work / "other")
    if shutil.which("git") is not None:
        out = bench.tree.parent
        for step in (
            ("init", "-q"),
            ("add", "."),
            ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-qm", "tree"),
        ):
            measure.timed(bench.run("git", *step, cwd=out))
        commands["git"] = bench.run("git", "status", "--porcelain", cwd=out)
    times = {name: walls(t) for name, t in measure.alternate(commands, bench.given.rounds).items()}
    yield table.ratio("render again, nothing changed", "cp -r", times["render"], times["cp"], 1.5, 0.5)
    for name, beside in (("compare", "C: compare every file"), ("git", "git status of the tree")):
        if name in times:
            yield table.ratio("render again, nothing changed", beside, times["render"], times[name])
        else:
            yield table.Row(
                "render again, nothing changed", beside, skipped=f"{'no C compiler' if name == 'compare' else 'no git'}"
            )


def check(bench: Bench) -> Iterator[table.Row]:
    """`--check` of an unchanged tree, with and without what this machine remembers."""
    bench.make()
    commands = {
        "warm": bench.render(bench.small, "out", "--check"),
        "cp": bench.copy(),
        "cold": bench.render(bench.small, "out", "--check", "--no-cache", cold=True),
    }
    times = {name: walls(t) for name, t in measure.alternate(commands, bench.given.rounds).items()}
    yield table.ratio("render --check", "cp -r", times["warm"], times["cp"], 2, 1)
    yield table.ratio("render --check, no cache", "cp -r", times["cold"], times["cp"], 2, 1)


def one(bench: Bench) -> Iterator[table.Row]:
    """A render after one cell's parameters have changed, beside one after nothing has."""
    matrix = bench.matrix(bench.small)
    original = matrix.read_text(encoding="utf-8")
    counter = itertools.count(200)
    evaluated: list[int] = []

    def edit() -> None:
        matrix.write_text(study.matrix(bench.small, next(counter)), encoding="utf-8")

    def count(output: str) -> None:
        evaluated.append(json.loads(output)[0].get("evaluated", -1))

    bench.make()
    plain = bench.render(bench.small, "out", "--output", "json", after=count)
    changed = Command(plain.argv, plain.env, plain.cwd, edit, count)
    # Not by turns: a render without a change must follow one with it.
    times: dict[str, list[float]] = {"changed": [], "plain": []}
    for _ in range(bench.given.rounds + 1):
        for name, command in (("changed", changed), ("plain", plain)):
            times[name].append(measure.timed(command).wall)
    matrix.write_text(original, encoding="utf-8")
    measure.timed(bench.render(bench.small, "out"))
    if set(evaluated[2::2]) != {1} or set(evaluated[3::2]) != {0}:
        shown = f"{max(evaluated[2::2])} cells evaluated after one had changed, {max(evaluated[3::2])} after none had"
        yield table.Row("one cell changed: " + shown, "the same, none changed")
    yield table.ratio(
        f"render, 1 of {bench.small:,} cells changed",
        "the same, none changed",
        times["changed"][1:],
        times["plain"][1:],
        1.2,
    )


def large(bench: Bench) -> Iterator[table.Row]:
    """A cold render of ten times as many cells."""
    big = bench.render(bench.large, "large", fresh=True, cold=True)
    small = bench.render(bench.small, "fresh", fresh=True, cold=True)
    pairs = [(measure.timed(big).wall, measure.timed(small).wall) for _ in range(bench.given.large_rounds)]
    name = f"cold render, {bench.large:,} cells"
    yield table.ratio(name, f"the same, {bench.small:,} cells", [p[0] for p in pairs], [p[1] for p in pairs], 11)
    peak = measure.memory(big, 0.05)
    yield table.Row(f"its memory, {peak.processes} processes (PSS)", unit="MiB", figures=(peak.pss,), target=600)
    again = bench.render(bench.large, "large")
    measure.timed(again)
    peak = measure.memory(again, 0.02)
    yield table.Row("memory of rendering it again (PSS)", unit="MiB", figures=(peak.pss,))


def start(bench: Bench) -> Iterator[table.Row]:
    """How long it takes until something is on the screen."""
    python = Path(sys.executable)
    night = bench.work / "night"
    nightly = Command(
        [str(bench.given.dlaasgen), "render", "matrix/nightly.yaml", "--out", str(night)],
        {**bench.env, "XDG_CACHE_HOME": str(bench.work / "cold")},
        bench.work,
        lambda: bench.aside("night", "cold"),
    )
    commands = {
        "nightly": nightly,
        "pass": bench.run(python, "-c", "pass"),
        "help": bench.run(bench.given.dlaasgen, "--help"),
        "hello": bench.run(python, HERE / "hello.py", "--help"),
    }
    times = {name: walls(t) for name, t in measure.alternate(commands, 2 * bench.given.rounds).items()}
    yield table.Row(
        "the nightly matrix, cold, start to end",
        unit="s",
        figures=tuple(times["nightly"]),
        ours=tuple(times["nightly"]),
        target=0.5,
    )
    yield table.ratio("the nightly matrix, cold, start to end", "python -c pass", times["nightly"], times["pass"])
    yield table.ratio("--help", "--help of a hello-world Typer", times["help"], times["hello"], 1.1, 1)


def logs(bench: Bench) -> Iterator[table.Row]:
    """Reading logs of several kinds, beside a search for one word in them: processor time."""
    path = bench.work / "log"
    for kind in log_reading.KINDS:
        log_reading.write(path, kind, 40_000_000)
        pairs = [(log_reading.read(path), max(log_reading.grep(path), 0.001)) for _ in range(bench.given.rounds + 1)]
        ours, theirs = zip(*pairs[1:], strict=True)
        yield table.ratio(f"read a log: {kind}", "grep -cE images/sec", ours, theirs, 5)
    path.unlink()


def flood(bench: Bench) -> Iterator[table.Row]:
    """A flood of output through the launcher, beside one through `cat`: time on the wall, and of all processors."""
    path = bench.work / "flood"
    size = 100_000_000 if bench.given.quick else 1_000_000_000
    log_reading.write(path, "steps", 10_000_000)
    block = path.read_bytes()
    with path.open("wb") as file:
        for _ in range(size // len(block)):
            file.write(block)
    launcher = HERE.parent / "images" / "launcher.py"
    # Both copy what `cat` writes into a pipe.
    commands = {
        "launcher": bench.run("sh", "-c", f'exec "{sys.executable}" "{launcher}" cat "{path}" > /dev/null'),
        "cat": bench.run("sh", "-c", f'cat "{path}" | cat > /dev/null'),
    }
    times = measure.alternate(commands, bench.given.rounds)
    name = f"{size // 1_000_000:,} MB of output through the launcher"
    yield table.ratio(name, "cat", walls(times["launcher"]), walls(times["cat"]), 5)
    ours, theirs = ([t.cpu for t in times[name]] for name in ("launcher", "cat"))
    yield table.ratio(f"{name}, processor time", "cat", ours, theirs, 5)
    path.unlink()


PARTS: dict[str, Callable[[Bench], Iterator[table.Row]]] = {
    "cold": cold,
    "peers": peers,
    "again": again,
    "check": check,
    "one": one,
    "large": large,
    "start": start,
    "logs": logs,
    "flood": flood,
}
