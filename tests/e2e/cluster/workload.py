"""Builds the images that pods run, with buildah: on a base from Debian's packages, by the project's own Dockerfiles.

No registry is asked. The benchmark is the stand-in, or that of the checkout of tensorflow/benchmarks that TF_BENCHMARKS
names, with TensorFlow from PyPI.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.cluster import builds, configs

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
IMAGES = ROOT / "images"
STANDIN = IMAGES / "standin"
SUITE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
PREFIX, TAG = "dlaasgen.example/", "e2e"
KEPT = 3
# It keeps a pod's network namespace, by waiting.
PAUSE = """\
FROM scratch
COPY busybox /bin/busybox
ENTRYPOINT ["/bin/busybox", "sleep", "1000000000"]
"""


def build(say: Callable[[str], None]) -> dict[str, Path]:
    """The archives of the images by short name, after building what is not built yet."""
    with builds.locked("images"):
        target = builds.cache() / f"images-{_digest()}"
        if not target.is_dir():
            started = time.monotonic()
            base = _base(say)
            say("building the images ...")
            making = target.with_name(f".{target.name}.making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            _pause(making / "pause.tar")
            _benchmark(base, making / "benchmark.tar")
            making.rename(target)
            _forget()
            say(f"built the images in {time.monotonic() - started:.0f} s")
    return {name: target / f"{name}.tar" for name in ("pause", "benchmark")}


def _forget() -> None:
    """Removes images that newer ones have taken the place of: each change of images/ makes 250 MB."""
    made = sorted(builds.cache().glob("images-*"), key=lambda folder: folder.stat().st_mtime)
    for folder in made[:-KEPT]:
        shutil.rmtree(folder)
    _run("buildah", "rmi", "--prune")


def _benchmarks() -> Path:
    return Path(os.environ.get("TF_BENCHMARKS") or STANDIN).absolute()


def _digest() -> str:
    """Of everything that the images are made of."""
    digest = hashlib.sha256(repr((SUITE, PACKAGES, PAUSE, PREFIX, str(_benchmarks()))).encode())
    for file in sorted(path for path in IMAGES.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        digest.update(f"{file.relative_to(IMAGES)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _base(say: Callable[[str], None]) -> str:
    """The name, in buildah's storage, of an image of Debian's packages."""
    digest = hashlib.sha256(repr((SUITE, PACKAGES)).encode()).hexdigest()[:16]
    name = f"localhost/dlaasgen-os:{digest}"
    if _run("buildah", "images", "--quiet", "--filter", f"reference={name}").strip():
        return name
    say("building the base image ...")
    with tempfile.TemporaryDirectory(prefix="base-", dir=builds.cache()) as made:
        _run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", SUITE, f"{made}/root.tar")
        (Path(made) / "Dockerfile").write_text("FROM scratch\nADD root.tar /\n", encoding="utf-8")
        _run("buildah", "build", "--quiet", f"--tag={name}", made)
    return name


def _pause(archive: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="pause-", dir=builds.cache()) as made:
        shutil.copy("/bin/busybox", made)
        (Path(made) / "Dockerfile").write_text(PAUSE, encoding="utf-8")
        _run("buildah", "build", "--quiet", f"--tag={configs.PAUSE}", made)
    _archive(configs.PAUSE, archive)


def _benchmark(base: str, archive: Path) -> None:
    """By the project's own Dockerfiles and command. The stand-in needs nothing from PyPI."""
    dlaasgen = Path(sys.executable).with_name("dlaasgen")
    options = [f"--prefix={PREFIX}", f"--tag={TAG}", f"--benchmarks={_benchmarks()}"]
    if _benchmarks() == STANDIN:
        options.append("--build-arg=REQUIREMENTS=standin/requirements.txt")
    arguments = ["--build-arg=OS=none", f"--build-arg=OS_IMAGE={base}", "base", "eigen", "benchmarks-eigen"]
    _run(str(dlaasgen), "images", "build", "--engine=buildah", *options, *arguments)
    _archive(f"{PREFIX}benchmarks-eigen:{TAG}", archive)


def _archive(name: str, archive: Path) -> None:
    _run("buildah", "push", "--quiet", name, f"docker-archive:{archive}:{name}")


def _run(*command: str) -> str:
    """With a storage of our own: the machine's is not ours to fill. chroot needs no privileges beyond root's."""
    storage = builds.cache() / "buildah"
    storage.mkdir(exist_ok=True)
    places = f'driver = "vfs"\ngraphroot = "{storage}/root"\nrunroot = "{storage}/run"\n'
    (storage / "storage.conf").write_text(f"[storage]\n{places}", encoding="utf-8")
    own = {"BUILDAH_ISOLATION": "chroot", "CONTAINERS_STORAGE_CONF": str(storage / "storage.conf")}
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise builds.BuildError(f"{' '.join(command)}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout
