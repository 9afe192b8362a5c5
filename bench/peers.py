"""Go jsonnet at the same work: the same prototype for the same cells, and no more."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import measure
import study
import table
from measure import Failure
from project import walls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from project import Bench

GO_JSONNET = "github.com/google/go-jsonnet/cmd/jsonnet@v0.21.0"
PROGRAM = """\
local prototype = import 'tfjob.jsonnet';
local cells = std.parseJson(importstr 'cells.json');
{ [id + '.json']: prototype(cells[id]) for id in std.objectFields(cells) }
"""


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
