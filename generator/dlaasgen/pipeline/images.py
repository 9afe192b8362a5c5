"""List, lock and verify the images that matrices name, and build those of this project."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dlaasgen.adapters import image_builder, matrix_files, registry
from dlaasgen.errors import DriftError, ImageError, UsageError
from dlaasgen.findings import Finding, did_you_mean
from dlaasgen.images_lock import FILE, NAME, ImageLock, LockedImage, dump, split_reference
from dlaasgen.matrix_faults import listed, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dlaasgen.images_build import Build

_OCI = "oci:"


@dataclass(frozen=True, slots=True)
class Change:
    """What locking did to one image: `before` is None for a new one."""

    image: LockedImage
    before: str | None

    @property
    def changed(self) -> bool:
        """Whether matrices get another image now."""
        return self.before != self.image.pinned


def read(lock: str | None) -> ImageLock:
    """The lock of images: the file that is named, or the nearest one; empty when there is none yet."""
    path = lock or matrix_files.find_lock("")
    if path is None or (lock is not None and not os.path.exists(lock)):
        return ImageLock({}, lock or FILE)
    return replace(matrix_files.read_lock(path), file=path)


def chosen(lock: ImageLock, names: Sequence[str]) -> list[LockedImage]:
    """The locked images of these names; all, when none is named. Raises UsageError."""
    unknown = [name for name in names if name not in lock.images]
    if unknown:
        raise UsageError([_unknown(lock, name) for name in unknown])
    return [image for name, image in lock.images.items() if not names or name in names]


def _unknown(lock: ImageLock, name: str) -> Finding:
    hint = did_you_mean(name, lock.images)
    expected = None if hint else listed(lock.images) or None
    return Finding("I104", f"the lock has no image {quoted(name)}", file=lock.file, expected=expected, hint=hint)


def lock_images(lock: ImageLock, wanted: Sequence[str], source: str | None, *, write: bool = True) -> list[Change]:
    """Looks up what each tag means now and puts it into the lock. `wanted` are names, or NAME=IMAGE; none means all.

    `source` is oci:FOLDER[:TAG] for an image that is not in its registry yet. Raises UsageError, ImageError.
    """
    images = _wanted(lock, wanted)
    if source is not None and len(images) != 1:
        raise UsageError([Finding("I104", "--from is for one image", expected="one NAME or NAME=IMAGE")])
    faults: list[Finding] = []
    changes = []
    for image in images:
        with _collected(faults, image, lock):
            found = _layout(source) if source is not None else _digest(image, image.tag)
            old = lock.images.get(image.name)
            note = old.note if old is not None and old.pinned == f"{image.repository}@{found}" else None
            changes.append(Change(replace(image, digest=found, note=note), None if old is None else old.pinned))
    if faults:
        raise ImageError(faults)
    if write and changes:
        new = {**lock.images, **{c.image.name: c.image for c in changes}}
        matrix_files.write_lock(lock.file or FILE, dump(ImageLock(new)))
    return changes


def _wanted(lock: ImageLock, wanted: Sequence[str]) -> list[LockedImage]:
    if not wanted:
        return list(lock.images.values())
    faults = []
    images = []
    for text in wanted:
        name, equals, reference = text.partition("=")
        parts = split_reference(reference) if equals else None
        if not equals and name in lock.images:
            images.append(lock.images[name])
        elif not equals:
            faults.append(_unknown(lock, name))
        elif parts is None or not NAME.fullmatch(name):
            expected = "NAME=[registry/]name[:tag], in lower case"
            faults.append(Finding("I104", "this names no image", found=quoted(text), expected=expected))
        else:
            images.append(LockedImage(name, *parts, digest=""))
    if faults:
        raise UsageError(faults)
    return images


def verify(lock: ImageLock, names: Sequence[str]) -> list[LockedImage]:
    """Asks for every image's digest and tag. Raises DriftError for what the lock no longer matches, ImageError."""
    moved: list[Finding] = []
    faults: list[Finding] = []
    images = chosen(lock, names)
    for image in images:
        with _collected(faults, image, lock):
            _digest(image, image.digest)
            now = _digest(image, image.tag)
            if now != image.digest:
                moved.append(
                    Finding(
                        "I103",
                        f"{image.image} is another image now",
                        file=lock.file,
                        path=f"images.{image.name}.digest",
                        found=image.digest,
                        expected=now,
                        hint=f"`dlaasgen images lock {image.name}` follows it",
                    )
                )
    if faults:
        raise ImageError([*faults, *moved])
    if moved:
        raise DriftError(moved)
    return images


def _digest(image: LockedImage, reference: str) -> str:
    return registry.digest(image.repository, reference, os.environ)


def _layout(source: str) -> str:
    folder, tag = source.removeprefix(_OCI), None
    if not image_builder.folder(folder):
        folder, _, tag = folder.rpartition(":")
    if not source.startswith(_OCI) or not folder:
        expected = "oci:FOLDER or oci:FOLDER:TAG"
        raise UsageError([Finding("I104", "--from names no OCI layout", found=quoted(source), expected=expected)])
    return registry.layout_digest(folder, tag)


@contextlib.contextmanager
def _collected(faults: list[Finding], image: LockedImage, lock: ImageLock) -> Iterator[None]:
    """What a registry objects to becomes a finding; the other images are still asked for."""
    try:
        yield
    except registry.RegistryError as error:
        code = "I102" if isinstance(error, registry.AbsentError) else "I101"
        about = f"{image.name} ({image.image})"
        faults.append(Finding(code, f"{about}: {error}", file=lock.file, path=f"images.{image.name}", hint=image.note))


def build(
    builds: Iterable[Build], folder: str, engine: str | None, benchmarks: str | None, told: Callable[[str], None]
) -> None:
    """Builds images in order. Raises UsageError when there is no engine or no folder, ImageError when one fails."""
    from dlaasgen.images_build import command

    path = image_builder.find(engine)
    if path is None:
        message = f"{engine} is not on PATH" if engine else "neither buildah nor podman nor docker is on PATH"
        raise UsageError([Finding("I110", message)])
    for place, what in ((folder, "images"), (benchmarks, "benchmarks")):
        if place is not None and not image_builder.folder(place):
            raise UsageError([Finding("I112", f"there is no folder {quoted(place)} of {what}")])
    with tempfile.TemporaryDirectory(prefix="dlaasgen-images-") as staged:
        context = folder
        if benchmarks is not None:
            try:
                image_builder.stage(folder, benchmarks, staged)
            except OSError as error:
                message = (
                    f"{quoted(benchmarks)} holds no scripts/tf_cnn_benchmarks: {error.strerror or 'cannot be copied'}"
                )
                raise UsageError([Finding("I112", message)]) from None
            context = staged
        for one in builds:
            told(f"building {one.tag}")
            code = image_builder.run(command(path, one, context))
            if code:
                raise ImageError(
                    [Finding("I111", f"{one.name} could not be built: {os.path.basename(path)} ended with {code}")]
                )


def used_by(paths: Sequence[str]) -> Mapping[str, list[str]]:
    """Image name -> the matrices that name it, of the matrix files that paths mean."""
    used: dict[str, list[str]] = {}
    for file in matrix_files.find(paths):
        matrix = matrix_files.read(file)
        for name in matrix.images:
            used.setdefault(name, []).append(matrix.name)
    return used
