"""docs/tutorial.md: all that it does on a cluster, to the end of its jobs."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest
import yaml

import tutorial
from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.kube import Kube

pytestmark = pytest.mark.outside

# What three small workers on this machine get; the tutorial's nodes have more. A TFJob has succeeded when its worker 0
# has: with the policy Running the operator then ends workers that are a little behind.
SMALL = {
    "clean_pod_policy": "None",
    "cpu": "50m",
    "memory": "64Mi",
    "ps_cpu": "50m",
    "ps_memory": "64Mi",
    "num_batches": "20",
}


def test_the_two_jobs_of_the_tutorial_run_to_their_end(kube: Kube, tmp_path: Path) -> None:
    here, jobs = tmp_path, ("dlaasresnet50", "dlaasalexnet")
    lines = tutorial.commands(ks=True, image=kube.cluster.images["benchmark"], namespace=kube.namespace)
    for name, *words in lines:
        if name == "cd":
            here = here / words[0]
        elif words[:2] == ["create", "namespace"]:
            for job in jobs:
                for param, value in SMALL.items():
                    text = [] if param == "num_batches" else ["--as-string"]
                    kube.run("dlaasgen", "ks", "param", "set", job, param, value, *text, cwd=here).ok()
        else:
            kube.run(name, *words, cwd=here).ok()
    for job in jobs:
        kube.finished(job)
        kube.wait(f"the workers of {job} have succeeded", partial(succeeded, kube, job))
        for name in workers(kube, job):
            log = kube.kubectl("logs", name, "--namespace", kube.namespace).ok().out
            assert "total images/sec: " in log, log


def test_the_matrix_of_the_tutorial_is_applied_and_its_results_are_collected(kube: Kube, tmp_path: Path) -> None:
    for part in ("matrix", "prototypes"):
        shutil.copytree(ROOT / part, tmp_path / part)
    shutil.copy(ROOT / "images.lock.yaml", tmp_path)
    file = tmp_path / "matrix" / "nightly.yaml"
    matrix = yaml.safe_load(file.read_text(encoding="utf-8"))
    # The study itself, but for its size, and with the images that this cluster has.
    matrix["params"] |= {**SMALL, "num_batches": 20, "namespace": kube.namespace}
    matrix["axes"] |= {"batch_size": [128], "replicas": [1]}
    for image in matrix["axes"]["image"]:
        image["value"] = kube.cluster.images["benchmark"]
    del matrix["include"], matrix["exclude"], matrix["cluster"]
    file.write_text(yaml.safe_dump(matrix), encoding="utf-8")
    kube.run("dlaasgen", "render", "matrix/nightly.yaml", cwd=tmp_path).ok()
    lines = tutorial.on_a_cluster(kube.namespace)
    assert [name for name, *_ in lines] == ["kubectl", "dlaasgen"]
    for name, *words in lines:
        for job in kube.list("TFJob"):
            kube.finished(job["metadata"]["name"])
        kube.run(name, *words, cwd=tmp_path).ok()
    results = kube.run("dlaasgen", "results", "--store", "results.db", "--output", "json", cwd=tmp_path).ok().data
    assert {(row["cell"], row["status"]) for row in results} == {
        (f"{model}-bs128-w1-{image}", "succeeded") for model in ("resnet50", "alexnet") for image in ("eigen", "mkl")
    }


def workers(kube: Kube, job: str) -> dict[str, str]:
    """The phases of a job's workers, by the names of their pods."""
    pods = (pod for role, pod in kube.pods(job).items() if role.startswith("worker"))
    return {pod["metadata"]["name"]: pod["status"]["phase"] for pod in pods}


def succeeded(kube: Kube, job: str) -> bool:
    return [*workers(kube, job).values()] == ["Succeeded"] * 3
