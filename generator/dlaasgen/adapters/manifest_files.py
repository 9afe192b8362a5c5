"""Manifests on disk, whoever wrote them: YAML of one or more documents, or JSON. At least as strict as Kubernetes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = (".yaml", ".yml", ".json")
_LARGEST = 64 << 20
# What lies beside manifests in a tree and is none.
_NOT_MANIFESTS = frozenset({"kustomization.yaml", "index.json"})


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document. `data` is None when it could not be read, and `finding` then says why. `line` is 1-based."""

    file: str
    line: int
    data: Any
    finding: Finding | None = None


def find(path: str) -> list[str]:
    """The manifest files of a folder (all below it, sorted), or the file itself. Raises UsageError for none."""
    if os.path.isfile(path):
        return [path]
    if not os.path.isdir(path):
        folder = os.path.dirname(path) or "."
        near = did_you_mean(os.path.basename(path), os.listdir(folder)) if os.path.isdir(folder) else None
        raise UsageError([Finding("R120", f"there is no {path}", hint=near)])
    found = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        found += [os.path.join(folder, f) for f in sorted(files) if f.endswith(SUFFIXES) and f not in _NOT_MANIFESTS]
    if not found:
        raise UsageError(
            [Finding("R121", f"there is no manifest below {path}", expected=", ".join("*" + s for s in SUFFIXES))]
        )
    return found


def documents(path: str) -> Iterator[Document]:
    """The documents of a file. What cannot be read becomes a document with a finding."""
    import yaml

    try:
        if os.path.getsize(path) > _LARGEST:
            yield _bad(path, 1, "the file is too large", f"at most {_LARGEST >> 20} MiB")
            return
        with open(path, "rb") as file:
            text = file.read().decode("utf-8")
    except OSError as error:
        yield _bad(path, 1, f"the file cannot be read: {error.strerror}")
        return
    except UnicodeDecodeError as error:
        yield _bad(path, 1, f"the file is not UTF-8 at byte {error.start}")
        return
    loader = _loader()(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            twice = _duplicate(node)
            line = node.start_mark.line + 1
            if twice is not None:
                yield _bad(path, twice.start_mark.line + 1, f"the key {twice.value} stands twice")
            else:
                yield Document(path, line, loader.construct_document(node))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        yield _bad(path, mark.line + 1 if mark else 1, f"the YAML cannot be read: {error.problem or error.context}")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        yield _bad(path, 1, f"the YAML cannot be read: {str(error).splitlines()[0]}")
    finally:
        loader.dispose()


def _bad(path: str, line: int, message: str, expected: str | None = None) -> Document:
    return Document(path, line, None, Finding("R122", message, file=path, line=line, expected=expected))


def _loader() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _duplicate(node: Any) -> Any:
    """The second of two equal keys anywhere in a document, or None."""
    import yaml

    seen, todo = set(), [node]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in keys:
                        return key
                    keys.add(key.value)
                todo.append(value)
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
    return None
