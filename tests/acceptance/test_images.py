"""dlaasgen images against a registry on this machine and OCI layouts: list, lock, verify, build."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from registries import Registry, digest_of, layout, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support import Run

pytestmark = pytest.mark.outside
TOKEN = "abc"  # noqa: S105
ONE, TWO = b'{"one": 1}', b'{"two": 2}'


@pytest.fixture
def registry() -> Iterator[Registry]:
    with running() as server:
        server.tags = {"acme/mkl:1.4": ONE, "acme/eigen:latest": TWO}
        yield server


def test_a_lock_is_made_followed_and_verified(dlaasgen: Run, registry: Registry, tmp_path: Path) -> None:
    mkl = f"{registry.host}/acme/mkl"
    done = dlaasgen("images", "lock", f"mkl={mkl}:1.4", f"eigen={registry.host}/acme/eigen", cwd=tmp_path).ok()
    assert f"mkl: {mkl}:1.4 is {digest_of(ONE)} (new)" in done.out
    before = (tmp_path / "images.lock.yaml").read_text()
    assert dlaasgen("images", "lock", cwd=tmp_path).ok().out.count("(unchanged)") == 2
    assert (tmp_path / "images.lock.yaml").read_text() == before
    assert dlaasgen("images", "list", "mkl", "--output", "json", cwd=tmp_path).ok().data == [
        {
            "name": "mkl",
            "image": f"{mkl}:1.4",
            "digest": digest_of(ONE),
            "pinned": f"{mkl}@{digest_of(ONE)}",
            "note": None,
        }
    ]
    dlaasgen("images", "verify", cwd=tmp_path).ok()

    registry.tags["acme/mkl:old"], registry.tags["acme/mkl:1.4"] = ONE, b"{}"
    moved = dlaasgen("images", "verify", cwd=tmp_path).exits(1)
    assert (
        f"images.lock.yaml: images.mkl.digest: error[I103]: {mkl}:1.4 is another image now; found {digest_of(ONE)}; "
        f"expected {digest_of(b'{}')}; `dlaasgen images lock mkl` follows it"
    ) in moved.err
    dry = dlaasgen("images", "lock", "mkl", "--dry-run", "--output", "json", cwd=tmp_path).ok().data
    assert dry == [
        {
            "name": "mkl",
            "image": f"{mkl}:1.4",
            "digest": digest_of(b"{}"),
            "changed": True,
            "before": f"{mkl}@{digest_of(ONE)}",
        }
    ]
    assert (tmp_path / "images.lock.yaml").read_text() == before
    dlaasgen("images", "lock", "mkl", cwd=tmp_path).ok()
    after = (tmp_path / "images.lock.yaml").read_text()
    changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert changed == [(f"    digest: {digest_of(ONE)}", f"    digest: {digest_of(b'{}')}")]


def test_a_digest_that_is_gone_is_told(dlaasgen: Run, registry: Registry, tmp_path: Path) -> None:
    dlaasgen("images", "lock", f"mkl={registry.host}/acme/mkl:1.4", cwd=tmp_path).ok()
    registry.tags["acme/mkl:1.4"] = TWO
    gone = dlaasgen("images", "verify", cwd=tmp_path).exits(9)
    assert f"error[I102]: mkl ({registry.host}/acme/mkl:1.4): {registry.host} has no such image" in gone.err


@pytest.mark.parametrize("login", [None, "user:password"])
def test_a_token_is_sent_for(dlaasgen: Run, registry: Registry, tmp_path: Path, login: str | None) -> None:
    registry.token = TOKEN
    env = {"DOCKER_CONFIG": str(tmp_path)}
    if login:
        text = base64.b64encode(login.encode()).decode()
        registry.login = f"Basic {text}"
        line = ("images", "lock", f"mkl={registry.host}/acme/mkl:1.4")
        refused = dlaasgen(*line, cwd=tmp_path, env=env).exits(9)
        assert f"{registry.host} does not accept the login" in refused.err
        (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": text}}}))
    dlaasgen("images", "lock", f"mkl={registry.host}/acme/mkl:1.4", cwd=tmp_path, env=env).ok()
    assert "/token?scope=repository%3Ax%3Apull&service=here" in registry.seen


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, {}, b""), "answers 500 Internal Server Error"),
        ((404, {}, b""), "has no such image"),
        ((200, {}, b"x" * (4 * 1024 * 1024 + 1)), "sends a manifest of more than 4 MiB"),
        ((200, {"Docker-Content-Digest": "sha256:" + "0" * 64}, b"{}"), "says that its digest is sha256:000"),
        ((401, {"WWW-Authenticate": "Basic"}, b""), "the registry wants a login"),
        (
            (401, {"WWW-Authenticate": 'Bearer realm="file:///etc/passwd"'}, b""),
            "sends for a token to 'file:///etc/passwd'",
        ),
        ((401, {"WWW-Authenticate": 'Bearer realm="ftp://a.b/x"'}, b""), "sends for a token to 'ftp://a.b/x'"),
    ],
)
def test_what_a_registry_does_wrong_is_told_in_one_line(
    dlaasgen: Run, registry: Registry, tmp_path: Path, answer: tuple[int, dict[str, str], bytes], said: str
) -> None:
    registry.odd["/v2/acme/mkl/manifests/1.4"] = answer
    done = dlaasgen("images", "lock", f"mkl={registry.host}/acme/mkl:1.4", cwd=tmp_path).exits(9)
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "images.lock.yaml").exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token": "a\\nb"}', b'{"token": 1}'])
def test_what_is_no_token_is_told(dlaasgen: Run, registry: Registry, tmp_path: Path, body: bytes) -> None:
    registry.token = TOKEN
    registry.odd["/token?scope=repository%3Ax%3Apull&service=here"] = (200, {}, body)
    done = dlaasgen("images", "lock", f"mkl={registry.host}/acme/mkl:1.4", cwd=tmp_path).exits(9)
    assert "gives no token" in done.err


def test_a_registry_that_is_not_there_is_told_with_its_note(dlaasgen: Run, tmp_path: Path) -> None:
    lock = "images: {a: {image: 127.0.0.1:1/a, digest: sha256:" + "1" * 64 + ", note: an example}}\n"
    (tmp_path / "images.lock.yaml").write_text(lock)
    done = dlaasgen("images", "verify", cwd=tmp_path).exits(9)
    assert "error[I101]: a (127.0.0.1:1/a:latest): 127.0.0.1:1 cannot be reached: " in done.err
    assert done.err.endswith("; an example\n")
    assert "an example" in dlaasgen("images", "list", cwd=tmp_path).ok().out


def test_a_layout_gives_the_digest_before_anything_is_pushed(dlaasgen: Run, tmp_path: Path) -> None:
    layout(tmp_path / "oci", v1=ONE, v2=TWO)
    line = ("images", "lock", "mkl=ghcr.io/acme/mkl:1.4", "--from")
    assert digest_of(TWO) in dlaasgen(*line, "oci:oci:v2", cwd=tmp_path).ok().out
    assert "has 2 images: name one" in dlaasgen(*line, "oci:oci", cwd=tmp_path).exits(9).err
    assert "has no image v3" in dlaasgen(*line, "oci:oci:v3", cwd=tmp_path).exits(9).err
    assert "--from names no OCI layout" in dlaasgen(*line, "docker:oci", cwd=tmp_path).exits(2).err
    assert "cannot be read" in dlaasgen(*line, "oci:nowhere:v1", cwd=tmp_path).exits(9).err
    blob = tmp_path / "oci" / "blobs" / "sha256" / digest_of(ONE).removeprefix("sha256:")
    blob.write_bytes(b"changed")
    assert "is not what its name says" in dlaasgen(*line, "oci:oci:v1", cwd=tmp_path).exits(9).err
    blob.unlink()
    assert "cannot be read" in dlaasgen(*line, "oci:oci:v1", cwd=tmp_path).exits(9).err
    (tmp_path / "oci" / "index.json").write_text("[]")
    assert "lists no manifests" in dlaasgen(*line, "oci:oci:v1", cwd=tmp_path).exits(9).err
    (tmp_path / "oci" / "index.json").write_text("{")
    assert "is no JSON" in dlaasgen(*line, "oci:oci:v1", cwd=tmp_path).exits(9).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lock", "mlk"), 'the lock has no image "mlk"; did you mean mkl?'),
        (("list", "x"), 'the lock has no image "x"; expected mkl'),
        (("lock", "Bad=a"), 'this names no image; found "Bad=a"; expected NAME=[registry/]name[:tag], in lower case'),
        (("lock", "a=b@sha256:1"), "this names no image"),
        (("lock", "--from", "oci:x", "mkl", "a=b"), "--from is for one image"),
        (("build", "benchmark-mkl"), 'there is no image "benchmark-mkl" to build; did you mean benchmarks-mkl?'),
        (("build", "--folder", "nowhere", "base", "--engine", "docker"), "docker"),
    ],
)
def test_wrong_names_are_told(dlaasgen: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    lock = "images: {mkl: {image: a, digest: sha256:" + "1" * 64 + "}}\n"
    (tmp_path / "images.lock.yaml").write_text(lock)
    done = dlaasgen("images", *arguments, cwd=tmp_path, env={"PATH": ""}).exits(2)
    assert said in done.err
    assert (tmp_path / "images.lock.yaml").read_text() == lock


def test_without_a_lock_there_is_nothing_to_list(dlaasgen: Run, tmp_path: Path) -> None:
    assert "no image is locked" in dlaasgen("images", "list", cwd=tmp_path).ok().out
    assert "no image is locked" in dlaasgen("images", "lock", cwd=tmp_path).ok().out
    dlaasgen("images", "verify", cwd=tmp_path).ok()


def test_a_lock_that_may_not_be_written_is_told(dlaasgen: Run, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "images.lock.yaml.new").mkdir()
    done = dlaasgen("images", "lock", f"mkl={registry.host}/acme/mkl:1.4", cwd=tmp_path).exits(3)
    assert "error[M161]: the lock of images cannot be written: Is a directory" in done.err


ENGINE = """#!/bin/sh
printf '%s\\n' "$@" >> "$(dirname "$0")/seen"
echo "the engine says"
case "$*" in *eigen*) exit 7;; esac
"""


def test_the_engine_gets_arguments_that_no_shell_has_read(dlaasgen: Run, root: Path, tmp_path: Path) -> None:
    engine = tmp_path / "bin" / "podman"
    engine.parent.mkdir()
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    env = {"PATH": f"{engine.parent}{os.pathsep}/bin{os.pathsep}/usr/bin"}
    odd = "X=$(touch here) `id`; 'y'"
    line = ("images", "build", "--engine", "podman", "--folder", root / "images", "--tag", "t", "--build-arg", odd)
    done = dlaasgen(*line, "mkl", cwd=tmp_path, env=env).ok()
    assert done.out.splitlines()[-2:] == ["built dlaasgen/base:t", "built dlaasgen/mkl:t"]
    assert done.err.count("the engine says") == 2
    seen = (engine.parent / "seen").read_text().splitlines()
    assert seen.count(odd) == 2
    assert "PARENT_IMAGE=dlaasgen/base:t" in seen
    assert not (tmp_path / "here").exists()
    failed = dlaasgen(*line, "benchmarks-eigen", cwd=tmp_path, env=env).exits(9)
    assert "error[I111]: eigen could not be built: podman ended with 7" in failed.err


def test_a_checkout_of_the_benchmarks_is_staged(dlaasgen: Run, root: Path, tmp_path: Path) -> None:
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text('#!/bin/sh\nfor context in "$@"; do :; done\nfind "$context" -name tf_cnn_benchmarks.py\n')
    engine.chmod(0o755)
    env = {"PATH": f"{engine.parent}{os.pathsep}/bin{os.pathsep}/usr/bin"}
    line = ("images", "build", "--engine", "docker", "--folder", root / "images", "benchmarks-mkl")
    done = dlaasgen(*line, "--benchmarks", root / "images" / "standin", cwd=tmp_path, env=env).ok()
    assert "/benchmarks/scripts/tf_cnn_benchmarks/tf_cnn_benchmarks.py" in done.err
    said = dlaasgen(*line, "--benchmarks", tmp_path, cwd=tmp_path, env=env).exits(2).err
    assert "holds no scripts/tf_cnn_benchmarks" in said
    assert "there is no folder" in dlaasgen(*line, "--benchmarks", "x", cwd=tmp_path, env=env).exits(2).err


@pytest.mark.parametrize(
    ("arguments", "called"),
    [
        (("clearlinux", "build"), "bundle-add --no-boot-update python3-basic\n"),
        (("clearlinux", "run"), "bundle-add --no-boot-update python3-basic\n"),
        (("none", "run"), ""),
        (("fedora", "run"), None),
    ],
)
def test_python_comes_by_the_distributions_own_means(
    root: Path, tmp_path: Path, arguments: tuple[str, ...], called: str | None
) -> None:
    for program in ("swupd", "apt-get"):
        (tmp_path / program).write_text('#!/bin/sh\necho "$@" >> "$(dirname "$0")/called"\n')
        (tmp_path / program).chmod(0o755)
    line = ["/bin/sh", str(root / "images" / "install_os.sh"), *arguments, ""]
    env = {"PATH": f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"}
    done = subprocess.run(line, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == (2 if called is None else 0)
    assert (tmp_path / "called").read_text() == called if called else not (tmp_path / "called").exists()
    assert called is not None or "OS is debian, clearlinux or none, not fedora" in done.stderr


@pytest.mark.parametrize("engine", ["buildah", "podman", "docker"])
def test_each_engine_is_told_the_same(dlaasgen: Run, root: Path, tmp_path: Path, engine: str) -> None:
    line = ("images", "build", "--engine", engine, "--folder", root / "images", "--dry-run")
    clear = ("--build-arg", "OS=clearlinux", "--build-arg", "OS_IMAGE=docker.io/library/clearlinux:latest")
    first, last = dlaasgen(*line, *clear, "eigen", cwd=tmp_path).ok().out.splitlines()
    folder = f"{root}/images"
    given = "--build-arg OS=clearlinux --build-arg OS_IMAGE=docker.io/library/clearlinux:latest"
    assert first == f"{engine} build --file {folder}/base.Dockerfile --tag dlaasgen/base:latest {given} {folder}"
    parent = "--build-arg PARENT_IMAGE=dlaasgen/base:latest"
    assert (
        last == f"{engine} build --file {folder}/eigen.Dockerfile --tag dlaasgen/eigen:latest {parent} {given} {folder}"
    )


def test_what_would_be_built_can_be_seen(dlaasgen: Run, tmp_path: Path) -> None:
    done = dlaasgen(
        "images", "build", "--dry-run", "--prefix", "r.io/", "--build-arg", "A=b c", "mkl", cwd=tmp_path
    ).ok()
    assert done.out == (
        "buildah build --file images/base.Dockerfile --tag r.io/base:latest --build-arg 'A=b c' images\n"
        "buildah build --file images/mkl.Dockerfile --tag r.io/mkl:latest --build-arg PARENT_IMAGE=r.io/base:latest "
        "--build-arg 'A=b c' images\n"
    )
    assert "'x' is not NAME=VALUE" in dlaasgen("images", "build", "--build-arg", "x", cwd=tmp_path).exits(2).err
