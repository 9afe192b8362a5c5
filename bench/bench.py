"""The speed suite: how long dlaasgen takes, beside other programs on the same machine at the same time.

    bench.py [--quick] [--rounds N] [--only WORD] [--json FILE]      measure; print a table and write JSON
    bench.py --markdown [--json FILE]                                print the table of an earlier run for the docs

Only ratios mean something on another machine. docs/performance.md says what each row is.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import measure
import table
from measure import Failure
from parts import PARTS
from project import HERE, Bench

if TYPE_CHECKING:
    from collections.abc import Sequence

# Microseconds. A file system in order takes 20 to 80.
SLOW_FILE = 150


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
