"""A tree and a cluster: apply it, delete it, ask the API server about it, see how far its jobs are."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlaasgen.adapters import manifest_files
from dlaasgen.adapters.api_server import MANAGER, ApiServer, at_once
from dlaasgen.dialects_faults import steps_of
from dlaasgen.errors import CheckError, ClusterError, UsageError
from dlaasgen.findings import Finding
from dlaasgen.pipeline.places import shown, tree_index
from dlaasgen.progress import OVER, STATES, Progress, covers, job_of, owner_of, owns_more, progress, suspended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PATCH = "application/apply-patch+yaml"
_CELL, _MATRIX = "dlaasgen/cell", "dlaasgen/matrix"
_POLL, _REST = 2.0, 4
# How the server names a field in words: one that the kind does not have, and what a webhook objects to.
_KEY = re.compile(r"\[([A-Za-z][\w-]*)\]")
_FIELD = re.compile(
    r"""unknown field "(?P<a>[^"]+)"|\s\.(?P<b>\S+): field not declared in schema"""
    r"""|(?P<c>\b(?:spec|metadata)[^\s:]*): (?:Required|Invalid|Unsupported|Forbidden|Duplicate|Too|Not found)\b"""
)


@dataclass(frozen=True, slots=True)
class Item:
    """One manifest of a tree, with where it goes and where it stands: `within` the document that begins at `line`."""

    file: str
    line: int
    within: tuple[str | int, ...]
    data: dict[str, Any]
    namespace: str | None
    path: str

    @property
    def cell(self) -> str | None:
        """The cell that it is of."""
        labels = self.data["metadata"].get("labels")
        return labels.get(_CELL) if isinstance(labels, dict) else None


