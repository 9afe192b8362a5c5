"""dlaasgen apply, delete, status, wait and check --server, as installed, with a small API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from api_server import Fake, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support import Result, Run

pytestmark = pytest.mark.outside
IMAGE = f"example.com/a@sha256:{'0' * 64}"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Fake]:
    with running(tmp_path) as server:
        yield server


@pytest.fixture
def ask(tmp_path: Path, dlaasgen: Run, fake: Fake) -> Any:
    """Runs a command on a tree of three cells."""
    assert not fake.objects
    matrix = {
        "apiVersion": "dlaasgen/v1",
        "name": "m",
        "prototype": "tfjob",
        "params": {"image": IMAGE, "namespace": "dlaas", "batch_size": 32},
        "axes": {"model": ["alexnet", "resnet50", "vgg16"]},
        "target": {"context": "fake"},
    }
    (tmp_path / "m.yaml").write_text(json.dumps(matrix), encoding="utf-8")
    dlaasgen("render", "m.yaml", cwd=tmp_path).ok()

    def ask(*args: str) -> Result:
        return dlaasgen(*args, cwd=tmp_path, env={"KUBECONFIG": str(tmp_path / "kubeconfig")})

    return ask


def as_documented(command: str, rows: list[dict[str, Any]]) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/output.md").read_text(encoding="utf-8")
    schema = json.loads(page.split(f"## `dlaasgen {command} --output json`")[1].split("```json")[1].split("```")[0])
    jsonschema.validate(rows, schema)
    assert all(list(row) == list(schema["items"]["properties"]) for row in rows)


def test_only_what_differs_is_applied(ask: Any, fake: Fake) -> None:
    assert "3 created (dry run)" in ask("apply", "rendered/m", "--dry-run=server").ok().out
    assert not fake.objects
    assert "3 created" in ask("apply", "rendered/m").ok().out
    assert len(fake.objects) == 3
    patches = [query for method, _, query in fake.log if method == "PATCH"]
    assert all(q["fieldManager"] == "dlaasgen" and q["fieldValidation"] == "Strict" for q in patches)
    fake.log.clear()
    assert "3 unchanged" in ask("apply", "rendered/m").ok().out
    assert [m for m, _, _ in fake.log if m == "PATCH"] == []
    changed = next(iter(fake.objects.values()))
    changed["metadata"]["labels"]["dlaasgen/cell"] = "other"
    assert "1 changed" in ask("apply", "rendered/m").ok().out
    rows = json.loads(ask("delete", "rendered/m", "--output", "json").ok().out)
    assert [r["outcome"] for r in rows] == ["deleted"] * 3
    as_documented("apply", rows)
    assert not fake.objects
    assert "3 absent" in ask("delete", "rendered/m").ok().out


def test_a_server_that_is_busy_is_asked_again(ask: Any, fake: Fake) -> None:
    fake.refuse = [(429, {"message": "too many requests"})] * 2
    assert "3 created" in ask("apply", "rendered/m").ok().out


def test_what_the_server_refuses_is_a_finding(ask: Any, fake: Fake, tmp_path: Path) -> None:
    text = '{"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "bad", "namespace": "n"}}'
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    done = ask("apply", "bad.yaml", "--context", "fake").exits(8)
    assert "S103" in done.err
    assert "spec.x" in done.err
    found = json.loads(ask("check", "--server", "--context", "fake", "bad.yaml", "--output", "json").out)
    assert [f["path"] for f in found if f["code"] == "S103"] == ["spec.x"]
    assert not fake.objects
    (tmp_path / "other.yaml").write_text(text.replace("kubeflow.org/v1", "example.com/v1"), encoding="utf-8")
    assert "S104" in ask("apply", "other.yaml", "--context", "fake").exits(5).err
    (tmp_path / "none.yaml").write_text(text.replace(', "namespace": "n"', ""), encoding="utf-8")
    assert "S107" in ask("apply", "none.yaml", "--context", "fake").exits(5).err
    assert "S107" in ask("apply", "bad.yaml", "--context", "fake", "--namespace", "x").exits(5).err


@pytest.mark.parametrize(
    ("said", "path", "place"),
    [
        ("failed to create typed patch: .spec.runPolicy.x: field not declared in schema", "spec.runPolicy.x", (5, 22)),
        ('strict decoding error: unknown field "spec.x"', "spec.x", (5, 3)),
        (
            "denied the request: spec.tfReplicaSpecs[Worker].replicas: Invalid value: -1",
            "spec.tfReplicaSpecs.Worker.replicas",
            (6, 31),
        ),
        ("denied the request: it is Friday", "", (4, 3)),
    ],
)
def test_what_the_server_says_of_a_field_has_its_place(
    ask: Any, fake: Fake, tmp_path: Path, said: str, path: str, place: tuple[int, int]
) -> None:
    text = """kind: List
