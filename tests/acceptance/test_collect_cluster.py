"""dlaasgen collect from a cluster: an API server of the test's own, over HTTP."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from pods_api import Api, pod, serving, tfjob
from support import command, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support import Result, Run


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with serving(tmp_path) as served:
        yield served


@pytest.fixture
def collect(dlaasgen: Run, tmp_path: Path) -> Run:
    def run(*args: str | Path, **_: object) -> Result:
        line = ("collect", "--from", "k8s://dlaas", "--store", "s.db", "-o", "json", *args)
        return dlaasgen(*line, cwd=tmp_path, env={"KUBECONFIG": str(tmp_path / "config")})

    return run


def test_every_container_and_restart_is_collected(api: Api, collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    api.pods = [pod(0), pod(1, restarts=2), pod(2, state="running"), pod(3, state="waiting")]
    for number in range(3):
        api.logs[f"nightly-c1-x-worker-{number}", "tensorflow", False] = f"2026-11-24T07:44:48Z line {number}\n"
    api.logs["nightly-c1-x-worker-1", "tensorflow", True] = "2026-11-24T07:40:00Z before\n"
    said = collect(cwd=tmp_path).ok().data
    assert (said["logs"], said["new"], said["results"], said["unmatched"]) == (4, 4, 1, [])
    (result,) = dlaasgen("results", "--store", "s.db", "-o", "json", cwd=tmp_path).ok().data
    assert (result["job"], result["matrix"], result["cell"], result["run"]) == ("nightly-c1-x", "nightly", "c1", "7")
    places = dlaasgen("store", "logs", "--store", "s.db", "-o", "json", cwd=tmp_path).ok().data
    assert [(p["role"], p["number"], p["restart"], p["uid"]) for p in places] == [
        ("worker", 0, 0, "uid-0"),
        ("worker", 1, 1, "uid-1"),
        ("worker", 1, 2, "uid-1"),
        ("worker", 2, 0, "uid-2"),
    ]
    assert all(
        "labelSelector=dlaasgen" in path for path in api.asked if path.split("?")[0].endswith(("pods", "tfjobs"))
    )
    chosen = dlaasgen("results", "--store", "s.db", "--where", "batch_size == 32", "-o", "json", cwd=tmp_path).ok()
    assert len(chosen.data) == 1
    again = collect(cwd=tmp_path).ok().data
    assert (again["new"], again["results"]) == (0, 0)


def test_a_log_that_grows_is_kept_whole(api: Api, collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    api.pods = [pod(0, state="running")]
    for text in ("one\n", "one\ntwo\n"):
        api.logs["nightly-c1-x-worker-0", "tensorflow", False] = text
        assert collect(cwd=tmp_path).ok().data["new"] == 1
    assert [p["size"] for p in dlaasgen("store", "logs", "--store", "s.db", "-o", "json", cwd=tmp_path).data] == [8]


def test_a_server_that_is_away_for_a_while_and_a_list_that_expires(api: Api, collect: Run, tmp_path: Path) -> None:
    api.pods = [pod(0), pod(1), pod(2)]
    for number in range(3):
        api.logs[f"nightly-c1-x-worker-{number}", "tensorflow", False] = f"{number}\n"
    api.refuse = [503, 0, 410, 500]
    assert collect(cwd=tmp_path).ok().data["logs"] == 3


def test_what_cannot_be_had_is_said(api: Api, collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    api.pods = [pod(0, restarts=1)]
    api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "x\n"
    said = collect(cwd=tmp_path).exits(7)
    assert "previous terminated container not found" in said.err
    assert said.data["logs"] == 1
    missing = dlaasgen("store", "missing", "--store", "s.db", "-o", "json", cwd=tmp_path).ok().data
    assert [row["key"] for row in missing] == ["pod:dlaas/nightly-c1-x-worker-0/uid-0/tensorflow/0"]


def test_a_refusal_is_told(api: Api, collect: Run, tmp_path: Path) -> None:
    api.refuse = [403]
    said = collect(cwd=tmp_path).exits(7).err
    assert said.startswith(
        "error[C140]: the API server refuses: refused with 403; it takes the right to get, list and watch it"
    )
    (tmp_path / "config").unlink()
    assert "there is no way to a cluster" in collect(cwd=tmp_path).exits(7).err


def test_following_needs_a_cluster(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x\n")
    line = ("collect", "--from", "a.log", "--store", "s.db", "--follow")
    assert "--follow needs a cluster" in dlaasgen(*line, cwd=tmp_path).exits(2).err


def results(dlaasgen: Run, tmp_path: Path) -> list[Any]:
    said = dlaasgen("results", "--store", "s.db", "-o", "json", cwd=tmp_path)
    return [] if said.code else list(said.data)


def missing(dlaasgen: Run, tmp_path: Path) -> list[Any]:
    said = dlaasgen("store", "missing", "--store", "s.db", "-o", "json", cwd=tmp_path)
    return [] if said.code else list(said.data)


NO_CPU = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "1 Insufficient cpu."}
LATE = ("Failed", "TFJobFailed", "it was active longer than specified deadline")


def test_pods_that_never_gave_a_log_reach_a_result(api: Api, collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    stuck = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x"'}}
    image = [{"name": "tensorflow", "restartCount": 0, "state": stuck}]
    api.pods = [pod(0, state="waiting", containerStatuses=image), pod(1, state="waiting", conditions=[NO_CPU])]
    said = collect(cwd=tmp_path).ok().data
    assert (said["logs"], said["new"], said["results"]) == (0, 0, 1)
    (found,) = results(dlaasgen, tmp_path)
    assert (found["job"], found["cell"], found["run"], found["status"]) == ("nightly-c1-x", "c1", "7", "no-data")
    assert found["reason"] == (
        "worker 0: ErrImagePull: the image cannot be pulled; worker 1: Unschedulable: 1 Insufficient cpu."
    )
    assert [one["reason"] for one in found["kubernetes"]] == ["ErrImagePull", "Unschedulable"]
    # A result that was never of a log is whole.
    assert dlaasgen("store", "doctor", "--store", "s.db", "-o", "json", cwd=tmp_path).ok().data == []
    assert collect(cwd=tmp_path).ok().data["results"] == 0
    # Things get better.
    api.pods = [pod(0), pod(1)]
    for number in range(2):
        api.logs[f"nightly-c1-x-worker-{number}", "tensorflow", False] = "total images/sec: 7.00\n"
    assert collect(cwd=tmp_path).ok().data["results"] == 1
    (found,) = results(dlaasgen, tmp_path)
    assert (found["status"], found["reason"], found["kubernetes"]) == ("succeeded", "", [])


def test_a_job_whose_pods_are_gone_says_why_itself(api: Api, collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    part = tfjob("Failed")
    part["metadata"] |= {"name": "nightly-c1-x-part", "uid": "uid-part", "ownerReferences": [{"controller": True}]}
    api.jobs = [tfjob(*LATE), part]
    assert collect(cwd=tmp_path).ok().data["results"] == 1
    (found,) = results(dlaasgen, tmp_path)
    assert (found["job"], found["status"], found["logs"]) == ("nightly-c1-x", "failed", [])
    assert found["reason"] == f"the TFJob failed: TFJobFailed: {LATE[2]}"


def test_how_a_container_ended_is_told_by_the_cluster(api: Api, collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    killed = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    statuses = [{"name": "tensorflow", "restartCount": 0, "state": killed}]
    api.pods = [pod(0, phase="Failed", containerStatuses=statuses)]
    api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "10\timages/sec: 7.0 +/- 0.1 (jitter = 0.1)\t7.0\n"
    collect(cwd=tmp_path).ok()
    (found,) = results(dlaasgen, tmp_path)
    assert (found["status"], found["reason"]) == ("failed", "OOMKilled (exit code 137)")


def test_without_the_right_to_read_jobs_their_pods_are_collected(api: Api, collect: Run, tmp_path: Path) -> None:
    api.forbidden = ("tfjobs",)
    api.pods = [pod(0)]
    api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "x\n"
    said = collect(cwd=tmp_path).ok()
    assert said.data["logs"] == 1
    assert "warning[C141]: what is said of TFJobs is not read: the API server refuses: tfjobs is forbidden" in said.err


def test_a_pod_that_was_deleted_between_two_collections(api: Api, collect: Run, dlaasgen: Run, tmp_path: Path) -> None:
    api.pods, api.jobs = [pod(0, state="running"), pod(1, state="running")], [tfjob("Running")]
    for number in range(2):
        api.logs[f"nightly-c1-x-worker-{number}", "tensorflow", False] = "x\n"
    collect(cwd=tmp_path).ok()
    api.pods = [pod(1, state="running")]
    assert "deleted before the end of its log" in collect(cwd=tmp_path).exits(7).err
    assert [one["key"] for one in missing(dlaasgen, tmp_path)] == ["pod:dlaas/nightly-c1-x-worker-0/uid-0"]
    # Told once; and a parameter server, say, that is taken away after its job has succeeded is not missed.
    collect(cwd=tmp_path).ok()
    api.pods, api.jobs = [], [tfjob("Succeeded")]
    collect(cwd=tmp_path).ok()
    assert len(missing(dlaasgen, tmp_path)) == 1


class Following:
    """`dlaasgen collect --follow`, in a process of its own."""

    def __init__(self, folder: Path, interval: int = 1) -> None:
        line = (command("dlaasgen"), "collect", "--from", "k8s://dlaas", "--store", "s.db", "--follow")
        self.process = subprocess.Popen(
            [*line, "--interval", str(interval)],
            cwd=folder,
            env=environment(KUBECONFIG=str(folder / "config")),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, number: int = signal.SIGINT) -> str:
        """What it has said."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=60)[0]
        assert self.process.returncode == (130 if number == signal.SIGINT else -number), said
        return said


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Callable[..., Following]]:
    started: list[Following] = []

    def start(interval: int = 1) -> Following:
        started.append(Following(tmp_path, interval))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


