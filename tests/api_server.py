"""A small API server in this process: it stores what is applied, and says what real ones say."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = {
    "/apis/kubeflow.org/v1": [
        {"name": "tfjobs", "kind": "TFJob", "namespaced": True},
        {"name": "tfjobs/status", "kind": "TFJob", "namespaced": True},
    ],
    "/apis/kueue.x-k8s.io/v1beta1": [{"name": "workloads", "kind": "Workload", "namespaced": True}],
    "/api/v1": [{"name": "services", "kind": "Service", "namespaced": True}],
}


class Fake:
    """`objects` are in the cluster; `refuse` holds answers to the next requests; `log` the requests.

    `refuse_patches` is the answer to each manifest, when there is one.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.refuse: list[tuple[int, dict[str, Any]]] = []
        self.log: list[tuple[str, str, dict[str, str]]] = []
        self.refuse_patches: dict[str, Any] = {}
        self.lock = threading.Lock()
        self.most = self.now = 0

    def answer(self, method: str, where: str, body: Any) -> tuple[int, dict[str, Any]]:
        """What the server says to one request."""
        url = urlsplit(where)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        with self.lock:
            self.log.append((method, url.path, query))
            if self.refuse:
                return self.refuse.pop()
            if method == "GET":
                return self._get(url.path, query)
            dry = "dryRun" in query
            if method == "DELETE":
                found = self.objects.get(url.path) if dry else self.objects.pop(url.path, None)
                return (200, {}) if found is not None else (404, {"message": "not found"})
            if self.refuse_patches:
                return 422, self.refuse_patches
            if body["metadata"]["name"].startswith("bad"):
                message = 'TFJob.kubeflow.org "bad" is invalid: spec.x: Invalid value'
                return 422, {"message": message, "details": {"causes": [{"field": "spec.x", "message": "bad"}]}}
            if not dry:
                self.objects[url.path] = body | {"status": {"conditions": []}}
            return 200, body

    def _get(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path in KINDS:
            return 200, {"resources": KINDS[path]}
        if path.startswith("/apis/") and path.count("/") == 3:
            return 404, {"message": "not found"}
        inside = [o for p, o in self.objects.items() if p.startswith(path + "/")]
        start, limit = int(query.get("continue", 0)), int(query.get("limit", 100))
        more = {"continue": str(start + limit)} if start + limit < len(inside) else {}
        return 200, {"metadata": more, "items": inside[start : start + limit]}


@contextmanager
def running(folder: Path) -> Iterator[Fake]:
    """A server, and in `folder` the kubeconfig with the context `fake` that leads to it."""
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            """Nothing: the test has the log."""

        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            with fake.lock:
                fake.now += 1
                fake.most = max(fake.most, fake.now)
            status, answer = fake.answer(self.command, self.path, body)
            data = json.dumps(answer).encode()
            with fake.lock:
                fake.now -= 1
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PATCH = do_DELETE = _do  # noqa: N815 - as the class has them

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": url}}],
            "users": [{"name": "fake", "user": {"token": "no-secret"}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
        }
        (folder / "kubeconfig").write_text(json.dumps(config), encoding="utf-8")
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
