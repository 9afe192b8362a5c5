"""docs/tutorial.md: its commands in their order, as far as they need no cluster, container runtime or network."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

import tutorial
from launching import free_ports

if TYPE_CHECKING:
    from support import Run


@pytest.mark.outside
def test_the_commands_of_the_tutorial(dlaasgen: Run, root: Path, tmp_path: Path) -> None:
    for part in ("matrix", "prototypes", "images", "examples"):
        shutil.copytree(root / part, tmp_path / part)
    shutil.copy(root / "images.lock.yaml", tmp_path)
    env = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    said, here = {}, tmp_path
    for name, *words in tutorial.commands():
        if name == "cd":
            here = (here / words[0]).resolve()
            continue
        assert name == "dlaasgen"
        # The page's ports may be another test's.
        port = ["--port", str(free_ports(4)[0])] if "--exec" in words else []
        said[" ".join(words)] = dlaasgen(*words, *port, cwd=here, env=env).ok().out
    assert here == tmp_path
    assert said["command resnet50-bs32-w1-eigen matrix/nightly.yaml --alone"].startswith("docker run --rm ")
    by_hand = dlaasgen("results", "--store", "by-hand.db", "--output", "json", cwd=here).ok().data
    assert {(r["job"].rpartition("-")[0], r["status"]) for r in by_hand} == {
        ("smoke-eigen-w1", "succeeded"), ("smoke-eigen-w2", "succeeded"),
    }  # fmt: skip
    (job,) = yaml.safe_load_all(said["ks show default -c dlaasresnet50"])
    roles = job["spec"]["tfReplicaSpecs"]
    assert {role: spec["replicas"] for role, spec in roles.items()} == {"PS": 1, "Worker": 3}
    assert roles["Worker"]["template"]["spec"]["containers"][0]["image"] == tutorial.IMAGE
    assert {p.name for p in (here / "rendered").iterdir()} >= {"nightly", "dlaas-resnet50", "dlaas-alexnet"}
    assert "resnet50-bs32-w1-eigen" in (here / "report" / "report.html").read_text(encoding="utf-8")
