"""dlaasgen collect from a cluster: an API server of the test's own, over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import pytest
import yaml

from support import command, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support import Result, Run


@dataclass
class Api:
    """Pods and their logs; `refuse` are the statuses that the next requests get instead."""

    pods: list[dict[str, Any]] = field(default_factory=list)
    logs: dict[tuple[str, str, bool], str] = field(default_factory=dict)
    refuse: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    page: int = 2

    def answer(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if self.refuse:
            status = self.refuse.pop(0)
            return status, json.dumps({"message": f"refused with {status}"}).encode()
        url = urlparse(path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        parts = url.path.split("/")
        if parts[-1] == "log":
            key = (parts[-2], query["container"], query.get("previous", "").lower() == "true")
            if key not in self.logs:
                return 400, json.dumps({"message": "previous terminated container not found"}).encode()
            return 200, self.logs[key].encode()
        start = int(query.get("continue", 0))
        more = {"continue": str(start + self.page)} if start + self.page < len(self.pods) else {}
        return 200, json.dumps({"metadata": more, "items": self.pods[start : start + self.page]}).encode()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    served = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = served.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    named = {"name": "x", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "x", "clusters": [named],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}], "users": [{"name": "x", "user": {}}],
    }  # fmt: skip
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def pod(number: int, *, restarts: int = 0, state: str = "terminated", labels: dict[str, str] | None = None) -> Any:
    told = {
        "dlaasgen/matrix": "nightly", "dlaasgen/cell": "c1", "dlaasgen/run": "7", "axis.dlaasgen/model": "resnet50",
        "training.kubeflow.org/job-name": "nightly-c1-x", "training.kubeflow.org/replica-type": "Worker",
        "training.kubeflow.org/replica-index": str(number),
    }  # fmt: skip
    return {
        "metadata": {
            "name": f"nightly-c1-x-worker-{number}", "namespace": "dlaas", "uid": f"uid-{number}",
            "labels": told if labels is None else labels,
            "annotations": {"dlaasgen/params": '{"batch_size":32,"model":"resnet50"}'},
        },
        "status": {"containerStatuses": [{"name": "tensorflow", "restartCount": restarts, "state": {state: {}}}]},
    }  # fmt: skip


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
    assert all("labelSelector=dlaasgen" in path for path in api.asked if "/log?" not in path)
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
    api.refuse = [503, 410, 500]
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
    assert said.startswith("error[C140]: the cluster refuses: refused with 403; it takes the right to list pods")
    (tmp_path / "config").unlink()
    assert "there is no way to a cluster" in collect(cwd=tmp_path).exits(7).err


def test_following_needs_a_cluster(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x\n")
    line = ("collect", "--from", "a.log", "--store", "s.db", "--follow")
    assert "--follow needs a cluster" in dlaasgen(*line, cwd=tmp_path).exits(2).err


@pytest.mark.outside
def test_following_takes_what_comes_and_says_what_was_deleted(api: Api, dlaasgen: Run, tmp_path: Path) -> None:
    api.pods = [pod(0, state="running")]
    api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "one\n"
    line = (command("dlaasgen"), "collect", "--from", "k8s://dlaas", "--store", "s.db", "--follow", "--interval", "1")
    process = subprocess.Popen(line, cwd=tmp_path, env=environment(KUBECONFIG=str(tmp_path / "config")))

    def until(size: list[int]) -> None:
        sizes: list[int] = []
        for _ in range(60):
            said = dlaasgen("store", "logs", "--store", "s.db", "-o", "json", cwd=tmp_path)
            sizes = [p["size"] for p in said.data] if said.code == 0 else []
            if sizes == size:
                return
            time.sleep(0.3)
        pytest.fail(f"stored are {sizes}, not {size}")

    try:
        until([4])
        api.refuse = [500, 503]
        api.logs["nightly-c1-x-worker-0", "tensorflow", False] = "one\ntwo\n"
        api.logs["nightly-c1-x-worker-1", "tensorflow", False] = "x\n"
        api.pods = [*api.pods, pod(1)]
        until([8, 2])
        api.pods = [pod(1)]
        for _ in range(60):
            if dlaasgen("store", "missing", "--store", "s.db", "-o", "json", cwd=tmp_path).data:
                break
            time.sleep(0.3)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    (missing,) = dlaasgen("store", "missing", "--store", "s.db", "-o", "json", cwd=tmp_path).ok().data
    assert missing["reason"] == "the pod was deleted before the end of its log was read"