@dataclass(frozen=True, slots=True)
class Tree:
    """Manifests, and the cluster that they are meant for."""

    server: ApiServer
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of each manifest: `created`, `changed`, `unchanged`, `deleted`, `absent`, or a finding."""

    item: Item
    done: str
    finding: Finding | None = None


def read(path: str, context: str | None, namespace: str | None) -> Tree:
    """The manifests at a path. Raises UsageError, CheckError or ClusterError: then nothing has been asked for."""
    tree, wrong = look(path, context, namespace)
    if wrong:
        raise CheckError(wrong)
    return tree


def look(path: str, context: str | None, namespace: str | None) -> tuple[Tree, list[Finding]]:
    """The manifests at a path that can be sent to the cluster, and why the others cannot."""
    index = tree_index(path) if os.path.isdir(path) else None
    target: dict[str, str] = dict(index.options.get("target") or {}) if index is not None else {}
    chosen = context or target.get("context")
    if chosen is None:
        hint = "--context NAME, or target: {context: NAME} in the matrix"
        raise UsageError([Finding("S101", "it is not said which cluster is meant", hint=hint)])
    server = ApiServer(chosen)
    for key, have in (("context", chosen), ("server", server.server)):
        if target.get(key, have).rstrip("/") != have.rstrip("/"):
            message = f"{shown(path)} is for another cluster"
            raise ClusterError([Finding("S105", message, found=f"{key} {have}", expected=f"{key} {target[key]}")])
    folder = os.path.join(path, "jobs")
    files = manifest_files.find(folder if index is not None and os.path.isdir(folder) else path)
    items: list[Item] = []
    wrong: list[Finding] = []
    for file in files:
        for document in manifest_files.documents(file):
            if document.finding is not None:
                wrong.append(replace(document.finding, file=shown(file)))
            whole = manifest_files.is_list(document.data)
            for n, data in enumerate(manifest_files.objects(document.data)):
                found = _item(server, shown(file), document, ("items", n) if whole else (), data, namespace)
                if isinstance(found, Item):
                    items.append(found)
                else:
                    wrong.append(found)
    return Tree(server, tuple(items)), wrong


def _item(
    server: ApiServer,
    file: str,
    document: manifest_files.Document,
    within: tuple[str | int, ...],
    data: Any,
    namespace: str | None,
) -> Item | Finding:
    metadata = data.get("metadata") if isinstance(data, dict) else None
    if not isinstance(metadata, dict):
        metadata = {}

    def wrong(code: str, message: str, *at: str, **told: str | None) -> Finding:
        line, column = document.place([*within, *at])
        return Finding(code, message, file=file, line=line, column=column, path=".".join(at), **told)  # type: ignore[arg-type]

    words = (data.get("apiVersion"), data.get("kind"), metadata.get("name")) if metadata else ()
    if not words or not all(isinstance(w, str) and w for w in words):
        expected = "an object with apiVersion, kind and metadata.name"
        return wrong("K106", "the manifest is no object", expected=expected)
    version, kind, name = words
    own = metadata.get("namespace")
    where = own or namespace
    if server.namespaced(version, kind) and (where is None or (namespace is not None and where != namespace)):
        message = "the manifest names no namespace" if where is None else "the manifest is for another namespace"
        hint = "--namespace NAME" if where is None else None
        return wrong("S107", message, "metadata", "namespace", found=own, expected=namespace, hint=hint)
    path = server.path(version, kind, where, name)
    if path is None:
        message = f"the cluster has no kind {kind} in {version}"
        return wrong("S104", message, "kind", hint="install its operator")
    return Item(file, document.line, within, data, where, path)


def apply(tree: Tree, *, dry_run: bool, advance: Callable[[int, int], None] | None = None) -> list[Outcome]:
    """Server-side apply of what differs, as the manager `dlaasgen`; in the order of the files."""
    live = _live(tree)

    def one(item: Item) -> Outcome:
        before = live.get(item.path)
        if before is not None and covers(before, item.data) and not owns_more(before, item.data, MANAGER):
            return Outcome(item, "unchanged")
        return _patch(tree.server, item, before, dry_run=dry_run)

    return list(_told(at_once(one, tree.items), len(tree.items), advance))


def ask(tree: Tree, advance: Callable[[int, int], None] | None = None) -> list[Finding]:
    """What the API server objects to: a dry run of each manifest."""
    outcomes = at_once(lambda item: _patch(tree.server, item, None, dry_run=True), tree.items)
    return [o.finding for o in _told(outcomes, len(tree.items), advance) if o.finding is not None]


def delete(tree: Tree, *, dry_run: bool, advance: Callable[[int, int], None] | None = None) -> list[Outcome]:
    """Delete the objects, and with them what belongs to them."""
    query = {"propagationPolicy": "Background", **({"dryRun": "All"} if dry_run else {})}

    def one(item: Item) -> Outcome:
        status, answer = tree.server.request("DELETE", item.path, query)
        if status == 404:
            return Outcome(item, "absent")
        return Outcome(item, "deleted") if status < 300 else Outcome(item, "refused", _refusal(item, status, answer))

    return list(_told(at_once(one, tree.items), len(tree.items), advance))


def _told(outcomes: Iterator[Outcome], total: int, advance: Callable[[int, int], None] | None) -> Iterator[Outcome]:
    for number, outcome in enumerate(outcomes, 1):
        if advance is not None:
            advance(number, total)
        yield outcome


def _patch(server: ApiServer, item: Item, before: dict[str, Any] | None, *, dry_run: bool) -> Outcome:
    query = {"fieldManager": MANAGER, "fieldValidation": "Strict", **({"dryRun": "All"} if dry_run else {})}
    status, answer = server.request("PATCH", item.path, query, item.data, _PATCH)
    if status >= 300:
        return Outcome(item, "refused", _refusal(item, status, answer))
    if before is None:
        return Outcome(item, "created")
    # What only was written in another way (`1000m` of a CPU for `1`) is the same to the server.
    return Outcome(item, "unchanged" if not dry_run and _version(before) == _version(answer) else "changed")


def _version(data: dict[str, Any]) -> object:
    """What an object's state is known by; never the same twice when the server does not say."""
    return (data.get("metadata") or {}).get("resourceVersion") or object()


def _refusal(item: Item, status: int, answer: dict[str, Any]) -> Finding:
    """The server's answer as a finding, with the field that it names first."""
    details = answer.get("details") if isinstance(answer.get("details"), dict) else {}
    causes = [c for c in (details or {}).get("causes") or () if isinstance(c, dict)]
    message = " ".join(str(answer.get("message") or f"HTTP {status}").split())[:600]
    words = _FIELD.search(message)
    named = [str(c["field"]) for c in causes if c.get("field")] + ([words[words.lastgroup or 0]] if words else [])
    field = named[0].lstrip(".") if named else ""
    code = "S106" if status == 409 else "S103"
    missing = status == 404 and (details or {}).get("kind") == "namespaces"
    # Keys of a map stand in brackets, like indexes.
    field = _KEY.sub(r".\1", field)
    document = next((d for d in manifest_files.documents(item.file) if d.line == item.line), None)
    steps = [*item.within, *steps_of(field)]
    line, column = (item.line, 1) if document is None else document.place(steps)
    return Finding(
        "S108" if missing else code,
        f"the API server refuses it: {message}",
        file=item.file,
        line=line,
        column=column,
        path=field,
        cell=item.cell,
    )


