"""dlaasgen's own prototypes in a ksonnet application, and their files copied into it when one is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.adapters import ksonnet_files, project
from dlaasgen.adapters.jsonnet import Library
from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding
from dlaasgen.ksonnet import shipped

if TYPE_CHECKING:
    from dlaasgen.ksonnet.headers import Header
    from dlaasgen.pipeline.ksonnet import App


def _library() -> Library:
    return Library([project.shipped_prototypes()])


def shipped_headers() -> list[Header]:
    """The shipped prototypes, by name."""
    library = _library()
    return [shipped.header(library.prototype(name), name) for name in library.names()]


def copied(app: App, header: Header) -> dict[str, str]:
    """The files that the application lacks for a prototype that dlaasgen ships: path -> text.

    Raises UsageError when it has other ones already, which its components use.
    """
    library = _library()
    if header.file.startswith("vendor/"):
        return {}
    files = shipped.files(dict(library.sources(header.name)))
    there = {p: ksonnet_files.read(app.root, p) for p in files if ksonnet_files.exists(app.root, p)}
    for path, text in there.items():
        if text != files[path]:
            hint = f"remove {shipped.FOLDER} to take this dlaasgen's, which its other components then use too"
            raise UsageError([Finding("A104", "another version of a shipped prototype is there", file=path, hint=hint)])
    return {p: text for p, text in files.items() if p not in there}