apiVersion: v1
items:
- kind: TFJob
  spec: {runPolicy: {x: 1},
    tfReplicaSpecs: {Worker: {replicas: -1}}}
  metadata: {name: a, namespace: ns}
  apiVersion: kubeflow.org/v1
"""
    (tmp_path / "l.yaml").write_text(text, encoding="utf-8")
    fake.refuse_patches = {"message": said}
    told = json.loads(ask("check", "--server", "--context", "fake", "l.yaml", "-o", "json").exits(5).out)
    (found,) = (one for one in told if one["code"] == "S103")
    assert found["message"] == f"the API server refuses it: {said}"
    assert found.get("path", "") == path
    assert (found["line"], found["column"]) == place


def test_what_cannot_be_sent_does_not_hide_what_can(ask: Any, fake: Fake, tmp_path: Path) -> None:
    bad = {"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "bad", "namespace": "n"}}
    rows = [{**bad, "kind": "TFJobb"}, bad, {**bad, "metadata": {"name": "bad"}}]
    (tmp_path / "several.yaml").write_text("\n---\n".join(map(json.dumps, rows)), encoding="utf-8")
    told = json.loads(ask("check", "--server", "--context", "fake", "several.yaml", "-o", "json").out)
    assert {one["code"]: one["line"] for one in told if one["code"][0] == "S"} == {"S104": 1, "S103": 3, "S107": 5}
    assert not fake.objects


def test_a_tree_goes_to_its_own_cluster_only(ask: Any, fake: Fake, tmp_path: Path) -> None:
    config = json.loads((tmp_path / "kubeconfig").read_text(encoding="utf-8"))
    config["contexts"].append({**config["contexts"][0], "name": "other"})
    (tmp_path / "kubeconfig").write_text(json.dumps(config), encoding="utf-8")
    assert "S105" in ask("apply", "rendered/m", "--context", "other").exits(8).err
    assert "S101" in ask("apply", "rendered/m/jobs/alexnet.yaml").exits(2).err
    assert "S101" in ask("apply", "rendered/m/jobs/alexnet.yaml", "--context", "lost").exits(8).err
    assert not fake.objects


def test_status_and_wait(ask: Any, fake: Fake) -> None:
    rows = json.loads(ask("status", "rendered/m", "-o", "json").ok().out)
    assert {r["state"] for r in rows} == {"absent"}
    as_documented("status", rows)
    ask("apply", "rendered/m").ok()
    first, second, third = fake.objects.values()

    def ends(job: dict[str, Any], kind: str) -> None:
        job["status"] = {"conditions": [{"type": kind, "status": "True", "reason": kind, "message": "so it is"}]}

    ends(first, "Succeeded")
    ends(second, "Succeeded")
    lines = ask("status", "rendered/m").ok().out.splitlines()
    assert lines[-1] == "1 pending, 2 succeeded"
    assert "S109" in ask("wait", "rendered/m", "--timeout", "0").exits(11).err
    ends(third, "Succeeded")
    ask("wait", "rendered/m").ok()
    ends(third, "Failed")
    assert "failed: Failed so it is" in ask("wait", "rendered/m").exits(10).err
    pods = fake.objects
    base = "/api/v1/namespaces/dlaas/pods/"
    third["status"] = {}
    waiting = {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}
    pods[f"{base}x"] = {
        "metadata": {"name": "x", "labels": {"training.kubeflow.org/job-name": third["metadata"]["name"]}},
        "status": {"phase": "Pending", "containerStatuses": [{"state": waiting}]},
    }
    assert "stuck      image pull: x: no such image" in ask("status", "rendered/m").ok().out


def test_status_says_what_kueue_holds_back(ask: Any, fake: Fake) -> None:
    ask("apply", "rendered/m").ok()
    job = next(iter(fake.objects.values()))
    job["spec"]["runPolicy"]["suspend"] = True
    assert "pending    suspended" in ask("status", "rendered/m").ok().out
    reserved = {"type": "QuotaReserved", "status": "False", "message": "insufficient unused quota for cpu"}
    fake.objects["/apis/kueue.x-k8s.io/v1beta1/namespaces/dlaas/workloads/w"] = {
        "metadata": {"name": "w", "ownerReferences": [{"name": job["metadata"]["name"], "controller": True}]},
        "status": {"conditions": [reserved]},
    }
    assert "pending    quota: insufficient unused quota for cpu" in ask("status", "rendered/m").ok().out
