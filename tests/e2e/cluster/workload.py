"""Builds the images that pods run, with buildah: a base from Debian's packages, the pause image, the benchmark's image.

No registry is asked. The benchmark is the stand-in, or that of the checkout of tensorflow/benchmarks that TF_BENCHMARKS
names, which needs TensorFlow in the base image.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.cluster import builds, configs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]
WORKLOAD = ROOT / "tests" / "e2e" / "workload"
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
BASE_PACKAGES = ("libpython3-stdlib", "python-is-python3", "python3-minimal")
# Of no use in an image, and more than half of it.
DROPPED = (
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/zoneinfo",
    "var/cache/apt",
    "var/lib/apt/lists",
)
IMAGE = "dlaasgen.example/benchmark:e2e"


def build(say: Callable[[str], None]) -> dict[str, Path]:
    """The archives of the images by short name, after building what is not built yet."""
    with builds.locked("images"), tempfile.TemporaryDirectory(prefix="context-", dir=builds.cache()) as made:
        context = Path(made)
        _context(context)
        target = builds.cache() / f"images-{_digest(context)}"
        if not target.is_dir():
            started = time.monotonic()
            base = _base(say)
            say("building the images ...")
            making = target.with_name(f".{target.name}.making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            _image(context / "pause", configs.PAUSE, making / "pause.tar")
            _image(context, IMAGE, making / "benchmark.tar", f"--build-arg=BASE={base}")
            making.rename(target)
            say(f"built the images in {time.monotonic() - started:.0f} s")
    return {name: target / f"{name}.tar" for name in ("pause", "benchmark")}


def _context(folder: Path) -> None:
    """The files that the images are made of, laid out as the Dockerfiles want them."""
    (folder / "pause").mkdir()
    for source, name in (
        (Path("/bin/busybox"), "pause/busybox"),
        (WORKLOAD / "pause" / "Dockerfile", "pause/Dockerfile"),
        (WORKLOAD / "Dockerfile", "Dockerfile"),
        (ROOT / "images" / "launcher.py", "launcher.py"),
    ):
        shutil.copy(source, folder / name)
    scripts = Path("scripts") / "tf_cnn_benchmarks"
    checkout = os.environ.get("TF_BENCHMARKS") or ROOT / "images" / "standin"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(checkout) / scripts, folder / "tf-benchmarks" / scripts, ignore=ignored)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256(repr((SUITE, BASE_PACKAGES, DROPPED)).encode())
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _base(say: Callable[[str], None]) -> str:
    """The name of the base image in buildah's storage."""
    digest = hashlib.sha256(repr((SUITE, BASE_PACKAGES, DROPPED)).encode()).hexdigest()[:16]
    name = f"localhost/dlaasgen-base:{digest}"
    if _buildah("images", "--quiet", "--filter", f"reference={name}").strip():
        return name
    say("building the base image with debootstrap ...")
    with tempfile.TemporaryDirectory(prefix="base-", dir=builds.cache()) as made:
        root = Path(made) / "root"
        _run("debootstrap", "--variant=minbase", f"--include={','.join(BASE_PACKAGES)}", SUITE, str(root), MIRROR)
        for path in DROPPED:
            shutil.rmtree(root / path, ignore_errors=True)
        for package in root.glob("var/cache/apt/archives/*.deb"):
            package.unlink()
        container = _buildah("from", "scratch").strip()
        _buildah("add", "--quiet", container, str(root), "/")
        _buildah("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container)
        _buildah("commit", "--quiet", "--rm", container, name)
    return name


def _image(context: Path, name: str, archive: Path, *options: str) -> None:
    _buildah("bud", "--isolation=chroot", "--layers=false", "--quiet", f"--tag={name}", *options, str(context))
    _buildah("push", "--quiet", name, f"docker-archive:{archive}:{name}")


def _buildah(*args: str) -> str:
    """With a storage of our own: the machine's is not ours to fill."""
    with _policy() as policy:
        storage = builds.cache() / "buildah"
        return _run(
            "buildah", "--storage-driver=vfs", f"--root={storage}/root", f"--runroot={storage}/run",
            *_with_policy(args, policy),
        )  # fmt: skip


def _with_policy(args: tuple[str, ...], policy: Path) -> list[str]:
    taking = ("from", "bud", "commit", "push")
    return [args[0], *([f"--signature-policy={policy}"] if args[0] in taking else []), *args[1:]]


@contextmanager
def _policy() -> Iterator[Path]:
    """What buildah would read from /etc/containers: every image here is our own."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write('{"default": [{"type": "insecureAcceptAnything"}]}')
        file.flush()
        yield Path(file.name)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise builds.BuildError(f"{' '.join(command)}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout
