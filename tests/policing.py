"""Manifests for tests of policies: with one thing changed, and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest

from dlaasgen.adapters.benchmark_facts import benchmark_facts
from dlaasgen.checks import POLICIES, Checker, Context
from dlaasgen.matrix import Cluster
from jobs import ARGS, BOX, SCRIPT, changed, job, tfjob

CLUSTER = Cluster(nodes=3, cpu=36, memory=192 << 30)
CONTEXT = Context(cluster=CLUSTER, facts=benchmark_facts())
Manifest = dict[str, Any]


def told(manifest: Manifest, context: Context = CONTEXT) -> list[str]:
    return [str(f) for f in Checker(context).findings(manifest)]


def args(*more: str) -> Manifest:
    """A TFJob with these flags behind the usual ones, in its workers."""
    return changed(tfjob(), *BOX, "args", to=[*ARGS, *more])


def model(name: str, *more: str) -> Manifest:
    return changed(tfjob(), *BOX, "args", to=["python", SCRIPT, f"--model={name}", *ARGS[4:], *more])


def threads(openmp: Any, *more: str) -> Manifest:
    """A TFJob with MKL and OMP_NUM_THREADS in its workers' environment."""
    return changed(args("--mkl", *more), *BOX, "env", to=[{"name": "OTHER"}, "none", {"name": OPENMP, **openmp}])


def in_shell(text: str) -> Manifest:
    """A TFJob whose workers run a text for a shell."""
    return changed(tfjob(), *BOX, "args", to=["sh", "-c", text])


def policy(name: str, value: Any) -> Manifest:
    return changed(tfjob(), "spec", "runPolicy", name, to=value)


def renamed(old: str, new: str) -> Manifest:
    data = tfjob()
    roles = data["spec"]["tfReplicaSpecs"]
    data["spec"]["tfReplicaSpecs"] = {new if role == old else role: spec for role, spec in roles.items()}
    return data


def without(data: Manifest, *path: str | int) -> Manifest:
    node: Any = data
    for step in path[:-1]:
        node = node[step]
    del node[path[-1]]
    return data


def annotated(key: str, value: str) -> Manifest:
    return changed(tfjob(), "metadata", "annotations", to={key: value})


def labelled(key: str, value: Any) -> Manifest:
    return changed(tfjob(), "metadata", "labels", key, to=value)


def indexed(completions: int | None) -> Manifest:
    return changed(changed(job(), "spec", "completionMode", to="Indexed"), "spec", "completions", to=completions)


GPU = {"limits": {"nvidia.com/gpu": 1}}
W = "spec.tfReplicaSpecs.Worker"
C = f"{W}.template.spec.containers[0]"
OPENMP = "OMP_NUM_THREADS"
ONE_LABEL = "at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit"
LETTER_FIRST = "at most 63 of a-z, 0-9 and '-', beginning with a letter, ending with a letter or digit"
VALUE = "at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter or digit"
LONG_NAME = "a" * 54


def each_bad(examples: list[tuple[Manifest, list[str]]]) -> pytest.MarkDecorator:
    """A case for each manifest, with all that is told of it."""
    return pytest.mark.parametrize(
        ("manifest", "findings"), examples, ids=lambda v: v[0][:70] if isinstance(v, list) else ""
    )


def each_good(examples: list[Manifest]) -> pytest.MarkDecorator:
    """A case for each manifest of which nothing is told."""
    return pytest.mark.parametrize("manifest", examples, ids=range(len(examples)))


def shown_by(examples: list[tuple[Manifest, list[str]]]) -> set[str]:
    """The policies that examples show at work."""
    return {"P" + text.split("[P", 1)[1][:3] for _, findings in examples for text in findings}


def policies_of(series: str) -> set[str]:
    return {code for code in POLICIES if code.startswith(series)}
