"""The lock of images: which image, by digest, a matrix means by `image:NAME`. No I/O here.

A matrix that says `value: image:mkl` stays as it is when the image is built anew: the digest is in images.lock.yaml, so
that an update is one line for a reviewer. docs/images.md describes the file for users.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlaasgen.findings import did_you_mean
from dlaasgen.matrix import API_VERSION
from dlaasgen.matrix_faults import Faults, listed, named, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dlaasgen.findings import Finding
    from dlaasgen.matrix import Json, Path, Where

FILE = "images.lock.yaml"
HEADER = "# Which image a matrix means by image:NAME. `dlaasgen images lock` writes this file; review its changes.\n"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?", re.ASCII)

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"
_REFERENCE = re.compile(
    rf"(?P<repository>(?:{_HOST}/)?{_PART}(?:/{_PART})*)(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?", re.ASCII
)
_LONGEST = 512
_IMAGE_RULE = "[registry/]name[:tag], in lower case, such as ghcr.io/acme/benchmarks-mkl:1.4"
_PREFIX = "image:"


@dataclass(frozen=True, slots=True)
class LockedImage:
    """One image: the reference that it follows (repository and tag), and the digest that matrices get."""

    name: str
    repository: str
    tag: str
    digest: str
    note: str | None = None

    @property
    def image(self) -> str:
        """repository:tag, which may come to mean another image."""
        return f"{self.repository}:{self.tag}"

    @property
    def pinned(self) -> str:
        """repository@digest, which cannot."""
        return f"{self.repository}@{self.digest}"


@dataclass(frozen=True, slots=True)
class ImageLock:
    """The images of a lock file by name, in the order of the file."""

    images: Mapping[str, LockedImage] = field(default_factory=dict)
    file: str | None = None


def split_reference(text: str) -> tuple[str, str] | None:
    """(repository, tag) of a reference without a digest; the tag is latest unless given. None for what is none."""
    match = _REFERENCE.fullmatch(text) if len(text) <= _LONGEST else None
    return None if match is None else (match["repository"], match["tag"] or "latest")


def parse(
    document: Json, where: Where | None = None, file: str | None = None, known: Iterable[Finding] = ()
) -> ImageLock:
    """The lock that a document describes. Raises MatrixError with all problems at once."""
    faults = Faults(file, where, tuple(known))
    images: dict[str, LockedImage] = {}
    if not isinstance(document, dict):
        faults.add("M161", (), "a lock of images is an object", expected="apiVersion and images")
        document = {}
    for key in document:
        if key not in ("apiVersion", "images"):
            faults.add("M161", (key,), f"a lock of images has no key {named(key)}", expected="apiVersion and images")
    if document.get("apiVersion", API_VERSION) != API_VERSION:
        found = quoted(document["apiVersion"])
        faults.add("M161", ("apiVersion",), "the lock is of another version", found=found, expected=API_VERSION)
    entries = document.get("images", {})
    if not isinstance(entries, dict):
        faults.add(
            "M161", ("images",), "images is no object", found=quoted(entries), expected="{NAME: {image, digest}}"
        )
        entries = {}
    for name, entry in entries.items():
        image = _entry(name, entry, ("images", name), faults)
        if image is not None:
            images[name] = image
    faults.raise_any()
    return ImageLock(images, file)


def _entry(name: str, entry: Json, path: Path, faults: Faults) -> LockedImage | None:
    if not NAME.fullmatch(name):
        expected = "lower-case letters, digits, '.', '_' and '-', at most 63"
        faults.add("M161", path, f"{quoted(name)} cannot be the name of an image", expected=expected, key=True)
    if not isinstance(entry, dict):
        faults.add("M161", path, "an image is an object", found=quoted(entry), expected="{image: ..., digest: ...}")
        return None
    for key in entry:
        if key not in ("image", "digest", "note"):
            faults.add("M161", (*path, key), f"an image has no key {named(key)}", expected="image, digest or note")
    reference = split_reference(entry["image"]) if isinstance(entry.get("image"), str) else None
    digest = entry.get("digest")
    if reference is None:
        found = quoted(entry.get("image"))
        faults.add("M161", (*path, "image"), "image is no reference", found=found, expected=_IMAGE_RULE)
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        expected = "sha256: and 64 hexadecimal digits"
        faults.add("M161", (*path, "digest"), "digest is none", found=quoted(digest), expected=expected)
        digest = None
    note = entry.get("note")
    if note is not None and not isinstance(note, str):
        faults.add("M161", (*path, "note"), "note is no text", found=quoted(note))
    if reference is None or digest is None:
        return None
    return LockedImage(name, *reference, digest, note)


def dump(lock: ImageLock) -> str:
    """The text of a lock file: block style, so that a new digest is one changed line."""
    from dlaasgen.canonical import dump as dump_yaml

    images = {
        i.name: {"image": i.image, "digest": i.digest, **({} if i.note is None else {"note": i.note})}
        for i in lock.images.values()
    }
    return HEADER + dump_yaml({"apiVersion": API_VERSION, "images": images})


def refers(document: Json) -> bool:
    """Whether anything in a matrix document looks like `image:NAME`."""
    if isinstance(document, dict):
        return any(map(refers, document.values()))
    if isinstance(document, list):
        return any(map(refers, document))
    return isinstance(document, str) and _named(document) is not None


def _named(value: Json) -> str | None:
    """NAME of `image:NAME`."""
    if not isinstance(value, str) or not value.startswith(_PREFIX):
        return None
    name = value[len(_PREFIX) :]
    return name if NAME.fullmatch(name) else None


@dataclass(slots=True)
class _Resolver:
    """Puts pinned images in the place of names, and remembers which."""

    lock: ImageLock | None
    faults: Faults
    used: dict[str, str] = field(default_factory=dict)

    def text(self, value: Json, path: Path) -> Json:
        """The value, pinned if it is `image:NAME`."""
        name = _named(value)
        if name is None:
            return value
        image = None if self.lock is None else self.lock.images.get(name)
        if image is None:
            self._unknown(name, path)
            return value
        self.used[name] = image.pinned
        return image.pinned

    def _unknown(self, name: str, path: Path) -> None:
        if self.lock is None:
            message, expected = f"there is no {FILE} that says which image {named(name)} is", None
            hint = f"`dlaasgen images lock {name}=REGISTRY/IMAGE:TAG` makes it"
        else:
            message = f"{self.lock.file or FILE} has no image {named(name)}"
            near = did_you_mean(name, self.lock.images)
            expected = None if near else listed(map(named, self.lock.images)) or None
            hint = near or f"`dlaasgen images lock {name}=REGISTRY/IMAGE:TAG` adds it"
        self.faults.add("M160", path, message, found=quoted(_PREFIX + name), expected=expected, hint=hint)

    def each(self, holder: Json, path: Path) -> Json:
        """An object's values, and those of lists in it: parameters, or an exclude entry's alternatives."""
        if not isinstance(holder, dict):
            return holder
        return {
            key: [self.text(v, (*path, key, n)) for n, v in enumerate(value)]
            if isinstance(value, list)
            else self.text(value, (*path, key))
            for key, value in holder.items()
        }

    def axis_value(self, value: Json, path: Path) -> Json:
        """A value of an axis. A bare `image:NAME` has the name for its id."""
        name = _named(value)
        if name is not None:
            return {"id": name, "value": self.text(value, path)}
        if isinstance(value, dict):
            return {k: v if k == "id" else self.text(v, (*path, k)) for k, v in value.items()}
        return value

    def include(self, entry: Json, axes: Mapping[str, Json], path: Path) -> Json:
        """An include entry. What is a value of the axis already is named by it; else it is a new one."""
        if not isinstance(entry, dict):
            return entry
        return {
            key: [self._included(v, axes.get(key), (*path, key, n)) for n, v in enumerate(value)]
            if isinstance(value, list)
            else self._included(value, axes.get(key), (*path, key))
            for key, value in entry.items()
        }

    def _included(self, value: Json, axis: Json, path: Path) -> Json:
        if not isinstance(axis, list):
            return self.text(value, path)
        new = self.axis_value(value, path)
        if isinstance(value, str) and any(
            isinstance(v, dict) and v.get("value") == self.text(value, path) for v in axis
        ):
            return self.text(value, path)
        return new


def resolve(
    document: dict[str, Json], lock: ImageLock | None, faults: Faults
) -> tuple[dict[str, Json], dict[str, str]]:
    """(the document with each `image:NAME` pinned, the names that it used -> what they are).

    A name that the lock does not have is a fault (M160).
    """
    if not refers(document):
        return document, {}
    resolver = _Resolver(lock, faults)
    new = dict(document)
    new["params"] = resolver.each(document.get("params", {}), ("params",))
    if isinstance(document.get("axes"), dict):
        new["axes"] = {
            name: [resolver.axis_value(v, ("axes", name, n)) for n, v in enumerate(values)]
            if isinstance(values, list)
            else values
            for name, values in document["axes"].items()
        }
    for key in ("exclude", "include"):
        if isinstance(document.get(key), list):
            axes = new.get("axes") if isinstance(new.get("axes"), dict) else {}
            new[key] = [
                resolver.each(entry, (key, n)) if key == "exclude" else resolver.include(entry, axes or {}, (key, n))
                for n, entry in enumerate(document[key])
            ]
    return new, dict(sorted(resolver.used.items()))
