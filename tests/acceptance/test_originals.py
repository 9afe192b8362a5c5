"""The tutorial's own prototypes and Kubeflow v0.3.2's, unmodified, where clones of their repositories are at hand.

`DLAASGEN_DOCKERFILES` names a clone of clearlinux/dockerfiles, `DLAASGEN_KUBEFLOW` one of kubeflow/kubeflow. What is in
them is not ours to copy: without them the same is proved on prototypes of the same constructs, in test_ks.py.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from ksonnets import said_by_jsonnet
from support import command

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

pytestmark = pytest.mark.outside
TFJOBS = "stacks/dlaas/kubeflow/dlaas-tfjob"
OF_2018 = {"A202", "P110", "P111", "P112", "P201"}


def taken(variable: str, commit: str, path: str, to: Path) -> Path:
    """A folder of a repository at a commit, in a new folder."""
    clone = os.environ.get(variable)
    if not clone:
        pytest.skip(f"{variable} names no clone")
    git = command("git")
    done = subprocess.run([git, "-C", clone, "archive", commit, path], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(to, filter="data")
    return to / path


@pytest.fixture
def prototypes(tmp_path: Path) -> Path:
    """The registry with the tutorial's two benchmarks."""
    return taken("DLAASGEN_DOCKERFILES", "fd9fd44", TFJOBS, tmp_path / "dockerfiles")


@pytest.fixture
def kubeflow(tmp_path: Path) -> Path:
    """Kubeflow's registry."""
    return taken("DLAASGEN_KUBEFLOW", "v0.3.2", "kubeflow", tmp_path / "kubeflow")


@pytest.mark.parametrize("given", [".", "dlaas-bench", "dlaas-bench/prototypes"])
def test_the_tutorials_commands(dlaasgen: Run, tmp_path: Path, prototypes: Path, given: str) -> None:
    """The prototypes' folder may be the registry, its package, or the files alone."""
    dlaasgen("ks", "init", "app", "--prototypes", prototypes / given, cwd=tmp_path).ok()
    here = tmp_path / "app"
    dlaasgen("ks", "env", "add", "default", "--namespace", "dlaas", cwd=here).ok()
    for name, model in (("dlaas-resnet50", "resnet50"), ("dlaas-alexnet", "alexnet")):
        component = name.replace("-", "")
        dlaasgen("ks", "generate", name, component, f"--name={component}", cwd=here).ok()
        shown = dlaasgen("ks", "show", "default", "-c", component, "--output", "json", cwd=here).ok().data
        text = (prototypes / f"dlaas-bench/prototypes/{name}.jsonnet").read_text(encoding="utf-8")
        assert shown == said_by_jsonnet(text, {"name": component}, "dlaas", component)
        assert f"--model={model}" in str(shown)
        dlaasgen("ks", "param", "set", component, "name", "renamed", cwd=here).ok()
        (job,) = dlaasgen("ks", "show", "default", "-c", component, "--output", "json", cwd=here).ok().data["items"]
        assert job["metadata"] == {"name": "renamed", "namespace": "dlaas"}


def test_kubeflows_prototypes(dlaasgen: Run, tmp_path: Path, kubeflow: Path) -> None:
    dlaasgen("ks", "init", "app", "--namespace=kubeflow", cwd=tmp_path).ok()
    here = tmp_path / "app"
    dlaasgen("ks", "registry", "add", "kubeflow", kubeflow, cwd=here).ok()
    for package in ("core", "examples"):
        dlaasgen("ks", "pkg", "install", f"kubeflow/{package}", cwd=here).ok()
    for name in ("tf-job-operator", "tf-job-simple", "tf-job-simple-v1alpha1"):
        dlaasgen("ks", "generate", name, name, cwd=here).ok()
    for name, namespace in (("tf-job-simple", "kubeflow"), ("tf-job-simple-v1alpha1", "default")):
        shown = dlaasgen("ks", "show", "default", "-c", name, "-o", "json", cwd=here).ok().data
        text = (kubeflow / f"examples/prototypes/{name}.jsonnet").read_text(encoding="utf-8")
        assert shown == said_by_jsonnet(text, {"name": name}, namespace, name)
    operator = dlaasgen("ks", "show", "default", "-c", "tf-job-operator", "-o", "json", cwd=here).ok().data["items"]
    assert {"CustomResourceDefinition", "Deployment", "ServiceAccount"} <= {o["kind"] for o in operator}
    assert dlaasgen("ks", "show", "default", "--engine", "jsonnet", cwd=here).ok().out == (
        dlaasgen("ks", "show", "default", cwd=here).ok().out
    )


def test_the_tutorials_prototypes_become_ours(dlaasgen: Run, tmp_path: Path, prototypes: Path) -> None:
    done = dlaasgen("ks", "import", prototypes / "dlaas-bench", "-o", "json", cwd=tmp_path).ok().data
    assert [d["file"] for d in done] == ["prototypes/dlaas-alexnet.jsonnet", "prototypes/dlaas-resnet50.jsonnet"]
    for one in done:
        assert {f["code"] for f in one["findings"]} >= OF_2018
    again = dlaasgen("prototypes", "preview", "dlaas-resnet50", "--set", "name=x", cwd=tmp_path).ok()
    text = (prototypes / "dlaas-bench/prototypes/dlaas-resnet50.jsonnet").read_text(encoding="utf-8")
    (job,) = said_by_jsonnet(text, {"name": "x"}, "default", "x")["items"]
    shown = dlaasgen("prototypes", "preview", "dlaas-resnet50", "--set", "name=x", "-o", "json", cwd=tmp_path).ok().data
    assert shown["objects"] == [job]
    assert again.out


def test_kubeflows_prototypes_become_ours(dlaasgen: Run, tmp_path: Path, kubeflow: Path) -> None:
    done = dlaasgen("ks", "import", kubeflow / "examples/prototypes", "-o", "json", cwd=tmp_path).ok().data
    found = {re.sub(".*/|[.]jsonnet", "", d["file"]): {f["code"] for f in d["findings"]} for d in done}
    assert found["tf-job-simple"] >= OF_2018 | {"P301"}
    assert found["tf-job-simple-v1alpha1"] >= {"A202", "K210", "P201"}
    told = dlaasgen("ks", "import", kubeflow / "core/prototypes/tf-job-operator.jsonnet", cwd=tmp_path).exits(4).err
    assert 'it imports "kubeflow/core/tf-job-operator.libsonnet"; put that file\'s part into the prototype' in told
