"""dlaasgen images against the distribution registry itself (Debian's docker-registry), where it is installed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from launching import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support import Run

pytestmark = pytest.mark.outside
PROGRAM = shutil.which("docker-registry") or shutil.which("registry")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Registry:
    """The registry, and what a client that pushes does."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.sizes: dict[str, int] = {}

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/octet-stream") -> str:
        """The Location of the answer."""
        url = path if path.startswith("http") else f"http://{self.host}/v2/{path}"
        request = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": kind})  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return str(answer.headers.get("Location", ""))

    def push(self, name: str, tag: str, text: str) -> str:
        """An image without layers, whose configuration holds the text; its digest."""
        config = json.dumps({"architecture": "amd64", "os": "linux", "author": text}).encode()
        digest = "sha256:" + hashlib.sha256(config).hexdigest()
        place = self.ask("POST", f"{name}/blobs/uploads/", b"")
        self.ask("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", config)
        kind = "application/vnd.oci.image.config.v1+json"
        described = {"mediaType": kind, "digest": digest, "size": len(config)}
        return self.put(name, tag, {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []})

    def put(self, name: str, tag: str, manifest: dict[str, object]) -> str:
        """A manifest under a tag; its digest."""
        body = json.dumps(manifest).encode()
        self.ask("PUT", f"{name}/manifests/{tag}", body, str(manifest["mediaType"]))
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        self.sizes[digest] = len(body)
        return digest


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry that keeps its images in a folder of the test's."""
    if PROGRAM is None:
        pytest.skip("needs the distribution registry: Debian's package docker-registry")
    host = f"127.0.0.1:{free_ports(1)[0]}"
    storage = {"filesystem": {"rootdirectory": str(tmp_path / "registry")}, "delete": {"enabled": True}}
    config = tmp_path / "config.yml"
    config.write_text(json.dumps({"version": 0.1, "storage": storage, "http": {"addr": host}}))
    with (tmp_path / "registry.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "serve", str(config)], stdout=log, stderr=log)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://{host}/v2/", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "registry.log").read_text()
                time.sleep(0.05)
        yield Registry(host)
    finally:
        process.terminate()
        process.wait()


def test_the_distribution_registry_is_locked_followed_and_verified(
    dlaasgen: Run, registry: Registry, tmp_path: Path
) -> None:
    first = registry.push("acme/mkl", "1.4", "first")
    image = f"{registry.host}/acme/mkl:1.4"
    assert f"mkl: {image} is {first} (new)" in dlaasgen("images", "lock", f"mkl={image}", cwd=tmp_path).ok().out
    dlaasgen("images", "verify", cwd=tmp_path).ok()

    second = registry.push("acme/mkl", "1.4", "second")
    moved = dlaasgen("images", "verify", cwd=tmp_path).exits(1).err
    assert "error[I103]" in moved
    assert second in moved
    assert f"mkl: {image} is {second} (changed)" in dlaasgen("images", "lock", cwd=tmp_path).ok().out

    registry.ask("DELETE", f"acme/mkl/manifests/{second}")
    assert "error[I102]" in dlaasgen("images", "verify", cwd=tmp_path).exits(9).err
    missing = dlaasgen("images", "lock", f"x={registry.host}/acme/other:1", cwd=tmp_path).exits(9).err
    assert f"{registry.host} has no such image" in missing


def test_an_image_for_several_machines_is_locked_by_its_index(
    dlaasgen: Run, registry: Registry, tmp_path: Path
) -> None:
    digest = registry.push("acme/mkl", "amd64", "one")
    platform = {"architecture": "amd64", "os": "linux"}
    entry = {"mediaType": MANIFEST, "digest": digest, "size": registry.sizes[digest], "platform": platform}
    index = registry.put("acme/mkl", "all", {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})
    done = dlaasgen("images", "lock", f"mkl={registry.host}/acme/mkl:all", cwd=tmp_path).ok()
    assert f"is {index} (new)" in done.out
