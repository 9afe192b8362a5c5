"""The speed suite: how long dlaasgen takes, beside other programs on the same machine at the same time.

    bench.py [--quick] [--rounds N] [--only WORD] [--json FILE]      measure; print a table and write JSON
    bench.py --markdown [--json FILE]                                print the table of an earlier run for the docs

Only ratios mean something on another machine. docs/performance.md says what each row is.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import measure
import study
import table
from measure import Command, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
GO_JSONNET = "github.com/google/go-jsonnet/cmd/jsonnet@v0.21.0"
# Microseconds. A file system in order takes 20 to 80.
SLOW_FILE = 150

PROGRAM = """\
local prototype = import 'tfjob.jsonnet';
local cells = std.parseJson(importstr 'cells.json');
{ [id + '.json']: prototype(cells[id]) for id in std.objectFields(cells) }
"""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="bench.py", description="Measure dlaasgen beside other programs.")
    parser.add_argument(
        "--quick", action="store_true", help="1,000 cells in place of 10,000, and 10,000 in place of 100,000"
    )
    parser.add_argument(
        "--rounds", type=_positive, default=5, metavar="N", help="times that each command is run (default: 5)"
    )
    parser.add_argument(
        "--large-rounds", type=_positive, default=3, metavar="N", help="the same for the largest matrix (default: 3)"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="WORD", help="only these parts: " + ", ".join(PARTS)
    )
    parser.add_argument(
        "--json", type=Path, default=HERE / "results.json", metavar="FILE", help="results (default: bench/results.json)"
    )
    parser.add_argument(
        "--markdown", action="store_true", help="measure nothing; print the results in --json as Markdown"
    )
    parser.add_argument(
        "--dlaasgen",
        type=Path,
        default=Path(sys.executable).parent / "dlaasgen",
        metavar="FILE",
        help="the command to measure",
    )
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="folder for the trees (default: the system's temporary one)"
    )
    given = parser.parse_args(argv)
    if unknown := [w for w in given.only if w not in PARTS]:
        parser.error(f"--only {unknown[0]}: not one of {', '.join(PARTS)}")
    return given


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


@dataclass(frozen=True)
class Bench:
    """A project in a temporary folder, and the commands that are measured in it."""

    given: argparse.Namespace
    work: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def small(self) -> int:
        """Cells of the matrix that most rows are about."""
        return 1_000 if self.given.quick else 10_000

    @property
    def large(self) -> int:
        """Cells of the matrix that shows how time and memory grow."""
        return 10 * self.small

    @property
    def env(self) -> dict[str, str]:
        """The environment of every command: this one, without what would change their work."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTHON", "DLAASGEN"))}
        return {**kept, "XDG_CACHE_HOME": str(self.work / "cache"), "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}

    def prepare(self) -> None:
        """Lay out the project."""
        (self.work / "old").mkdir()
        for name in ("matrix", "prototypes"):
            shutil.copytree(ROOT / name, self.work / name)
        for cells in (self.small, self.large):
            self.matrix(cells).write_text(study.matrix(cells), encoding="utf-8")

    def aside(self, *folders: str) -> None:
        """Make room for folders that are to be made anew.

        They are removed when all is over: ext4 is slow, up to tenfold for minutes, to create files where it has just
        removed many.
        """
        for folder in folders:
            if (self.work / folder).exists():
                (self.work / folder).rename(self.work / "old" / str(next(self.numbers)))

    def matrix(self, cells: int) -> Path:
        """The file of the bench's matrix of so many cells."""
        return self.work / "matrix" / f"bench-{cells}.yaml"

    def render(
        self,
        cells: int,
        out: str,
        *flags: str,
        fresh: bool = False,
        cold: bool = False,
        after: Callable[[str], None] | None = None,
    ) -> Command:
        """`dlaasgen render` into `out`. `fresh`: which does not exist; `cold`: nothing is known of earlier runs."""
        env = {**self.env, "XDG_CACHE_HOME": str(self.work / "cold")} if cold else self.env

        def before() -> None:
            if cold:
                self.aside("cold")
            if fresh:
                self.aside(out)

        argv = [str(self.given.dlaasgen), "render", str(self.matrix(cells)), "--out", str(self.work / out), *flags]
        return Command(argv, env, self.work, before, after or (lambda _: None))

    def run(self, *argv: str | Path, before: Callable[[], None] = lambda: None, cwd: Path | None = None) -> Command:
        """Any other command."""
        return Command([str(a) for a in argv], self.env, cwd or self.work, before)

    def copy(self) -> Command:
        """`cp -r` of the rendered tree, which the file system's cache holds."""
        return self.run("cp", "-r", self.tree, self.work / "copy", before=lambda: self.aside("copy"))

    @property
    def tree(self) -> Path:
        """Where the small matrix is rendered to by most commands."""
        return self.work / "out" / study.NAME

    def make(self) -> None:
        """Make the tree what its matrix says, and let this machine know that it is."""
        measure.timed(self.render(self.small, "out"))

    @cached_property
    def compare(self) -> Path | None:
        """The C program that compares two trees, or None where there is no compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            return None
        program = self.work / "compare"
        subprocess.run([compiler, "-O2", "-o", program, HERE / "compare.c"], check=True)
        return program


def walls(timings: Sequence[measure.Timing]) -> list[float]:
    """Their seconds on the wall."""
    return [t.wall for t in timings]


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


def peers(bench: Bench) -> Iterator[table.Row]:
    """A render of everything, beside go-jsonnet evaluating the same prototype for the same cells, and no more."""
    name, beside = f"cold render, {bench.small:,} cells", "Go jsonnet -m"
    try:
        program = go_jsonnet()
        cells = jsonnet_program(bench)
    except Failure as error:
        yield table.Row(name, beside, target=0.4, skipped=str(error))
        return
    out = bench.work / "multi"
    multi = bench.run(
        program,
        "-J",
        bench.work / "prototypes",
        "-c",
        "-m",
        out,
        bench.work / "multi.jsonnet",
        before=lambda: bench.aside("multi"),
    )
    render = bench.render(bench.small, "fresh", fresh=True, cold=True)
    times = measure.alternate({"render": render, "jsonnet": multi}, bench.given.rounds)
    check_peer(out, cells)
    yield table.ratio(name, beside, walls(times["render"]), walls(times["jsonnet"]), 0.4)
    yield table.Row("memory of Go jsonnet -m", unit="MiB", figures=(measure.memory(multi).pss,))


def go_jsonnet() -> Path:
    """The Go jsonnet command, built once into the user's cache folder."""
    base = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        / "dlaasgen-bench"
        / GO_JSONNET.rpartition("@")[2]
    )
    if not (base / "jsonnet").exists():
        go = shutil.which("go")
        if go is None:
            raise Failure("Go is not installed")
        done = subprocess.run(
            [go, "install", GO_JSONNET],
            env={**os.environ, "GOBIN": str(base)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failure(f"go install failed: {done.stderr.strip().splitlines()[-1]}")
    return base / "jsonnet"


def jsonnet_program(bench: Bench) -> dict[str, Any]:
    """Write the program and the parameters that Go jsonnet gets; the objects that must come of them, by cell."""
    measure.timed(bench.render(bench.small, "json", "--format", "json", fresh=True))
    header = (bench.work / "prototypes" / "tfjob.jsonnet").read_text(encoding="utf-8")
    left_out = dict.fromkeys(re.findall(r"^// @optionalParam (\w+)", header, re.MULTILINE))
    objects = {p.stem: json.loads(p.read_bytes()) for p in (bench.work / "json" / study.NAME / "jobs").iterdir()}
    params = {}
    for cell, data in objects.items():
        own = {k: data["metadata"][k] for k in ("name", "labels", "annotations")}
        params[cell] = {**left_out, **json.loads(own["annotations"]["dlaasgen/params"]), **own}
    (bench.work / "cells.json").write_text(json.dumps(params), encoding="utf-8")
    (bench.work / "multi.jsonnet").write_text(PROGRAM, encoding="utf-8")
    return objects


def bare(data: Any) -> Any:
    """An object without labels and annotations: dlaasgen adds them, and Go jsonnet is spared that work."""
    if isinstance(data, list):
        return [bare(value) for value in data]
    if isinstance(data, dict):
        inner = {key: bare(value) for key, value in data.items() if key not in ("labels", "annotations")}
        return {key: value for key, value in inner.items() if (key, value) != ("metadata", {})}
    return data


def check_peer(out: Path, objects: dict[str, Any]) -> None:
    """Raises Failure when Go jsonnet did not make the same objects: it would have been measured at other work."""
    made = {p.stem: p for p in out.iterdir()}
    wrong = [c for c, data in objects.items() if c not in made or bare(json.loads(made[c].read_bytes())) != bare(data)]
    if wrong or len(made) != len(objects):
        differ = f"{len(wrong)} differ, the first of cell {wrong[:1]}"
        raise Failure(f"Go jsonnet made {len(made)} objects for {len(objects)} cells; {differ}")


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


PARTS: dict[str, Callable[[Bench], Iterator[table.Row]]] = {
    "cold": cold,
    "peers": peers,
    "again": again,
    "check": check,
    "one": one,
    "large": large,
    "start": start,
}


def machine() -> dict[str, Any]:
    """What the figures are made on, and how busy it is."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def told(document: dict[str, Any]) -> str:
    """The line above the table in the docs."""
    m = document["machine"]
    where = f"{m['system']} {m['machine']}, {m['cores']} cores, Python {m['python']}"
    return f"{document['cells']:,} cells, {document['rounds']} rounds; {where}, load {m['load']} when it began."


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status says whether something could not be measured, not whether it was slow."""
    given = arguments(argv)
    if given.markdown:
        document = json.loads(given.json.read_text(encoding="utf-8"))
        print(told(document), table.as_markdown(table.load(document)), sep="\n\n")
        return 0
    here = machine()
    if here["load"] > here["cores"] / 4:
        print(
            f"warning: load {here['load']}: this machine is busy, which favours programs of one process",
            file=sys.stderr,
        )
    rows: list[table.Row] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="dlaasgen-bench-", dir=given.dir) as work:
        bench = Bench(given, Path(work))
        bench.prepare()
        (bench.work / "probe").mkdir()
        cost = measure.file_cost(bench.work / "probe")
        if cost > SLOW_FILE:
            advice = "cp -r looks worse than it is; wait some minutes, or name another --dir"
            print(f"warning: making a file takes {cost:.0f} us here: {advice}", file=sys.stderr)
        for name in given.only or PARTS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            try:
                rows += PARTS[name](bench)
            except Failure as error:
                failed = True
                rows.append(table.Row(name, skipped=str(error)))
    print(table.as_text(rows))
    document = {
        "machine": {**here, "file_us": round(cost)},
        "cells": bench.small,
        "rounds": given.rounds,
        "rows": [r.as_json() for r in rows],
    }
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
