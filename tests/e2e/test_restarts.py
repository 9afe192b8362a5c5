"""The API server and the collector are killed and started again while jobs run: each result is stored once."""

from __future__ import annotations

import signal
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from support import command, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.kube import Kube
    from e2e.study import Study

pytestmark = pytest.mark.outside


class Collector:
    """`dlaasgen collect --follow`, which can be killed and started again."""

    def __init__(self, kube: Kube, folder: Path) -> None:
        self.kube, self.folder = kube, folder
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        line = [command("dlaasgen"), "collect", "--from", f"k8s://{self.kube.namespace}", "--store", "s.db", "--follow"]
        with (self.folder / "collector.log").open("ab") as log:
            return subprocess.Popen(
                [*line, "--interval", "2"],
                cwd=self.folder,
                env=environment(HOME=str(self.folder), KUBECONFIG=str(self.kube.cluster.kubeconfig)),
                stdout=log,
                stderr=log,
            )

    def again(self) -> None:
        """Killed, without a chance to put anything in order, and started again."""
        assert self.process.poll() is None, self.said
        self.end(signal.SIGKILL)
        self.process = self._started()

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    @property
    def said(self) -> str:
        return (self.folder / "collector.log").read_text(encoding="utf-8")

    def results(self) -> list[dict[str, Any]]:
        done = self.kube.run("dlaasgen", "results", "--store", self.folder / "s.db", "--output", "json")
        return [] if done.code else [dict(one) for one in done.data]


def whole(kube: Kube, store: Path) -> bool:
    """Whether each stored log is what kubectl says of its pod now."""
    for one in kube.run("dlaasgen", "store", "logs", "--store", store, "--output", "json").ok().data:
        told = kube.kubectl("logs", one["pod"], "--namespace", kube.namespace, "--timestamps").ok().out
        kept = kube.run("dlaasgen", "store", "log", "--store", store, "--digest", one["digest"])
        if kept.code or kept.out != told:  # a longer one may just have taken its place
            return False
    return True


def running(kube: Kube, job: str) -> bool:
    return "Running" in kube.conditions(job)


@pytest.fixture
def collector(study: Study, kube: Kube) -> Iterator[Collector]:
    study.folder.mkdir(exist_ok=True)
    found = Collector(kube, study.folder)
    yield found
    if found.process.poll() is None:
        found.end(signal.SIGKILL)


def test_every_result_is_stored_once_whoever_is_killed(study: Study, kube: Kube, collector: Collector) -> None:
    axes = {"model": ["trivial"], "batch_size": [16, 32, 64], "replicas": [1]}
    jobs = study.render(run="7", axes=axes, params={"num_batches": 400, "clean_pod_policy": "None"})
    study.apply()
    for job in jobs.values():
        kube.wait("its worker runs", partial(running, kube, job))
    kube.wait("the collector has begun", collector.results)
    collector.again()
    kube.cluster.ask("kill", "kube-apiserver")
    time.sleep(1)
    collector.again()  # it starts while there is no server
    time.sleep(2)
    kube.cluster.ask("start", "kube-apiserver")
    kube.wait("the server answers", lambda: kube.kubectl("get", "--raw", "/readyz").code == 0)
    collector.again()
    for job in jobs.values():
        kube.finished(job, seconds=180)
    done = lambda: [one["status"] for one in collector.results()] == ["succeeded"] * len(jobs)  # noqa: E731
    kube.wait("every result is stored", done)
    assert collector.process.poll() is None, collector.said
    collector.again()
    # A parameter server ends after its workers.
    kube.wait("all pods have ended", lambda: {pod["status"]["phase"] for pod in kube.list("Pod")} == {"Succeeded"})
    store = study.folder / "s.db"
    kube.wait("every log is whole", lambda: whole(kube, store))
    assert collector.end() == 130, collector.said
    found = collector.results()
    assert {one["cell"]: one["job"] for one in found} == jobs
    logs = kube.run("dlaasgen", "store", "logs", "--store", store, "--output", "json").ok().data
    tasks = [(one["job"], one["role"], one["number"], one["restart"]) for one in logs]
    assert len(tasks) == len(set(tasks)) == 2 * len(jobs)
    assert kube.run("dlaasgen", "store", "missing", "--store", store, "--output", "json").ok().data == []
    kube.run("dlaasgen", "store", "doctor", "--store", store).ok()
    # A collection now finds nothing that it does not know.
    line = ("collect", "--from", f"k8s://{kube.namespace}", "--store", store, "--output", "json")
    again = kube.run("dlaasgen", *line).ok().data
    assert (again["new"], again["results"]) == (0, 0)
    assert not kube.cluster.ended()


def test_a_log_that_the_operator_takes_away_at_once_is_stored_or_missed_aloud(
    study: Study, kube: Kube, collector: Collector
) -> None:
    kube.wait("the collector watches", lambda: " logs, " in collector.said)
    off = {"disable": [{"code": code, "reason": "it is what the test is about"} for code in ("P309", "P405")]}
    axes = {"model": ["resnet5000"], "batch_size": [32], "replicas": [1]}
    (job,) = study.render(axes=axes, checks=off, params={"backoff_limit": 0, "clean_pod_policy": "None"}).values()
    study.apply()
    kube.finished(job, as_="Failed")
    # With a limit of 0 the operator deletes the pod that has failed, and its log with it.
    gone = f"Deleted pod: {job}-ps-0"
    kube.wait("the failed pod is deleted", lambda: gone in {event["message"] for event in kube.list("Event")})
    kube.wait("the result has its reason", lambda: [one["status"] for one in collector.results()] == ["failed"])

    def told() -> bool:
        """The log's own words; or, where the pod went before anybody could read them, that, and its exit code."""
        reason = collector.results()[0]["reason"]
        show = ("store", "missing", "--store", study.folder / "s.db", "--output", "json")
        lost = [one["key"] for one in kube.run("dlaasgen", *show).ok().data]
        missed = any(f"/{job}-ps-0/" in key for key in lost) and "ps 0: Error: exit code 1" in reason
        return "Invalid model name" in reason or missed

    kube.wait("the result has its reason, or the loss is told", told)
    assert collector.end() == 130, collector.said
