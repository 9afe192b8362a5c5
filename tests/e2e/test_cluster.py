"""The cluster itself: what has to hold when a part of it dies, and that nothing of it stays behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.cluster import running
from support import ROOT, environment

if TYPE_CHECKING:
    from e2e.kube import Kube
    from e2e.study import Study

pytestmark = pytest.mark.outside

# Starts a second cluster of the same parts as a session would, says so, and waits to be killed.
START = """
import json, sys, time
from pathlib import Path
from e2e.cluster import running
plan = json.loads(Path(sys.argv[1]).read_text())
parts, images = ({k: Path(v) for k, v in plan[name].items()} for name in ("components", "images"))
cluster = running.start(Path(sys.argv[2]), parts, images, detached=False)
print(cluster.settings.bridge, cluster.settings.ports["apiserver"], flush=True)
time.sleep(600)
"""


def test_a_job_outlives_the_api_server(study: Study, kube: Kube) -> None:
    (job,) = study.render(params={"num_batches": 400}).values()
    study.apply()
    kube.wait("the workers run", lambda: "Running" in kube.conditions(job))
    kube.cluster.ask("kill", "kube-apiserver")
    time.sleep(1)
    kube.cluster.ask("start", "kube-apiserver")
    kube.finished(job)
    assert "total images/sec: " in kube.logs(job)
    assert not kube.cluster.ended()


def processes_with(text: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def test_nothing_stays_behind_when_the_tests_are_killed(kube: Kube, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    plan = kube.cluster.settings.path / "plan.json"
    session = subprocess.Popen(
        [sys.executable, "-c", START, plan, folder],
        env=environment(PYTHONPATH=str(ROOT / "tests")),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert session.stdout is not None
    with session:
        bridge = session.stdout.readline().split()[0]
        assert bridge != kube.cluster.settings.bridge
        assert Path(f"/sys/class/net/{bridge}").exists()
        assert len(processes_with(str(folder))) > 5
        session.send_signal(signal.SIGKILL)
    holder = running.holder_of(folder)
    kube.wait("the second cluster's holder has ended", lambda: not Path(f"/proc/{holder}").exists())
    assert not processes_with(str(folder))
    assert not Path(f"/sys/class/net/{bridge}").exists()
    assert not [*Path("/sys/fs/cgroup").glob(f"*/{bridge}"), *Path("/sys/fs/cgroup").glob(bridge)]
    assert str(folder) not in Path("/proc/mounts").read_text(encoding="utf-8")
