"""A cell on one machine: what its job's pods would run, as commands, with the cluster on loopback. No I/O here."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlaasgen.errors import ImageError
from dlaasgen.findings import Finding
from dlaasgen.policies_subject import Context, as_dict, as_list, subject
from dlaasgen.quantities import nano

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dlaasgen.policies_subject import Pod, Subject

# The kinds of job whose tasks find each other by what the launcher reads.
KINDS = ("TFJob", "TrainJob", "Job")
BENCHMARKS = "/opt/tf-benchmarks"
# The entrypoint of the benchmark images, which a TrainJob names itself: its runtime may have a command.
LAUNCHER = "/opt/launcher.py"
# What tells the launcher of a cluster of pods, which are not there.
CLUSTER = ("WORKER_HOSTS", "PS_HOSTS", "JOB_NAME", "TASK_INDEX")
HOST = "127.0.0.1"
# Nobody waits half a minute on one machine for a parameter server to end.
QUICK = {"DLAASGEN_POLL": "0.1", "DLAASGEN_PS_LINGER": "2", "DLAASGEN_PEER_TIMEOUT": "300"}

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)")
_LABEL = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
_NANO = 10**9


@dataclass(frozen=True, slots=True)
class Task:
    """One pod: its name in logs, its container's image, entrypoint (None: the image's own), arguments, environment."""

    name: str
    image: str
    entrypoint: tuple[str, ...] | None
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    memory: int | None = None


def tasks(manifest: Mapping[str, Any], identity: Mapping[str, str], port: int, *, alone: bool = False) -> list[Task]:
    """What a job's pods run, the one whose output tells most last.

    `identity` are variables of every task. The tasks get ports from `port` on. `alone`: only one worker, without a
    cluster. Raises ImageError when the manifest is no job that could run like this.
    """
    seen = subject(manifest, Context())
    if seen.kind not in KINDS or not any(pod.containers for pod in seen.pods):
        message = f"a {seen.kind or 'manifest'} cannot be run by hand"
        raise ImageError(
            [Finding("I120", message, expected=f"a {', '.join(KINDS[:-1])} or {KINDS[-1]} with a command")]
        )
    pods = [(_role(pod, seen), pod) for pod in seen.pods if pod.containers]
    if alone or seen.kind == "Job":
        workers = [pod for role, pod in pods if role != "ps"] or [pods[0][1]]
        return [_task(workers[0], f"{seen.name}-worker-0", seen, dict(identity))]
    named = [(role, n, pod) for role, pod in pods for n in range(pod.number)]
    roles = {role: [f"{HOST}:{port + i}" for i, (r, _, _) in enumerate(named) if r == role] for role, _, _ in named}
    found = []
    for role, n, pod in sorted(named, key=lambda t: (t[0] == "worker", -t[1])):
        config = {"cluster": roles, "task": {"type": role, "index": n}, "environment": "cloud"}
        own = {} if len(named) == 1 else {"TF_CONFIG": json.dumps(config), **QUICK}
        found.append(_task(pod, f"{seen.name}-{role}-{n}", seen, {**identity, **own}))
    return found


def _role(pod: Pod, seen: Subject) -> str:
    return "worker" if seen.kind != "TFJob" or pod.role is None else pod.role.lower()


def _task(pod: Pod, name: str, seen: Subject, environment: dict[str, str]) -> Task:
    wanted = [c for c in pod.containers if c.get("name") == "tensorflow"] or pod.containers
    container = wanted[0]
    entries = container.get("env", as_dict(seen.spec.get("trainer")).get("env"))
    own: dict[str, str] = {}
    for entry in map(as_dict, as_list(entries)):
        value = _value(entry, pod, seen)
        if isinstance(entry.get("name"), str) and entry["name"] not in CLUSTER and value is not None:
            own[entry["name"]] = expanded(value, own)
    image = str(container.get("image", ""))
    known = {**own, **environment, "DLAASGEN_IMAGE": image}
    command = tuple(expanded(str(w), known) for w in as_list(container.get("command")))
    arguments = tuple(expanded(str(w), known) for w in as_list(container.get("args")))
    if not command and not arguments:
        raise ImageError([Finding("I120", f"the container of {name} has neither command nor args")])
    limit = as_dict(as_dict(container.get("resources")).get("limits")).get("memory")
    memory = nano(limit) if isinstance(limit, str | int) else None
    return Task(name, image, command or None, arguments, known, None if memory is None else memory // _NANO)


def _value(entry: Mapping[str, Any], pod: Pod, seen: Subject) -> str | None:
    """An environment variable's value, as far as it can be known without a cluster."""
    if "value" in entry:
        return str(entry["value"])
    path = as_dict(as_dict(entry.get("valueFrom")).get("fieldRef")).get("fieldPath")
    metadata = as_dict(pod.template.get("metadata")) or seen.metadata
    match = _LABEL.fullmatch(path) if isinstance(path, str) else None
    if match is not None:
        found = as_dict(metadata.get(match[1])).get(match[2])
        return None if found is None else str(found)
    return seen.name if path == "metadata.name" else None


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """A container's word as Kubernetes gives it: $(NAME) replaced where NAME is known, $$ a dollar sign."""
    return _REFERENCE.sub(lambda m: "$" if m[0] == "$$" else environment.get(m[1], m[0]), text)


def local(task: Task, launcher: str, python: str, benchmarks: str | None) -> list[str]:
    """The command line of a task on this machine itself.

    `launcher` stands for the image's launcher, `benchmarks` for its folder of them.
    """
    own = task.entrypoint in (None, (LAUNCHER,))
    line = [*((python, launcher) if own else task.entrypoint or ()), *task.arguments]
    if benchmarks is None:
        return line
    return [benchmarks + word[len(BENCHMARKS) :] if word.startswith(f"{BENCHMARKS}/") else word for word in line]


def container(task: Task, engine: str) -> list[str]:
    """The command line of a task in docker or podman: as little as the pod may do, on this machine's loopback."""
    line = [engine, "run", "--rm", "--name", task.name[:63].rstrip("-"), "--read-only", "--tmpfs", "/tmp"]  # noqa: S108
    line += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    if "TF_CONFIG" in task.environment:
        line += ["--network", "host"]
    if task.memory is not None:
        line += ["--memory", str(task.memory)]
    for name, value in task.environment.items():
        line += ["--env", f"{name}={value}"]
    entry = task.entrypoint or ()
    return [*line, *(["--entrypoint", entry[0]] if entry else []), task.image, *entry[1:], *task.arguments]


def script(lines: Sequence[tuple[Task, Sequence[str], bool]]) -> str:
    """Commands for a POSIX shell: (task, its command line, whether its environment has to be set in front of it).

    A single one as it is; of several, each writes its own log, and the last line waits for all.
    """
    texts = [_text(task, line, with_environment=own) for task, line, own in lines]
    if len(texts) == 1:
        return texts[0]
    logged = [
        f"{text} > {shlex.quote(task.name + '.log')} 2>&1 &" for text, (task, _, _) in zip(texts, lines, strict=True)
    ]
    return "\n".join([*logged, "wait"])


def _text(task: Task, line: Iterable[str], *, with_environment: bool) -> str:
    settings = [f"{n}={v}" for n, v in task.environment.items()] if with_environment else []
    return shlex.join([*(["env", *settings] if settings else []), *line])
