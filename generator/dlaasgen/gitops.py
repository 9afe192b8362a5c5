"""GitOps: what Argo CD or Flux gets beside the jobs of a tree, by a matrix' `gitops`. No I/O here.

A tree's jobs lie in one folder. An Application, or a Kustomization, takes those whose names begin in one of a few ways,
so that a cell that comes or goes changes none of these files until a limit is crossed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from dlaasgen.canonical import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dlaasgen.matrix import Json, Matrix
    from dlaasgen.tree import Entry

JOBS = "jobs/"
SETUP = "setup/"
_CLUSTER_WIDE = frozenset({"Namespace", "PersistentVolume", "PriorityClass", "ClusterQueue", "ResourceFlavor"})
_WAVE = "argocd.argoproj.io/sync-wave"


class Object(NamedTuple):
    """What is said of an object to whoever applies it."""

    group: str
    kind: str
    namespace: str

    @classmethod
    def of(cls, text: str) -> Object:
        """From the index' form of it."""
        version, kind, namespace = text.split(" ")
        return cls(version.rpartition("/")[0], kind, namespace)


def object_text(manifest: Mapping[str, Any]) -> str:
    """The index' form: apiVersion, kind and namespace, parted by spaces, which none of them can hold."""
    metadata = manifest.get("metadata")
    namespace = metadata.get("namespace") if metadata.__class__ is dict else None
    return " ".join(str(part or "").replace(" ", "") for part in (manifest["apiVersion"], manifest["kind"], namespace))


@dataclass(frozen=True, slots=True)
class Settings:
    """`gitops` with its defaults. `path` is the tree's folder inside the repository."""

    matrix: str
    controller: str
    repository: str
    revision: str
    path: str
    namespace: str
    project: str
    server: str
    prune: str
    self_heal: bool
    timeout: str
    most: int
    setup: Mapping[str, Json]


def settings(matrix: Matrix) -> Settings | None:
    """The settings of a matrix; None when nothing is rendered for GitOps."""
    given = matrix.gitops
    if "repository" not in given:
        return None
    controller = given.get("controller", "argocd")
    return Settings(
        matrix=matrix.name,
        controller=controller,
        repository=given["repository"],
        revision=given.get("revision", "main"),
        path=given.get("path", f"rendered/{matrix.name}"),
        namespace=given.get("namespace", "argocd" if controller == "argocd" else "flux-system"),
        project=given.get("project", f"dlaasgen-{matrix.name}"),
        server=given.get("server", "https://kubernetes.default.svc"),
        prune=given.get("prune", "never"),
        self_heal=given.get("self_heal", False),
        timeout=given.get("timeout", "24h"),
        most=int(given.get("max_per_application", 1000)),
        setup=given.get("setup", {}),
    )


def of_tree(matrix: Matrix, entries: Sequence[Entry]) -> dict[str, str]:
    """The files of GitOps for a tree of these cells: path -> text; none when the matrix does not ask for them."""
    own = settings(matrix)
    if own is None:
        return {}
    return files(
        own, (p for e in entries for p in e.files if p.startswith(JOBS)), (o for e in entries for o in e.objects)
    )


def files(own: Settings, jobs: Iterable[str], objects: Iterable[str]) -> dict[str, str]:
    """The files of GitOps: path -> text. `jobs` are the files below jobs/; `objects` as from `object_text`."""
    kinds = sorted({Object.of(text) for text in objects})
    names = sorted(path.removeprefix(JOBS) for path in jobs)
    namespaces = sorted({o.namespace or "default" for o in kinds if o.kind not in _CLUSTER_WIDE})
    parts = shards(names, own.most)
    made = {SETUP + name: dump(data) for name, data in set_up(own, namespaces).items()}
    if own.controller == "flux":
        from dlaasgen.gitops_flux import flux

        return made | flux(own, parts, kinds, setup=bool(made))
    return made | argocd(own, parts, kinds, namespaces, setup=bool(made))


def shards(names: Sequence[str], most: int) -> list[list[str]]:
    """Patterns of names for each shard, at most `most` names in one: `*` at the end only. `names` are sorted.

    One shard has the pattern `*`. More are made of the beginnings that part the names, neighbours together.
    """
    parts: list[list[str]] = []
    room = 0
    for pattern, count in _groups(names, "", most):
        if not parts or count > room:
            parts.append([])
            room = most
        parts[-1].append(pattern)
        room -= count
    return parts