def until(told: str, ready: Callable[[], object]) -> None:
    for _ in range(100):
        if ready():
            return
        time.sleep(0.2)
    pytest.fail(f"not within 20 s: {told}")


def sizes(dlaasgen: Run, tmp_path: Path) -> list[int]:
    said = dlaasgen("store", "logs", "--store", "s.db", "-o", "json", cwd=tmp_path)
    return [] if said.code else [p["size"] for p in said.data]


@pytest.mark.outside
def test_following_takes_what_comes_and_says_what_was_deleted(
    api: Api, dlaasgen: Run, following: Callable[..., Following], tmp_path: Path
) -> None:
    api.pods = [pod(0, state="running")]
    api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "one\n"
    process = following()
    until("the first log", lambda: sizes(dlaasgen, tmp_path) == [4])
    api.refuse = [500, 503]
    api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "one\ntwo\n"
    api.logs["nightly-c1-x-worker-1", "tensorflow", False] = "x\n"
    api.pods = [*api.pods, pod(1)]
    until("both logs", lambda: sizes(dlaasgen, tmp_path) == [8, 2])
    api.pods = [pod(1)]
    until("the loss", lambda: missing(dlaasgen, tmp_path))
    process.end()
    (found,) = missing(dlaasgen, tmp_path)
    assert found["reason"] == "the pod was deleted before the end of its log was read"


