"""How long collecting and querying take: 10,000 pods' logs (1 GB) beside `wc -l`, and 100,000 stored results.

    results.py [--pods N] [--megabytes N] [--results N] [--dir DIR] [--json FILE]

Only ratios mean something on another machine. docs/performance.md says what each row is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).parent / "dlaasgen"
SAMPLE = ROOT / "examples/logs/nightly/alexnet-bs128-w3-eigen-worker-0.log"
WORKERS = 4


def logs(folder: Path, pods: int, size: int) -> None:
    """Logs of jobs of four workers, each of about `size` bytes: a real one, with as many step lines as it takes."""
    head, _, tail = SAMPLE.read_bytes().partition(b"1\timages/sec")
    tail = b"-" * 64 + tail.partition(b"-" * 64)[2]
    steps, step = bytearray(), 0
    while len(head) + len(steps) + len(tail) < size:
        step += 10
        steps += b"%d\timages/sec: %d.%d +/- 0.1 (jitter = 0.%d)\t%d.%03d\n" % (
            step, 7, step % 7, step % 10, 70 - step % 60, step % 1000,
        )  # fmt: skip
    for pod in range(pods):
        # No two logs are the same, as no two pods are.
        name = folder / f"study-{pod // WORKERS:05}-worker-{pod % WORKERS}.log"
        name.write_bytes(b"pod %d\n" % pod + head + bytes(steps) + tail)


def timed(*line: str | Path, cwd: Path) -> tuple[float, float]:
    """(seconds, MiB of the largest process) of a command."""
    code = "import resource,subprocess,sys;c=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode;"
    code += "print(c,resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, line)], cwd=cwd, capture_output=True, text=True, check=True
    )
    taken = time.perf_counter() - start
    status, largest = done.stdout.split()
    if status != "0":
        raise SystemExit(f"{line}: exit code {status}\n{done.stderr}")
    return taken, int(largest) / 1024


def fill(store: Path, count: int) -> None:
    """Copies of the store's one result, each of a job and cell of its own."""
    with sqlite3.connect(store) as database:
        (document,) = database.execute("SELECT document FROM results LIMIT 1").fetchone()
        for n in range(count):
            told = json.loads(document)
            model, batch, replicas = ("resnet50", "alexnet", "vgg16")[n % 3], 32 << n % 4, 1 + n % 8
            cell = f"{model}-bs{batch}-w{replicas}-{n}"
            told |= {"job": f"j{n}", "matrix": "nightly", "cell": cell, "run": str(n % 30)}
            told["metrics"]["images_per_second"]["value"] = float(n % 997)
            axes = json.dumps({"model": model, "batch_size": str(batch), "replicas": str(replicas)})
            params = json.dumps({"model": model, "batch_size": batch, "replicas": replicas})
            keys = (f"j{n}", str(n % 30))
            database.execute("INSERT INTO jobs VALUES (?,?,?,?,?,?,?)", (*keys, "nightly", cell, axes, params, None))
            database.execute(
                "INSERT INTO results VALUES (?,?,?,?,?,?,?,?)",
                (*keys, "x", "1", "succeeded", float(n % 997), json.dumps(told), "[]"),
            )


def main() -> None:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(description="Measure collecting and querying.")
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--dir", type=Path, help="folder for the logs (default: the system's temporary one)")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    given = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="dlaasgen-bench-", dir=given.dir))
    figures: dict[str, float] = {}
    try:
        folder = work / "logs"
        folder.mkdir()
        logs(folder, given.pods, given.megabytes * 1_000_000 // given.pods)
        counting, _ = timed("sh", "-c", "find logs -type f -print0 | xargs -0 cat | wc -l", cwd=work)
        counting, _ = timed("sh", "-c", "find logs -type f -print0 | xargs -0 wc -l", cwd=work)
        first, memory = timed(COMMAND, "-q", "collect", "--from", "logs", "--store", "s.db", cwd=work)
        again, _ = timed(COMMAND, "-q", "collect", "--from", "logs", "--store", "s.db", cwd=work)
        figures |= {"wc -l, s": counting, "collect, s": first, "collect / wc": first / counting}
        figures |= {"collect again, s": again, "memory of the largest process, MiB": memory}
        figures["store, MiB"] = (work / "s.db").stat().st_size / 1048576
        one = work / "one"
        one.mkdir()
        shutil.copy(SAMPLE, one)
        timed(COMMAND, "-q", "collect", "--from", "one", "--store", "q.db", cwd=work)
        fill(work / "q.db", given.results)
        where = "model == 'resnet50' && images_per_second > 900.0"
        few = ("results", "--store", "q.db", "--where", where)
        figures["query, s"], figures["query's memory, MiB"] = timed(COMMAND, *few, cwd=work)
        figures["all as JSON, s"], _ = timed(COMMAND, "results", "--store", "q.db", "-o", "json", cwd=work)
    finally:
        shutil.rmtree(work)
    for name, value in figures.items():
        print(f"{name:36}{value:10.2f}")
    if given.json:
        given.json.write_text(json.dumps({"cores": len(os.sched_getaffinity(0)), **figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
