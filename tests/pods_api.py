"""An API server of pods, their logs and jobs, over HTTP: lists in pages, watches with bookmarks, and can be away."""

from __future__ import annotations

import copy
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KINDS = {
    "/api/v1": [{"name": "pods", "kind": "Pod", "namespaced": True}],
    "/apis/kubeflow.org/v1": [{"name": "tfjobs", "kind": "TFJob", "namespaced": True}],
}


@dataclass
class Api:
    """Pods, TFJobs and logs; tests change them as they like.

    `refuse` are the statuses of the next answers, 0 for a good one.
    """

    pods: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    logs: dict[tuple[str, str, bool], str] = field(default_factory=dict)
    refuse: list[int] = field(default_factory=list)
    forbidden: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    page: int = 2
    # Whether logs can be followed: they end when their container runs no more, or their pod is not there.
    tails: bool = False
    # What has happened: (version, kind, type, object). Watches that begin before `oldest` are refused.
    happened: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)
    oldest: int = 0
    # Watches that began before are cut.
    cut: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    _before: dict[str, dict[str, Any]] = field(default_factory=dict)
    stopped: bool = False

    @property
    def version(self) -> int:
        return len(self.happened)

    def look(self) -> None:
        """Note what the test has changed since."""
        with self.lock:
            for kind, objects in (("pods", self.pods), ("tfjobs", self.jobs)):
                now = {f"{kind}/{o['metadata']['uid']}": o for o in objects}
                for key, found in now.items():
                    if self._before.get(key) != found:
                        what = "MODIFIED" if key in self._before else "ADDED"
                        self.note(kind, what, key, found)
                for key in [k for k in self._before if k.startswith(f"{kind}/") and k not in now]:
                    self.note(kind, "DELETED", key, self._before.pop(key))

    def note(self, kind: str, what: str, key: str, found: dict[str, Any]) -> None:
        if what != "DELETED":
            self._before[key] = copy.deepcopy(found)
        told = copy.deepcopy(found)
        told["metadata"]["resourceVersion"] = str(self.version + 1)
        self.happened.append((self.version + 1, kind, what, told))

    def answer(self, path: str) -> tuple[int, bytes]:
        """What is said to one request that is no watch."""
        self.look()
        with self.lock:
            self.asked.append(path)
            if self.refuse and not path.startswith(("/api/v1?", "/apis")) and path != "/api/v1":
                status = self.refuse.pop(0)
                if status:
                    return status, json.dumps({"message": f"refused with {status}"}).encode()
            url = urlparse(path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            parts = url.path.split("/")
            if parts[-1] in self.forbidden:
                return 403, json.dumps({"message": f"{parts[-1]} is forbidden"}).encode()
            if parts[-1] == "log":
                key = (parts[-2], query["container"], query.get("previous", "").lower() == "true")
                if key not in self.logs:
                    return 400, json.dumps({"message": "previous terminated container not found"}).encode()
                return 200, self.logs[key].encode()
            found = self._found(url.path, parts, query)
            return (404, b'{"message": "not found"}') if found is None else (200, json.dumps(found).encode())

    def _found(self, path: str, parts: list[str], query: dict[str, str]) -> Any:
        if path in _KINDS:
            return {"resources": _KINDS[path]}
        kinds = {"pods": self.pods, "tfjobs": self.jobs}
        if (objects := kinds.get(parts[-1])) is not None:
            start = int(query.get("continue", 0))
            told = {"resourceVersion": str(self.version)}
            if start + self.page < len(objects):
                told["continue"] = str(start + self.page)
            return {"metadata": told, "items": objects[start : start + self.page]}
        return next((o for o in kinds.get(parts[-2], ()) if o["metadata"]["name"] == parts[-1]), None)

    def watch(self, path: str) -> Iterator[dict[str, Any]]:
        """Events, for a few seconds at most."""
        url = urlparse(path)
        kind, version = url.path.rsplit("/", 1)[-1], int(parse_qs(url.query)["resourceVersion"][0])
        cut, until = self.cut, time.monotonic() + 5
        while time.monotonic() < until and not self.stopped and cut == self.cut:
            self.look()
            if version < self.oldest:
                yield {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}
                return
            for number, of, what, found in self.happened[version:]:
                version = number
                if of == kind:
                    yield {"type": what, "object": found}
            yield {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}}
            time.sleep(0.05)


@contextmanager
def serving(folder: Path) -> Iterator[Api]:
    """The server; a kubeconfig for it is `config` in the folder."""
    served = Api()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if "follow=true" in self.path:
                self._tail()
                return
            if "watch=1" in self.path and not served.refuse:
                served.asked.append(self.path)
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for event in served.watch(self.path):
                    data = json.dumps(event).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.write(b"0\r\n\r\n")
                return
            status, body = served.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _tail(self) -> None:
            """A log as it grows, until its container has ended or its pod is gone."""
            name = urlparse(self.path).path.split("/")[-2]
            self.send_response(200 if served.tails else 500)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            sent, until, last = 0, time.monotonic() + 10, not served.tails
            while not last:
                found = [p for p in served.pods if p["metadata"]["name"] == name]
                states = [c["state"] for p in found for c in p["status"]["containerStatuses"]]
                last = time.monotonic() > until or served.stopped or all("running" not in one for one in states)
                data = served.logs.get((name, "tensorflow", False), "").encode()[sent:]
                sent += len(data)
                if data:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                time.sleep(0 if last else 0.05)
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            """Nothing: the test has what was asked."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A collector that was killed: nothing to tell."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    named = {"name": "x", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "x", "clusters": [named],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}], "users": [{"name": "x", "user": {}}],
    }  # fmt: skip
    (folder / "config").write_text(json.dumps(config))
    try:
        yield served
    finally:
        served.stopped = True
        server.shutdown()
        thread.join()
        server.server_close()


def pod(
    number: int,
    *,
    restarts: int = 0,
    state: str = "terminated",
    labels: dict[str, str] | None = None,
    **status: Any,
) -> Any:
    """A worker of the job nightly-c1-x."""
    told = {
        "dlaasgen/matrix": "nightly", "dlaasgen/cell": "c1", "dlaasgen/run": "7", "axis.dlaasgen/model": "resnet50",
        "training.kubeflow.org/job-name": "nightly-c1-x", "training.kubeflow.org/replica-type": "Worker",
        "training.kubeflow.org/replica-index": str(number),
    }  # fmt: skip
    phase = {"terminated": "Succeeded", "waiting": "Pending"}.get(state, "Running")
    containers = [{"name": "tensorflow", "restartCount": restarts, "state": {state: {}}}]
    return {
        "metadata": {
            "name": f"nightly-c1-x-worker-{number}", "namespace": "dlaas", "uid": f"uid-{number}",
            "labels": told if labels is None else labels,
            "annotations": {"dlaasgen/params": '{"batch_size":32,"model":"resnet50"}'},
        },
        "status": {"phase": phase, "containerStatuses": containers, **status},
    }  # fmt: skip


def tfjob(condition: str, reason: str = "", message: str = "") -> Any:
    """The job nightly-c1-x."""
    told = {"type": condition, "status": "True", "reason": reason, "message": message}
    labels = {"dlaasgen/matrix": "nightly", "dlaasgen/cell": "c1", "dlaasgen/run": "7"}
    return {
        "metadata": {"name": "nightly-c1-x", "namespace": "dlaas", "uid": "uid-job", "labels": labels},
        "status": {"conditions": [told]},
    }