@pytest.mark.outside
def test_following_watches_and_does_not_list_again(
    api: Api, dlaasgen: Run, following: Callable[..., Following], tmp_path: Path
) -> None:
    process = following(interval=600)
    until("it watches", lambda: sum("watch=1" in path for path in api.asked) == 2)
    for number in range(3):
        api.logs[f"nightly-c1-x-worker-{number}", "tensorflow", False] = "x\n"
        api.pods = [*api.pods, pod(number)]
        until("the log of a pod that has come", lambda: len(sizes(dlaasgen, tmp_path)) == len(api.pods))
        # The watch is cut, which is no reason to list again; or its state is too old, which is.
        api.cut += 1
        if number == 1:
            with api.lock:
                api.look()
                api.note("tfjobs", "ADDED", "tfjobs/other", tfjob("Created"))
                api.oldest = api.version
    said = process.end()
    lists = [path for path in api.asked if "/pods?" in path and "watch=1" not in path]
    assert 1 <= len(lists) <= 3, lists
    assert all("allowWatchBookmarks=true" in path for path in api.asked if "watch=1" in path)
    assert "3 logs, 3 of them new; 3 results; 0 not had" in said


@pytest.mark.outside
def test_what_cannot_be_had_is_counted_once_while_following(
    api: Api, dlaasgen: Run, following: Callable[..., Following], tmp_path: Path
) -> None:
    api.pods = [pod(0, restarts=1, state="running")]
    api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "x\n"
    process = following()
    until("the loss", lambda: missing(dlaasgen, tmp_path))
    asked = len(api.asked)
    until("several rounds", lambda: sum("/log?" in path for path in api.asked[asked:]) >= 3)
    said = process.end()
    assert "1 not had" in said
    assert "2 not had" not in said
    # The API says for good that there is no log of the run before the restart: it is not asked again.
    assert sum("previous=true" in path for path in api.asked) == 1


@pytest.mark.outside
def test_a_collector_that_was_killed_goes_on_where_it_was(
    api: Api, dlaasgen: Run, following: Callable[..., Following], tmp_path: Path
) -> None:
    api.pods, api.jobs = [pod(0, state="running"), pod(1, state="running")], [tfjob("Running")]
    for number in range(2):
        api.logs[f"nightly-c1-x-worker-{number}", "tensorflow", False] = "x\n"
    first = following()
    until("both logs", lambda: len(sizes(dlaasgen, tmp_path)) == 2 and results(dlaasgen, tmp_path))
    first.end(signal.SIGKILL)
    api.pods, api.jobs = [pod(1)], [tfjob(*LATE)]
    second = following()
    until("what went in between", lambda: missing(dlaasgen, tmp_path))
    until("the job's end", lambda: [one["status"] for one in results(dlaasgen, tmp_path)] == ["failed"])
    second.end()
    assert [one["key"] for one in missing(dlaasgen, tmp_path)] == ["pod:dlaas/nightly-c1-x-worker-0/uid-0"]
    assert sizes(dlaasgen, tmp_path) == [2, 2]


@pytest.mark.outside
def test_what_a_pod_says_last_is_stored_though_it_is_deleted_at_once(
    api: Api, dlaasgen: Run, following: Callable[..., Following], tmp_path: Path
) -> None:
    api.tails = True
    api.pods = [pod(0, state="running")]
    api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "one\n"
    process = following(interval=600)
    until("the beginning", lambda: sizes(dlaasgen, tmp_path) == [4])
    api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "one\ntwo\n"
    api.pods = []
    until("the end", lambda: sizes(dlaasgen, tmp_path) == [8])
    time.sleep(1)
    process.end()
    assert missing(dlaasgen, tmp_path) == []
