"""`render --format ksonnet`: an application whose components are the manifests that the YAML says."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from dlaasgen.cli.app import app
from trees import matrix, put

ROOT = Path(__file__).resolve().parents[2]
SEVERAL = """\
// @apiVersion 1
// @name several
// @shortDescription Several objects
// @param shape enum(array|list|one) Shape of what is returned
// @optionalParam namespace string some Namespace
// @optionalParam left integer null Left out
function(params)
  local config(more) = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: params.name + more, namespace: params.namespace, labels: { a: 'b' } },
    data: { labels: std.toString({ a: 'b' }), left: std.toString(std.get(params, 'left', 'absent')) },
  };
  local all = [config(''), config('-2')];
  if params.shape == 'one' then all[0] else if params.shape == 'list' then
    { apiVersion: 'v1', kind: 'List', items: all }
  else all
"""


def run(here: Path, *words: str) -> str:
    with contextlib.chdir(here):
        done = CliRunner().invoke(app, words, env={"HOME": str(here)})
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def canonical(objects: list[Any]) -> list[str]:
    return sorted(json.dumps(data, sort_keys=True) for data in objects)


def manifests(tree: Path) -> list[Any]:
    files = sorted((tree / "jobs").glob("*.yaml"))
    return [data for file in files for data in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def shown(tree: Path, *words: str) -> list[Any]:
    found: list[Any] = json.loads(run(tree / "ksonnet", "ks", "show", "default", "-o", "json", *words))["items"]
    return found


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A project with the committed matrices and prototypes."""
    for part in ("matrix", "prototypes"):
        shutil.copytree(ROOT / part, tmp_path / part)
    return tmp_path


@pytest.mark.outside
@pytest.mark.parametrize("path", sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "matrix").rglob("*.yaml")))
def test_every_cell_of_every_committed_matrix(here: Path, path: str) -> None:
    run(here, "render", path, "--format", "ksonnet")
    (tree,) = (here / "rendered").iterdir()
    yaml_alone = here / "yaml"
    run(here, "render", path, "--out", str(yaml_alone))
    texts = [{p.name: p.read_bytes() for p in (t / "jobs").iterdir()} for t in (tree, yaml_alone / tree.name)]
    assert texts[0] == texts[1]
    wanted = canonical(manifests(tree))
    assert canonical(shown(tree)) == canonical(shown(tree, "--engine", "jsonnet")) == wanted
    # Calls of the prototype, not copies of what it makes.
    component = next((tree / "ksonnet/components").glob("*.jsonnet"))
    assert "dlaasgen.adopted(prototype(params), params)" in component.read_text(encoding="utf-8")
    run(here, "render", path, "--format", "ksonnet", "--check")


@pytest.mark.outside
@pytest.mark.parametrize("shape", ["array", "list", "one"])
def test_objects_of_many_shapes(here: Path, shape: str) -> None:
    (here / "prototypes/several.jsonnet").write_text(SEVERAL, encoding="utf-8")
    put(here, matrix(name="many", prototype="several", axes={"shape": [shape], "left": [1, None]}, params=None))
    run(here, "render", "matrix/many.yaml", "--format", "ksonnet")
    tree = here / "rendered/many"
    assert canonical(shown(tree)) == canonical(manifests(tree))
    assert len(manifests(tree)) == (2 if shape == "one" else 4)


@pytest.mark.outside
def test_a_matrix_in_another_dialect_holds_its_objects(here: Path) -> None:
    text = (
        (here / "matrix/nightly.yaml")
        .read_text(encoding="utf-8")
        .replace("dialect: tfjob-v1", "dialect: tfjob-v1beta2")
    )
    (here / "matrix/nightly.yaml").write_text(text, encoding="utf-8")
    run(here, "render", "matrix/nightly.yaml", "--format", "ksonnet", "--select", "alexnet*")
    tree = here / "rendered/nightly"
    assert manifests(tree)[0]["apiVersion"] == "kubeflow.org/v1beta2"
    assert canonical(shown(tree)) == canonical(manifests(tree))


@pytest.mark.outside
def test_a_parameter_changes_what_is_shown(here: Path) -> None:
    run(here, "render", "matrix/nightly.yaml", "--format", "ksonnet")
    tree = here / "rendered/nightly"
    cell = "resnet50-bs32-w1-eigen"
    run(tree / "ksonnet", "ks", "param", "set", cell, "batch_size", "48")
    (job,) = shown(tree, "-c", cell)
    worker = job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["containers"][0]
    assert "--batch_size=48" in worker["args"]
    assert "1 changed" in run(here, "render", "matrix/nightly.yaml", "--format", "ksonnet")
    assert canonical(shown(tree)) == canonical(manifests(tree))
    run(here, "check", "rendered/nightly")
    run(here, "render", "matrix/nightly.yaml")
    assert not (tree / "ksonnet").exists()