def _groups(names: Sequence[str], prefix: str, most: int) -> list[tuple[str, int]]:
    if len(names) <= most:
        return [(prefix + "*", len(names))]
    by_next: dict[str, list[str]] = {}
    for name in names:
        by_next.setdefault(name[: len(prefix) + 1], []).append(name)
    found: list[tuple[str, int]] = []
    for longer, members in by_next.items():
        found += [(prefix, 1)] if longer == prefix else _groups(members, longer, most)
    return found


def set_up(own: Settings, namespaces: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What must be there before the jobs, in waves: namespaces, then quotas and queues."""
    made: dict[str, dict[str, Any]] = {}
    for namespace in namespaces:
        if own.setup.get("namespace"):
            made[f"{namespace}-namespace.yaml"] = _object("v1", "Namespace", namespace, None, "-2", own)
        if own.setup.get("quota"):
            quota = _object("v1", "ResourceQuota", f"dlaasgen-{own.matrix}", namespace, "-1", own)
            hard = {name: str(amount) for name, amount in own.setup["quota"].items()}
            made[f"{namespace}-quota.yaml"] = quota | {"spec": {"hard": hard}}
        if "local_queue" in own.setup:
            queue = _object("kueue.x-k8s.io/v1beta1", "LocalQueue", own.setup["local_queue"], namespace, "-1", own)
            made[f"{namespace}-queue.yaml"] = queue | {"spec": {"clusterQueue": own.setup["cluster_queue"]}}
    return made


def _object(version: str, kind: str, name: str, namespace: str | None, wave: str, own: Settings) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": {"dlaasgen/matrix": own.matrix}}
    if own.controller == "argocd":
        metadata["annotations"] = {_WAVE: wave}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def argocd(
    own: Settings, parts: Sequence[Sequence[str]], kinds: Sequence[Object], namespaces: Sequence[str], *, setup: bool
) -> dict[str, str]:
    """An AppProject that allows what the tree needs, and Applications."""
    made = {"argocd/project.yaml": dump(_project(own, kinds, namespaces, setup=setup))}
    namespace = namespaces[0] if namespaces else "default"
    if setup:
        application = _application(own, f"{own.matrix}-setup", "setup", "*", namespace)
        application["metadata"]["annotations"] = {_WAVE: "-1"}
        made["argocd/setup.yaml"] = dump(application)
    for number, patterns in enumerate(parts):
        name = f"{own.matrix}-{number}" if len(parts) > 1 else own.matrix
        include = patterns[0] if len(patterns) == 1 else f"{{{','.join(patterns)}}}"
        file = f"argocd/application-{number}.yaml" if len(parts) > 1 else "argocd/application.yaml"
        made[file] = dump(_application(own, name, "jobs", include, namespace))
    return made


def _project(own: Settings, kinds: Sequence[Object], namespaces: Sequence[str], *, setup: bool) -> dict[str, Any]:
    allowed = {(o.group, o.kind) for o in kinds}
    if setup:
        wanted = {
            "namespace": ("", "Namespace"),
            "quota": ("", "ResourceQuota"),
            "local_queue": ("kueue.x-k8s.io", "LocalQueue"),
        }
        allowed |= {kind for key, kind in wanted.items() if own.setup.get(key)}
    rows = [{"group": group, "kind": kind} for group, kind in sorted(allowed)]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": _named(own, own.project),
        "spec": {
            "description": f"The jobs of the matrix {own.matrix}",
            "sourceRepos": [own.repository],
            "destinations": [{"server": own.server, "namespace": n} for n in namespaces],
            "clusterResourceWhitelist": [r for r in rows if r["kind"] in _CLUSTER_WIDE],
            "namespaceResourceWhitelist": [r for r in rows if r["kind"] not in _CLUSTER_WIDE],
        },
    }


def _application(own: Settings, name: str, folder: str, include: str, namespace: str) -> dict[str, Any]:
    # A job that is gone takes its logs with it, and what sets up is shared: neither is pruned unasked.
    prune = "never" if folder == "setup" else own.prune
    options = {"never": ["Prune=false"], "confirm": ["Prune=confirm"], "auto": []}[prune]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": _named(own, name),
        "spec": {
            "project": own.project,
            "source": {
                "repoURL": own.repository,
                "targetRevision": own.revision,
                "path": f"{own.path}/{folder}",
                "directory": {"include": include, "recurse": False},
            },
            "destination": {"server": own.server, "namespace": namespace},
            "syncPolicy": {
                "automated": {"prune": prune != "never", "selfHeal": own.self_heal},
                "syncOptions": ["ServerSideApply=true", "ApplyOutOfSyncOnly=true", *options],
                "retry": {"limit": 5, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}},
            },
        },
    }


def _named(own: Settings, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": own.namespace, "labels": {"dlaasgen/matrix": own.matrix}}
