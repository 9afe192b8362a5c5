"""Many jobs on a test cluster: dlaasgen beside kubectl, and a study to its end on nodes of kwok.

    PYTHONPATH=tests python bench/cluster.py FOLDER [--jobs N] [--rounds N] [--only WORD]

FOLDER is that of a cluster that runs (`make cluster` keeps it in .cache/e2e/standing). docs/performance.md
has the figures, and says on what they were made.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from e2e import kwok
from e2e.cluster import running
from e2e.cluster.settings import CONTEXT
from e2e.kube import Kube
from e2e.study import Study
from support import command, environment, runner

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = ("beside", "study")


@dataclass(frozen=True, slots=True)
class Took:
    """One run of a command: seconds, seconds of its own processor time, the largest memory in MiB."""

    wall: float
    cpu: float
    memory: float


def took(kube: Kube, *words: str | Path) -> Took:
    """Runs a command, which must succeed."""
    env = environment(HOME=str(kube.home), KUBECONFIG=str(kube.cluster.kubeconfig))
    line = [command(str(words[0])), *map(str, words[1:])]
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(line, env=env, cwd=kube.home, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            said.seek(0)
            sys.exit(f"{' '.join(line)}: {said.read().decode(errors='replace')[-2000:]}")
    print(f"{' '.join(line[1:3])}: {wall:.1f} s", file=sys.stderr, flush=True)
    return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@contextmanager
def namespace(cluster: running.Cluster, home: Path) -> Iterator[Kube]:
    """A namespace for one part; with it goes all that is in it."""
    kube = Kube(cluster, home, f"bench-{secrets.token_hex(4)}")
    kube.call("POST", "api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": kube.namespace}})
    try:
        yield kube
    finally:
        kube.call("DELETE", f"api/v1/namespaces/{kube.namespace}")


def rendered(kube: Kube, jobs: int, **changes: Any) -> Study:
    """A study of so many jobs, whose pods go to kwok's nodes."""
    study = Study(kube.home / kube.namespace, runner("dlaasgen", kube.home), kube)
    study.render(
        params={
            "model": "trivial",
            "replicas": 1,
            "cpu": kwok.CPU,
            "ps_cpu": kwok.CPU,
            "deadline_seconds": 7200,
            **changes,
        },
        axes={"batch_size": [*range(1, jobs + 1)]},
        id="b{{ batch_size }}",
    )
    return study


def beside(cluster: running.Cluster, home: Path, jobs: int, rounds: int) -> None:
    """Dry runs and applies of the same manifests, in turn. The jobs are suspended: nothing but them is made."""
    times: dict[str, list[Took]] = {}
    for _ in range(rounds):
        with namespace(cluster, home) as kube:
            study = rendered(kube, jobs)
            for file in (study.tree() / "jobs").glob("*.yaml"):
                text = file.read_text(encoding="utf-8").replace("  runPolicy:\n", "  runPolicy:\n    suspend: true\n")
                file.write_text(text, encoding="utf-8")
            folder, ours = study.tree() / "jobs", ("--context", CONTEXT)
            for name, words in {
                "kubectl apply --dry-run=server": ("kubectl", "apply", "--dry-run=server", "-f", folder),
                "kubectl apply --server-side --dry-run=server": (
                    *("kubectl", "apply", "--server-side", "--dry-run=server"),
                    *("-f", folder),
                ),
                "dlaasgen check --server": ("dlaasgen", "check", "--server", folder, *ours),
                "dlaasgen apply --dry-run=server": ("dlaasgen", "apply", "--dry-run=server", study.tree(), *ours),
                "kubectl apply": ("kubectl", "apply", "-f", folder),
                "kubectl delete": ("kubectl", "delete", "--wait=false", "-f", folder),
            }.items():
                times.setdefault(name, []).append(took(kube, *words))
            kube.wait("all are gone", lambda here=kube: not here.list("TFJob"))  # type: ignore[misc]
            for name, verb in {
                "dlaasgen apply": "apply",
                "dlaasgen apply, again": "apply",
                "dlaasgen delete": "delete",
            }.items():
                times.setdefault(name, []).append(took(kube, "dlaasgen", verb, study.tree(), *ours))
    show(times)


def study_to_its_end(cluster: running.Cluster, home: Path, jobs: int, rounds: int) -> None:
    """Apply a study, look at it, wait for its end, all with dlaasgen."""
    times: dict[str, list[Took]] = {}
    for _ in range(rounds):
        with namespace(cluster, home) as kube, kwok.nodes(kube):
            tree, ours = rendered(kube, jobs).tree(), ("--context", CONTEXT)
            for name, verb in {
                "apply": "apply",
                "status, just applied": "status",
                "wait": "wait",
                "status, all succeeded": "status",
                "delete": "delete",
            }.items():
                times.setdefault(f"dlaasgen {name}", []).append(took(kube, "dlaasgen", verb, tree, *ours))
    show(times)


def show(times: dict[str, list[Took]]) -> None:
    """A line for each command: medians."""
    for name, runs in times.items():
        wall, cpu, memory = (median(getattr(run, field) for run in runs) for field in ("wall", "cpu", "memory"))
        walls = ", ".join(f"{run.wall:.2f}" for run in runs)
        print(f"{name:46} {wall:7.2f} s  cpu {cpu:6.2f} s  {memory:5.0f} MiB   ({walls})", flush=True)


def main() -> None:
    """Measures what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder of a cluster that runs")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=PARTS)
    given = parser.parse_args()
    cluster = running.find(given.folder)
    with tempfile.TemporaryDirectory() as home:
        for name, part in zip(PARTS, (beside, study_to_its_end), strict=True):
            if given.only in {None, name}:
                part(cluster, Path(home), given.jobs, given.rounds)


if __name__ == "__main__":
    main()
