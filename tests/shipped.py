"""The shipped prototypes as tests evaluate them: the objects, pods, words and variables of a cell."""

from __future__ import annotations

import json
from typing import Any

from dlaasgen.adapters.jsonnet import Library, engine, evaluate
from support import ROOT

LIBRARY = Library([str(ROOT / "prototypes")])
PROTOTYPES = {name: LIBRARY.prototype(name) for name in LIBRARY.names()}
IMAGE = "example.com/benchmark@sha256:" + "0" * 64
SHAPE = {"sockets": 2, "cores_per_socket": 18}
# What a cell must give, or gives to have a job of several pods.
GIVEN: dict[str, Any] = {
    "image": IMAGE,
    "model": "resnet50",
    "batch_size": 32,
    "command": ["run", "{model}", "{batch_size}", "{data_dir}", "{other}"],
    "replicas": 2,
}


def objects(name: str, by: str = "rjsonnet", /, **params: Any) -> list[dict[str, Any]]:
    """What a prototype returns for a cell, as a list."""
    prototype = PROTOTYPES[name]
    cell = {k: v for k, v in GIVEN.items() if k in prototype.parameters} | params
    assert prototype.faults(cell) == []
    cell |= {"name": "job", "labels": {}, "annotations": {}}
    (value,) = json.loads(evaluate(LIBRARY, name, prototype.defaults, [cell], engine(by), json.dumps))
    return value if isinstance(value, list) else [value]


def pods(job: Any) -> list[dict[str, Any]]:
    """The specs of pods in a job, and the metadata of their templates: whatever has containers."""
    if isinstance(job, list):
        return [pod for value in job for pod in pods(value)]
    if not isinstance(job, dict):
        return []
    own = (
        [job["spec"] | {"labels": job.get("metadata", {}).get("labels")}] if "containers" in job.get("spec", ()) else []
    )
    return own + [pod for value in job.values() for pod in pods(value)]


def words(name: str, **params: Any) -> list[str]:
    """Command and arguments of the container that has the longest, which runs the benchmark."""
    job = objects(name, **params)[0]
    trainer = [job["spec"]["trainer"]] if "trainer" in job["spec"] else []
    containers = trainer + [c for pod in pods(job) for c in pod["containers"]]
    return max(([*c.get("command", ()), *c.get("args", ())] for c in containers), key=len)


def environments(name: str, **params: Any) -> list[list[dict[str, Any]]]:
    """The variables of each container that runs something."""
    job = objects(name, **params)[0]
    holders = [job["spec"]["trainer"]] if "trainer" in job["spec"] else [c for p in pods(job) for c in p["containers"]]
    return [holder["env"] for holder in holders]


def env(name: str, **params: Any) -> dict[str, str]:
    variables = environments(name, **params)[0]
    found = {v["name"]: v["value"] if "value" in v else v["valueFrom"]["fieldRef"]["fieldPath"] for v in variables}
    assert len(found) == len(variables)
    return found


def having(*parameters: str) -> list[str]:
    return [n for n, p in PROTOTYPES.items() if set(parameters) <= set(p.parameters)]
