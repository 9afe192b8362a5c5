"""Origin: which pod, container and job a log came from, read from where it lay. No I/O here.

Layouts: the kubelet's `<namespace>_<pod>_<uid>/<container>/<restart>.log` with its rotated parts
(https://kubernetes.io/docs/concepts/cluster-administration/logging/), the runtime's
`<pod>_<namespace>_<container>-<id>.log`, and plain files named by pod, `<job>-worker-0.log`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROLES = ("worker", "ps", "chief", "master", "evaluator", "launcher")
_ROLE = "|".join(ROLES)
_PACKED = re.compile(r"\.(gz|zst|zip|tar|tgz)$")
_LOG = re.compile(r"\.(?:log|out|txt)$")
# logrotate's numbers (larger is older), the kubelet's times (larger is newer).
_ROTATED = re.compile(r"^(.+\.log)[.-](\d{8}-?\d{0,6}|\d{1,4})$")
_POD_FOLDER = re.compile(r"^([a-z0-9][a-z0-9-]*)_([a-z0-9][a-z0-9.-]*)_([0-9a-f][0-9a-f-]{7,})$")
_RUNTIME = re.compile(r"^([a-z0-9][a-z0-9.-]*)_([a-z0-9][a-z0-9-]*)_([a-z0-9][a-z0-9-]*?)-([0-9a-f]{12,64})$")
_TYPED = re.compile(rf"^(.+?)[-_.]({_ROLE})[-_]?(\d+)(?:-[a-z0-9]{{5}})?$")
_BARE = re.compile(rf"^({_ROLE})[-_]?(\d+)$")
# What controllers add to a job's name: JobSet's `-node-0-1-x7k2p`, an indexed Job's `-3-x7k2p`, a Job's `-x7k2p`.
_TAILS = (re.compile(r"^-node-(?:\d+-)?(\d+)(?:-[a-z0-9]{5})?$"), re.compile(r"^-(\d+)-[a-z0-9]{5}$"))
_JOBSET = re.compile(r"^(.+)-node-(?:\d+-)?(\d+)-[bcdfghjklmnpqrstvwxz2456789]{5}$")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one log came from; "" and 0 for what is not known.

    key  names the place: equal for the same container of the same pod after as many restarts, or the same file
    """

    key: str
    job: str
    role: str = "worker"
    number: int = 0
    namespace: str = ""
    pod: str = ""
    uid: str = ""
    container: str = ""
    restart: int = 0
    path: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A file's place among the parts of one log: parts with the same base are one log, in the order of `age`."""

    base: str
    age: tuple[int, str]


def is_log(path: str) -> bool:
    """Whether a file of a folder is taken for a log: by its name, less what compressed or rotated it."""
    name = unpacked(path.rsplit("/", 1)[-1])
    return bool(_LOG.search(name) or _ROTATED.match(name) or _named_by_pod(name))


def unpacked(name: str) -> str:
    """A name without the ending of its compression."""
    return _PACKED.sub("", name)


def part(path: str) -> Part:
    """Which log a file is part of, and where in it: rotated files come before the current one."""
    name = unpacked(path)
    if not (match := _ROTATED.match(name)):
        return Part(name, (2, ""))
    stamp = match[2]
    # Older numbers are larger; nine's complement turns them round.
    age = f"{9999 - int(stamp):04}" if len(stamp) < 8 else stamp.ljust(15, "0")
    return Part(match[1], (0 if len(stamp) < 8 else 1, age))


def from_path(path: str, jobs: Mapping[str, object] | None = None, cells: Mapping[str, str] | None = None) -> Origin:
    """The origin of a file, from its path below the folder or archive.

    `jobs` are the names of the trees' jobs, `cells` leads from cell ids to jobs: both help where a name alone is
    ambiguous. Never fails: a name that says nothing is its own job.
    """
    *folders, last = part(path).base.split("/")
    stem = _LOG.sub("", last)
    if len(folders) >= 2 and (match := _POD_FOLDER.match(folders[-2])) and stem.isdigit():
        namespace, pod, uid = match.groups()
        return from_pod(pod, jobs, namespace=namespace, uid=uid, container=folders[-1], restart=int(stem), path=path)
    if match := _RUNTIME.match(stem):
        pod, namespace, container, identity = match.groups()
        return from_pod(pod, jobs, namespace=namespace, uid=identity, container=container, path=path)
    job, role, number = _split(stem, jobs)
    if not (known := jobs is not None and job in jobs):
        for folder in (*reversed(folders), job):
            if jobs is not None and folder in jobs:
                job, known = folder, True
            elif cells is not None and folder in cells:
                job, known = cells[folder], True
            if known:
                break
    if bare := _BARE.match(stem):
        role, number = bare[1], int(bare[2])
        job = job if known or not folders else folders[-1]
    elif known and (typed := _TYPED.match(stem)):
        role, number = typed[2], int(typed[3])
    return Origin(key=f"file:{part(path).base}", job=job, role=role, number=number, path=path)


def from_pod(
    pod: str,
    jobs: Mapping[str, object] | None = None,
    *,
    namespace: str = "",
    uid: str = "",
    container: str = "",
    restart: int = 0,
    path: str = "",
) -> Origin:
    """The origin of a container's log, from its pod's name."""
    job, role, number = _split(pod, jobs)
    key = "pod:" + "/".join((namespace, pod, uid, container, str(restart)))
    return Origin(key, job, role, number, namespace, pod, uid, container, restart, path)


def _split(name: str, jobs: Mapping[str, object] | None) -> tuple[str, str, int]:
    """(job, role, number) of a pod's name: by the longest known job that it begins with, else by its form."""
    if jobs:
        for end in (i for i in range(len(name), 0, -1) if i == len(name) or name[i] in "-_."):
            if name[:end] in jobs:
                return (name[:end], *_tail(name[end:]))
    if match := _TYPED.match(name):
        return match[1], match[2], int(match[3])
    if match := _JOBSET.match(name):
        return match[1], "worker", int(match[2])
    return name, "worker", 0


def _tail(tail: str) -> tuple[str, int]:
    if match := _TYPED.match("x" + tail):
        return match[2], int(match[3])
    for pattern in _TAILS:
        if match := pattern.match(tail):
            return "worker", int(match[1])
    return "worker", 0


def _named_by_pod(name: str) -> bool:
    return "." not in name and bool(_TYPED.match(name) or _JOBSET.match(name))


def compile_names(pattern: str) -> Callable[[str], Origin | None]:
    """A reader of file names by a user's expression (RE2): groups job, role, number, pod, container, namespace.

    It finds the pattern anywhere in the path. Raises UsageError when it is no pattern or names neither job nor pod.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        words = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise UsageError([Finding("C110", f"--pattern is no regular expression: {words}", found=pattern)]) from None
    groups = set(compiled.groupindex)
    if not groups & {"job", "pod"}:
        expected = "(?P<job>...) or (?P<pod>...), and role, number, container, namespace where they are in the name"
        raise UsageError([Finding("C110", "--pattern names no job", found=pattern, expected=expected)])

    def named(path: str) -> Origin | None:
        if (match := compiled.search(path)) is None:
            return None
        said = {name: match.group(name) or "" for name in groups}
        given = from_pod(said["pod"]) if said.get("pod") else Origin("", "")
        number = said.get("number", "")
        return replace(
            given,
            key=f"file:{part(path).base}",
            job=said.get("job") or given.job or path,
            role=said.get("role") or given.role,
            number=int(number) if number.isdecimal() and len(number) < 7 else given.number,
            namespace=said.get("namespace", ""),
            container=said.get("container", ""),
            path=path,
        )

    return named
