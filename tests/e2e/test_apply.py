"""`dlaasgen apply`, `delete`, `status`, `wait` and `check --server` against a real API server and real jobs."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from e2e.cluster.settings import CONTEXT
from support import command, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from e2e.kube import Kube
    from e2e.study import Study
    from support import Result

pytestmark = pytest.mark.outside


@pytest.fixture
def tell(study: Study, kube: Kube) -> Callable[..., Result]:
    """Runs a command on the study's tree, in the test cluster."""

    def tell(name: str, *args: str | Path, path: str | Path = "rendered/small") -> Result:
        return kube.run("dlaasgen", *name.split(), path, "--context", CONTEXT, *args, cwd=study.folder)

    return tell


def cells(told: Result) -> dict[str, tuple[str, str]]:
    """Cell -> (state, reason)."""
    return {row["cell"]: (row["state"], row["reason"]) for row in told.ok().data}


TWO = {"model": ["trivial"], "batch_size": [16, 32], "replicas": [1]}


def test_a_tree_is_applied_awaited_and_deleted(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    jobs = study.render(axes=TWO)
    assert {state for state, _ in cells(tell("status", "-o", "json")).values()} == {"absent"}

    assert "2 created (dry run)" in tell("apply", "--dry-run=server").ok().out
    assert kube.list("TFJob") == []

    done = tell("apply", "--wait").ok().out.splitlines()
    assert done[0] == "2 created"
    assert done[-1] == "2 succeeded"
    assert cells(tell("status", "-o", "json")) == dict.fromkeys(jobs, ("succeeded", "TFJobSucceeded"))
    assert tell("status").ok().out.splitlines()[-1] == "2 succeeded"
    assert "2 succeeded" in tell("wait").ok().out
    for job in jobs.values():
        managers = {(f["manager"], f["operation"]) for f in kube.get("TFJob", job)["metadata"]["managedFields"]}
        assert ("dlaasgen", "Apply") in managers

    # The operator has written into the objects since: to dlaasgen they are still what the tree says.
    before = {job: kube.get("TFJob", job)["metadata"]["resourceVersion"] for job in jobs.values()}
    assert tell("apply").ok().out == "2 unchanged\n"
    assert {job: kube.get("TFJob", job)["metadata"]["resourceVersion"] for job in jobs.values()} == before

    assert "2 deleted (dry run)" in tell("delete", "--dry-run=server").ok().out
    assert len(kube.list("TFJob")) == 2
    assert "2 deleted" in tell("delete").ok().out
    assert "2 absent" in tell("delete").ok().out
    kube.wait("its pods are gone with the jobs", lambda: not kube.list("Pod"))


def test_only_the_job_that_changed_is_applied(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    first = study.render(axes=TWO)
    tell("apply").ok()
    rule = {"when": "batch_size == 16", "num_batches": 21}
    second = study.render(axes=TWO, include=[rule])
    assert len(set(first.values()) & set(second.values())) == 1, "a changed job has another name"
    rows = tell("apply", "-o", "json").ok().data
    outcomes = {row["name"]: row["outcome"] for row in rows}
    assert outcomes == {job: "unchanged" if job in first.values() else "created" for job in second.values()}
    assert {row["namespace"] for row in rows} == {kube.namespace}


def plain(kube: Kube, name: str = "plain", **spec: Any) -> dict[str, Any]:
    """A Service, which the server gives defaults to, and whose fields may change."""
    ports = [{"name": "http", "port": 80}, {"name": "other", "port": 81}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": kube.namespace, "labels": {"a": "1", "b": "2"}},
        "spec": {"selector": {"app": "x"}, "ports": ports, **spec},
    }


def put(study: Study, *manifests: dict[str, Any]) -> Path:
    study.folder.mkdir(parents=True, exist_ok=True)
    file = study.folder / "plain.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)}), encoding="utf-8")
    return file


def test_what_goes_from_a_manifest_goes_from_the_cluster(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    service = plain(kube)
    assert tell("apply", path=put(study, service)).ok().out == "1 created\n"
    assert tell("apply", path=put(study, service)).ok().out == "1 unchanged\n"
    del service["metadata"]["labels"]["b"]
    assert tell("apply", path=put(study, service)).ok().out == "1 changed\n"
    assert kube.get("Service", "plain")["metadata"]["labels"] == {"a": "1"}
    service["spec"]["ports"].pop()
    assert tell("apply", path=put(study, service)).ok().out == "1 changed\n"
    assert [port["port"] for port in kube.get("Service", "plain")["spec"]["ports"]] == [80]
    assert tell("apply", path=put(study, service)).ok().out == "1 unchanged\n"
    # A value that the server writes in another way is no change.
    limits = {"kind": "LimitRange", "metadata": {"name": "l", "namespace": kube.namespace}, "apiVersion": "v1"}
    limits["spec"] = {"limits": [{"type": "Container", "max": {"cpu": "64000m"}}]}
    assert tell("apply", path=put(study, limits)).ok().out == "1 created\n"
    assert tell("apply", path=put(study, limits)).ok().out == "1 unchanged\n"


def test_a_field_of_somebody_else_is_left_to_them(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    theirs, ours = plain(kube), plain(kube, selector={"app": "y"})
    kube.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(theirs)).ok()
    other = plain(kube, "other")
    done = tell("apply", path=put(study, ours, other)).exits(8)
    assert "S106" in done.err
    assert '"kubectl"' in done.err
    assert "spec.selector" in done.err
    assert done.out == "1 refused, 1 created\n"
    assert kube.get("Service", "plain")["spec"]["selector"] == {"app": "x"}


def test_a_tree_for_another_cluster_is_refused(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    for target in ({"context": "lab"}, {"server": "https://lab.example.com:6443"}):
        study.render(target=target)
        for name in ("apply", "apply --dry-run=server", "delete", "status", "wait", "check --server"):
            told = tell(name).exits(8)
            assert "S105" in told.err + told.out, name
            assert "is for another cluster" in told.err + told.out
    assert kube.list("TFJob") == []
    study.render(target={"context": CONTEXT, "server": kube.cluster.settings.server})
    assert kube.run("dlaasgen", "apply", "rendered/small", cwd=study.folder).ok().out == "1 created\n"


def test_a_namespace_that_is_not_there(study: Study, tell: Callable[..., Result]) -> None:
    study.render(params={"namespace": "nowhere"})
    told = tell("apply").exits(8)
    assert "S108" in told.err
    assert 'namespaces "nowhere" not found' in told.err
    assert cells(tell("status", "-o", "json")) == {"trivial-bs32-w2": ("absent", "not applied")}


def found(told: Result) -> list[dict[str, Any]]:
    """The findings that say what the server says."""
    return [one for one in json.loads(told.out) if one["code"].startswith("S")]


def test_what_the_server_says_has_a_file_and_a_line(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    study.render(axes=TWO)
    assert found(tell("check --server", "-o", "json").ok()) == []
    unknown, kind = sorted((study.tree() / "jobs").glob("*.yaml"))
    text = unknown.read_text(encoding="utf-8")
    wrong = text.replace("runPolicy:\n", "runPolicy:\n    replicaz: 1\n")
    unknown.write_text(wrong, encoding="utf-8")
    kind.write_text(kind.read_text(encoding="utf-8").replace("kind: TFJob", "kind: TFJobb"), encoding="utf-8")
    told = {one["code"]: one for one in found(tell("check --server", "-o", "json"))}
    assert sorted(told) == ["S103", "S104"]
    refused, none = told["S103"], told["S104"]
    assert refused["file"] == f"rendered/small/jobs/{unknown.name}"
    assert refused["path"] == "spec.runPolicy.replicaz"
    assert wrong.splitlines()[refused["line"] - 1].strip() == "replicaz: 1"
    assert none["file"] == f"rendered/small/jobs/{kind.name}"
    assert "no kind TFJobb" in none["message"]
    assert kube.list("TFJob") == []


def test_what_webhooks_and_quotas_object_to(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    study.render()
    (file,) = (study.tree() / "jobs").glob("*.yaml")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("- name: tensorflow", "- name: other"), encoding="utf-8")
    (webhook,) = found(tell("check --server", "-o", "json"))
    assert (webhook["code"], webhook["file"]) == ("S103", f"rendered/small/jobs/{file.name}")
    assert "must have at least one container with name tensorflow" in webhook["message"]
    assert webhook["path"].endswith(".template.spec.containers")
    assert file.read_text(encoding="utf-8").splitlines()[webhook["line"] - 1].strip() == "containers:"
    file.write_text(text, encoding="utf-8")
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small", "namespace": kube.namespace},
        "spec": {"hard": {"count/tfjobs.kubeflow.org": "0"}},
    }
    kube.kubectl("apply", "-f", "-", stdin=json.dumps(quota)).ok()

    def objects() -> list[dict[str, Any]]:
        return found(tell("check --server", "-o", "json"))

    (refused,) = kube.wait("the quota holds", objects)
    assert "exceeded quota: small" in refused["message"]
    assert "S103" in tell("apply").exits(8).err


def test_where_each_cell_is_and_why(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    """A job of each kind: one that runs, one that fits nowhere, one without image, one that fails, one that waits."""
    nowhere = "127.0.0.1:1/none@sha256:" + "0" * 64
    axes = {"batch_size": [1, 2, 3, 4, 5], "replicas": [1]}
    rules = [
        {"when": "batch_size == 1", "num_batches": 400},
        {"when": "batch_size == 2", "cpu": "640"},
        {"when": "batch_size == 3", "image": nowhere},
        {"when": "batch_size == 4", "model": "resnet5000", "backoff_limit": 1},
    ]
    off = {"disable": [{"code": "P309", "reason": "it is what the test is about"}]}
    study.render(axes=axes, include=rules, checks=off, params={"model": "trivial"}, id="b{{ batch_size }}")
    (held,) = (study.tree() / "jobs").glob("b5*.yaml")
    text = held.read_text(encoding="utf-8")
    held.write_text(text.replace("  runPolicy:\n", "  runPolicy:\n    suspend: true\n"), encoding="utf-8")
    tell("apply").ok()
    wanted = {
        "b1": ("running", ""),
        "b2": ("stuck", "unschedulable"),
        "b3": ("stuck", "image pull"),
        "b4": ("failed", "TFJobFailed"),
        "b5": ("pending", "suspended"),
    }
    kube.wait("all are where they should be", lambda: cells(tell("status", "-o", "json")) == wanted)
    lines = {line.split()[0]: line for line in tell("status").ok().out.splitlines()[:-1]}
    assert "Insufficient cpu" in lines["b2"]
    assert "127.0.0.1:1/none" in lines["b3"]
    assert "1 PS replica(s) failed" in lines["b4"]
    waited = tell("wait", "--timeout", "0").exits(11)
    assert "stuck: image pull" in waited.err
    assert "stuck: unschedulable" in waited.err


def test_a_quota_that_holds_pods_back(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small", "namespace": kube.namespace},
        "spec": {"hard": {"pods": "0"}},
    }
    kube.kubectl("apply", "-f", "-", stdin=json.dumps(quota)).ok()
    show = ("get", "quota", "small", "--namespace", kube.namespace, "--output", "json")
    kube.wait("the quota counts", lambda: "used" in kube.kubectl(*show).ok().data["status"])
    study.render()
    tell("apply").ok()

    def quota_told() -> bool:
        return cells(tell("status", "-o", "json")) == {"trivial-bs32-w2": ("stuck", "quota")}

    kube.wait("status tells of the quota", quota_told)
    assert "exceeded quota: small" in tell("status").ok().out


def test_wait_says_which_cells_failed(study: Study, tell: Callable[..., Result]) -> None:
    off = {"disable": [{"code": "P309", "reason": "it is what the test is about"}]}
    axes = {"model": ["trivial", "resnet5000"], "batch_size": [32], "replicas": [1]}
    study.render(axes=axes, checks=off, params={"backoff_limit": 1})
    done = tell("apply", "--wait").exits(10)
    assert "S109" in done.err
    assert "resnet5000" in done.err
    assert "cell trivial" not in done.err
    assert done.out.splitlines()[0] == "2 created"
    assert done.out.splitlines()[-1] == "1 succeeded, 1 failed"


def test_watch_shows_each_change_until_the_end(study: Study, kube: Kube, tell: Callable[..., Result]) -> None:
    study.render()
    line = [command("dlaasgen"), "status", "rendered/small", "--context", CONTEXT, "--watch"]
    env = environment(HOME=str(kube.home), KUBECONFIG=str(kube.cluster.kubeconfig))
    with subprocess.Popen(line, cwd=study.folder, env=env, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        assert "absent" in watching.stdout.readline()
        tell("apply").ok()
        rest = watching.stdout.read()
    assert watching.returncode == 0
    assert "running" in rest or "admitted" in rest
    assert rest.splitlines()[-1] == "1 succeeded"