def _live(tree: Tree) -> dict[str, dict[str, Any]]:
    """Path -> object, of what is in the cluster of the tree's kinds, namespaces and matrices."""
    wanted: dict[tuple[str, str, str | None, str], None] = {}
    for item in tree.items:
        labels = item.data["metadata"].get("labels")
        matrix = labels.get(_MATRIX) if isinstance(labels, dict) else None
        selector = f"{_MATRIX}={matrix}" if isinstance(matrix, str) else ""
        wanted[item.data["apiVersion"], item.data["kind"], item.namespace, selector] = None
    found: dict[str, dict[str, Any]] = {}
    for version, kind, namespace, selector in wanted:
        path = tree.server.path(version, kind, namespace) or ""
        for live in tree.server.every(path, **({"labelSelector": selector} if selector else {})):
            # What a list holds does not say again what it is.
            found[f"{path}/{live['metadata']['name']}"] = {"apiVersion": version, "kind": kind, **live}
    return found


def status(tree: Tree) -> list[Progress]:
    """Where the job of each cell is."""
    live = _live(tree)
    jobs = {i.path: i for i in tree.items if i.cell is not None and "_" not in os.path.basename(i.file)}
    pods: dict[tuple[str, str], list[dict[str, Any]]] = {}
    warnings: dict[tuple[str, str], list[str]] = {}
    for namespace in dict.fromkeys(i.namespace or "" for i in jobs.values()):
        base = f"/api/v1/namespaces/{namespace}"
        for pod in tree.server.every(f"{base}/pods", labelSelector=_MATRIX):
            pods.setdefault((namespace, job_of(pod) or ""), []).append(pod)
        for event in tree.server.every(f"{base}/events", fieldSelector="type=Warning"):
            about = (namespace, (event.get("involvedObject") or {}).get("name", ""))
            warnings.setdefault(about, []).append(str(event.get("message") or ""))
    held = {i.namespace or "" for path, i in jobs.items() if suspended(live.get(path) or {})}
    workloads = {key: one for namespace in held for key, one in _workloads(tree.server, namespace)}
    return [
        progress(
            item.cell or "",
            item.data["metadata"]["name"],
            live.get(path),
            pods.get(key := (item.namespace or "", item.data["metadata"]["name"]), ()),
            warnings.get(key, ()),
            workloads.get(key),
        )
        for path, item in jobs.items()
    ]


def _workloads(server: ApiServer, namespace: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """((namespace, job), Kueue's Workload of it); none without Kueue, or without the right to see them."""
    versions = (f"kueue.x-k8s.io/{version}" for version in ("v1beta2", "v1beta1"))
    path = next((found for v in versions if (found := server.path(v, "Workload", namespace))), None)
    if path is not None:
        with contextlib.suppress(ClusterError):
            for workload in server.every(path):
                yield (namespace, owner_of(workload) or ""), workload


def follow(tree: Tree, timeout: float | None) -> Iterator[tuple[list[Progress], bool]]:
    """(progress, whether that was the last), again and again until all jobs are over or time is up.

    What is stuck may still get on: somebody adds a node, or pushes the image.
    """
    until = None if timeout is None else time.monotonic() + timeout
    while True:
        begun = time.monotonic()
        found = status(tree)
        over = all(p.state in OVER for p in found) or (until is not None and time.monotonic() >= until)
        yield found, over
        if over:
            return
        # Of many jobs a look is work for the API server, too.
        now = time.monotonic()
        rest = max(_POLL, _REST * (now - begun))
        time.sleep(rest if until is None else min(rest, max(until - now, 0)))


def counted(found: Sequence[Progress]) -> dict[str, int]:
    """How many cells are in each state, those furthest from their end first."""
    numbers = {state: sum(one.state == state for one in found) for state in STATES}
    return {state: number for state, number in numbers.items() if number}
