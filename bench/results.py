"""How long collecting and querying take: 10,000 pods' logs (1 GB) beside `wc -l`, and 100,000 stored results.

    results.py [--pods N] [--megabytes N] [--results N] [--dir DIR] [--json FILE]

Only ratios mean something on another machine; processor time is less disturbed by other work than time on the wall.
docs/performance.md says what each row is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).parent / "dlaasgen"
SAMPLE = ROOT / "examples/logs/nightly/alexnet-bs128-w3-eigen-worker-0.log"
# Real logs of workers: as the benchmark writes them, and as the launcher of 2018 did.
SAMPLES = ("dist_alexnet_worker0", "single_resnet50", "launcher_dist_trivial_worker1", "mkl_nchw_alexnet")
FIRST_STEP = re.compile(rb"^(.*?)1(\\?\\t|\t)images/sec: [^\n]*", re.MULTILINE)
WORKERS = 4


@dataclass(frozen=True)
class Taken:
    """What a command took: seconds on the wall and of processor time, and MiB of its largest process."""

    wall: float
    processor: float
    memory: float


def logs(folder: Path, pods: int, size: int) -> None:
    """Logs of jobs of four workers, each of about `size` bytes: real ones, with as many step lines as it takes."""
    kinds = [parts((ROOT / f"tests/data/logs/{name}.log").read_bytes(), size) for name in SAMPLES]
    for pod in range(pods):
        name = folder / f"study-{pod // WORKERS:05}-worker-{pod % WORKERS}.log"
        before, after = kinds[pod % len(kinds)]
        # No two logs are the same, as no two pods are.
        name.write_bytes(b"pod %d\n" % pod + before + b"pod %d again\n" % pod + after)


def parts(sample: bytes, size: int) -> tuple[bytes, bytes]:
    """The two parts of a log of so many bytes: the sample's, with step lines in its own form between."""
    match = FIRST_STEP.search(sample)
    if match is None:
        raise SystemExit("a sample without steps")
    line, gap = match[0], match[2]
    head, tail = sample[: match.start()], sample[sample.find(b"\n", sample.rfind(b"jitter")) + 1 :]
    start, end = match[1], line[-1:] if line[-1:] in b"'\"" else b""
    steps, step = bytearray(), 0
    while len(head) + len(steps) + len(tail) < size:
        step += 10
        numbers = (step, gap, 7, step % 7, step % 10, gap, 70 - step % 60, step % 1000)
        steps += start + b"%d%bimages/sec: %d.%d +/- 0.1 (jitter = 0.%d)%b%d.%03d" % numbers + end + b"\n"
    return head, bytes(steps) + tail


def timed(*line: str | Path, cwd: Path) -> Taken:
    """Run a command, which must succeed."""
    code = "import resource,subprocess,sys;c=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode;"
    code += "u=resource.getrusage(resource.RUSAGE_CHILDREN);print(c,u.ru_utime+u.ru_stime,u.ru_maxrss)"
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, line)], cwd=cwd, capture_output=True, text=True, check=True
    )
    taken = time.perf_counter() - start
    status, processor, largest = done.stdout.split()
    if status != "0":
        raise SystemExit(f"{line}: exit code {status}\n{done.stderr}")
    return Taken(taken, float(processor), int(largest) / 1024)


def fill(store: Path, count: int) -> None:
    """Copies of the store's one result, each of a job and cell of its own."""
    with sqlite3.connect(store) as database:
        (document,) = database.execute("SELECT document FROM results LIMIT 1").fetchone()
        for n in range(count):
            told = json.loads(document)
            model, batch, replicas = ("resnet50", "alexnet", "vgg16")[n % 3], 32 << n % 4, 1 + n % 8
            cell = f"{model}-bs{batch}-w{replicas}-{n}"
            told |= {"job": f"j{n}", "matrix": "nightly", "cell": cell, "run": str(n % 30)}
            # No two jobs are as fast.
            rate = n % 997 + n / 1_000_000
            told["metrics"]["images_per_second"]["value"] = rate
            axes = json.dumps({"model": model, "batch_size": str(batch), "replicas": str(replicas)})
            params = json.dumps({"model": model, "batch_size": batch, "replicas": replicas})
            keys = (f"j{n}", str(n % 30))
            database.execute("INSERT INTO jobs VALUES (?,?,?,?,?,?,?)", (*keys, "nightly", cell, axes, params, None))
            database.execute(
                "INSERT INTO results VALUES (?,?,?,?,?,?,?,?)",
                (*keys, "x", "1", "succeeded", rate, json.dumps(told, separators=(",", ":")), "[]"),
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
        count = ("sh", "-c", "find logs -type f -print0 | xargs -0 wc -l")
        counting = min((timed(*count, cwd=work) for _ in range(5)), key=lambda taken: taken.processor)
        first = timed(COMMAND, "-q", "collect", "--from", "logs", "--store", "s.db", cwd=work)
        again = timed(COMMAND, "-q", "collect", "--from", "logs", "--store", "s.db", cwd=work)
        figures |= {"wc -l, s": counting.wall, "collect, s": first.wall, "collect / wc": first.wall / counting.wall}
        figures |= {"wc -l, processor s": counting.processor, "collect, processor s": first.processor}
        figures |= {"collect again, s": again.wall, "collect again, processor s": again.processor}
        figures["memory of the largest process, MiB"] = max(first.memory, again.memory)
        figures["store, MiB"] = (work / "s.db").stat().st_size / 1048576
        one = work / "one"
        one.mkdir()
        shutil.copy(SAMPLE, one)
        timed(COMMAND, "-q", "collect", "--from", "one", "--store", "q.db", cwd=work)
        fill(work / "q.db", given.results)
        where = "model == 'resnet50' && images_per_second > 900.0"
        few = ("results", "--store", "q.db", "--where", where)
        query = timed(COMMAND, *few, cwd=work)
        figures |= {"query, s": query.wall, "query, processor s": query.processor, "query's memory, MiB": query.memory}
        everything = timed(COMMAND, "results", "--store", "q.db", "-o", "json", cwd=work)
        figures |= {"all as JSON, s": everything.wall, "all as JSON, processor s": everything.processor}
    finally:
        shutil.rmtree(work)
    for name, value in figures.items():
        print(f"{name:36}{value:10.2f}")
    if given.json:
        given.json.write_text(json.dumps({"cores": len(os.sched_getaffinity(0)), **figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
