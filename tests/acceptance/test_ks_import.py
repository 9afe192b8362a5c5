"""`dlaasgen ks import`: prototypes of ksonnet become prototypes of dlaasgen."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.testing import CliRunner

from applications import Ks
from dlaasgen.cli.app import app
from ksonnets import BENCHMARK, folder, said_by_jsonnet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.outside
def test_import(tmp_path: Path) -> None:
    ks = Ks(tmp_path)
    folder(tmp_path)
    done = ks("import", "prototypes-of-2018", "-o", "json").ok().data
    assert [d["file"] for d in done] == ["prototypes/bench-imports.jsonnet", "prototypes/bench-small.jsonnet"]
    codes = {f["code"] for f in done[1]["findings"]}
    assert {"A202", "P110", "P111", "P112", "P201"} <= codes
    (tmp_path / "matrix").mkdir()
    study = {"apiVersion": "dlaasgen/v1", "name": "m", "prototype": "bench-small", "axes": {"namespace": ["dlaas"]}}
    (tmp_path / "matrix/m.yaml").write_text(json.dumps(study), encoding="utf-8")
    with contextlib.chdir(tmp_path):
        CliRunner().invoke(app, ["render", "matrix/m.yaml", "--no-cache", "--jobs", "1"], catch_exceptions=False)
    (file,) = (tmp_path / "rendered/m/jobs").iterdir()
    job = yaml.safe_load(file.read_text(encoding="utf-8"))
    (original,) = said_by_jsonnet(BENCHMARK, {"name": job["metadata"]["name"]}, "dlaas", "x")["items"]
    for role in job["spec"]["tfReplicaSpecs"].values():
        del role["template"]["metadata"]  # dlaasgen's labels and annotations
    assert job["spec"] == original["spec"]
    before = ks.files()
    told = ks("import", "prototypes-of-2018").exits(2).err
    assert "prototypes/bench-imports.jsonnet: error[A104]: the file exists" in told
    (tmp_path / "wrong.jsonnet").write_text(
        "// @name x/../../y\n// @param name string N\n{ apiVersion: 'v1', kind: 'a' }", "utf-8"
    )
    assert "wrong name of a prototype" in ks("import", "wrong.jsonnet").exits(2).err
    (tmp_path / "wrong.jsonnet").write_text("// @name x\n{ kind: 1 }", encoding="utf-8")
    assert "no Kubernetes object" in ks("import", "wrong.jsonnet").exits(4).err
    assert "there is no such file or folder" in ks("import", "x").exits(2).err
    (tmp_path / "wrong.jsonnet").unlink()
    assert ks.files() == before


def test_import_of_a_job_of_the_first_version(tmp_path: Path) -> None:
    """Its policies are those of what comes next: a list of replicas has no roles to look at."""
    pod = {"spec": {"restartPolicy": "OnFailure", "containers": [{"name": "tensorflow", "image": "x/y:1"}]}}
    job: dict[str, Any] = {"apiVersion": "kubeflow.org/v1alpha1", "kind": "TFJob", "metadata": {"name": "x"}}
    job["spec"] = {"replicaSpecs": [{"replicas": 2, "tfReplicaType": "WORKER", "template": pod}]}
    (tmp_path / "x.jsonnet").write_text(f"// @name x\n{json.dumps(job)}", encoding="utf-8")
    (done,) = Ks(tmp_path)("import", "x.jsonnet", "-o", "json").ok().data
    found = {f["code"]: f["severity"] for f in done["findings"]}
    assert found.keys() >= {"A202", "K210", "P201"}
    assert set(found.values()) == {"warning"}


def test_import_proves_the_meaning(tmp_path: Path) -> None:
    text = "// @name x\nlocal k = import 'k.libsonnet';\n{ kind: 'a', apiVersion: 'v1', o: k.core.v1.list.new([1]) }"
    (tmp_path / "x.jsonnet").write_text(text, encoding="utf-8")
    ks = Ks(tmp_path)
    assert "error[A203]: imported, the prototype would mean something else" in ks("import", "x.jsonnet").exits(4).err
    assert sorted(ks.files()) == ["x.jsonnet"]
