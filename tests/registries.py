"""A registry and an OCI layout for tests: as much of the distribution API as reading a manifest needs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


class Registry(ThreadingHTTPServer):
    """Serves `tags`: "name:tag" -> a manifest's bytes. With a `token`, it sends for it first, as Docker Hub does.

    `login` is the Authorization that the token service asks for; `odd` path -> (status, headers, body) wins.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tags: dict[str, bytes] = {}
        self.token: str | None = None
        self.login: str | None = None
        self.realm: str | None = None
        self.odd: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.seen: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        status, headers, body = self.server.odd.get(self.path) or self.answer()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        given = self.headers.get("Authorization")
        if self.path.startswith("/token"):
            if self.server.login is not None and given != self.server.login:
                return 401, {"WWW-Authenticate": "Basic"}, b""
            return 200, {}, json.dumps({"token": self.server.token}).encode()
        if self.server.token is not None and given != f"Bearer {self.server.token}":
            realm = self.server.realm or f"http://{self.server.host}/token"
            return 401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="here",scope="repository:x:pull"'}, b""
        if INDEX not in self.headers.get("Accept", ""):
            return 404, {}, b""
        name, _, reference = self.path.removeprefix("/v2/").partition("/manifests/")
        for known, body in self.server.tags.items():
            repository, _, tag = known.rpartition(":")
            if name == repository and reference in (tag, digest_of(body)):
                return 200, {"Docker-Content-Digest": digest_of(body)}, body
        return 404, {}, b""

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def running() -> Iterator[Registry]:
    with Registry() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def layout(folder: Path, **tags: bytes) -> Path:
    """An OCI layout with these manifests."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    manifests: list[dict[str, Any]] = []
    for tag, body in tags.items():
        digest = digest_of(body)
        (folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).write_bytes(body)
        manifests.append({"digest": digest, "annotations": {"org.opencontainers.image.ref.name": tag}})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))
    return folder
