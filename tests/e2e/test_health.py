"""`dlaasgen argocd health`: what Argo CD makes of jobs in each of their states, with the checks that are printed."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from e2e.kube import PLURALS
from e2e.test_argocd import application, commit
from jobs import trainjob

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.kube import Kube
    from e2e.study import Study

pytestmark = pytest.mark.outside

# As docs/guides/gitops.md says it. kubectl's own manager may be the one that has installed Argo CD.
MERGE = ("apply", "--server-side", "--field-manager=dlaasgen-health", "-f", "-")
# The kinds, with the condition of one that has done what it should.
DONE = {"TFJob": "Succeeded", "PyTorchJob": "Succeeded", "MPIJob": "Succeeded", "TrainJob": "Complete"}
# What is written into a job's status -> the health that Argo CD then has to compute.
STATES: dict[str, tuple[list[tuple[str, str]], str]] = {
    "new": ([], "Progressing"),
    "created": ([("Created", "True")], "Progressing"),
    "running": ([("Created", "True"), ("Running", "True")], "Progressing"),
    "held": ([("Created", "True"), ("Suspended", "True")], "Suspended"),
    "resumed": ([("Suspended", "False"), ("Running", "True")], "Progressing"),
    "done": ([("Running", "False"), ("@", "True")], "Healthy"),
    "failed": ([("Running", "False"), ("Failed", "True")], "Degraded"),
}


@contextmanager
def checks(kube: Kube, text: str) -> Iterator[None]:
    """The printed patch, merged into the ConfigMap that Argo CD has; taken out afterwards."""
    kube.kubectl(*MERGE, stdin=text).ok()
    try:
        yield
    finally:
        empty = {key: value for key, value in yaml.safe_load(text).items() if key != "data"}
        kube.kubectl(*MERGE, stdin=json.dumps(empty)).ok()


def example(kind: str) -> dict[str, Any]:
    """A manifest of a kind that its webhook accepts, and which makes no pods."""
    if kind == "TrainJob":
        return trainjob()
    field, container, first = {
        "TFJob": ("tfReplicaSpecs", "tensorflow", "Worker"),
        "PyTorchJob": ("pytorchReplicaSpecs", "pytorch", "Master"),
        "MPIJob": ("mpiReplicaSpecs", "mpi", "Launcher"),
    }[kind]
    pod = {"spec": {"containers": [{"name": container, "image": "example.com/a"}]}}
    spec: dict[str, Any] = {field: {first: {"replicas": 1, "restartPolicy": "Never", "template": pod}}}
    spec["runPolicy"] = {"suspend": True}
    return {"apiVersion": "kubeflow.org/v1", "kind": kind, "metadata": {}, "spec": spec}


@contextmanager
def nobody_else_writes(kube: Kube) -> Iterator[None]:
    """The operator, which would write what it finds into each status, is stopped for a while."""
    kube.cluster.ask("stop", "training-operator")
    try:
        yield
    finally:
        kube.cluster.ask("start", "training-operator")
        trial = example("TFJob") | {"metadata": {"name": "trial"}}
        kube.wait("the operator's webhook answers", lambda: kube.attempt(trial).accepted)


def say(kube: Kube, kind: str, name: str, conditions: list[tuple[str, str]]) -> None:
    """What a job's controller would write."""
    group, plural = PLURALS[kind]
    now = "2026-01-01T00:00:00Z"
    told = [
        {
            "type": one.replace("@", DONE[kind]),
            "status": holds,
            "reason": f"{kind}{one.replace('@', 'Done')}",
            "message": f"it is {one.replace('@', DONE[kind]).lower()}",
            "lastTransitionTime": now,
        }
        for one, holds in conditions
    ]
    body = kube.get(kind, name) | {"status": {"conditions": told}}
    if kind != "TrainJob":
        body["status"]["replicaStatuses"] = {}
    done = kube.call("PUT", f"{group}/namespaces/{kube.namespace}/{plural}/{name}/status", body)
    assert done.accepted, done.message


def resources(kube: Kube) -> dict[tuple[str, str], tuple[str, str]]:
    """(kind, name) -> (health, message) of the application's resources, as Argo CD's controller stored them."""
    found = kube.get("Application", kube.namespace, "argocd").get("status", {}).get("resources", ())
    return {
        (one["kind"], one["name"]): (one.get("health", {}).get("status", ""), one.get("health", {}).get("message", ""))
        for one in found
    }


def managed(kube: Kube, folder: Path) -> None:
    """An application over a folder of a repository, synced."""
    made = kube.call(
        "POST",
        "apis/argoproj.io/v1alpha1/namespaces/argocd/applications",
        application(kube, folder, "jobs"),
    )
    assert made.accepted, made.message


def test_argo_cd_computes_the_health_of_each_kind_in_each_state(kube: Kube, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "jobs").mkdir(parents=True)
    wanted: dict[tuple[str, str], str] = {}
    for kind in DONE:
        for state, (_, health) in STATES.items():
            name = f"{kind.lower()}-{state}"
            manifest = example(kind)
            manifest["metadata"] = {"name": name, "namespace": kube.namespace}
            text = yaml.safe_dump(manifest)
            (repository / "jobs" / f"{name}.yaml").write_text(text, encoding="utf-8")
            wanted[kind, name] = health
    commit(repository)
    patch = kube.run("dlaasgen", "argocd", "health").ok().out
    with checks(kube, patch):
        managed(kube, repository)
        kube.wait("all jobs are there", lambda: all(kube.get(*key) for key in wanted))
        operated = [key for key in wanted if key[0] != "TrainJob"]
        kube.wait("the operator has seen them", lambda: all("status" in kube.get(*key) for key in operated))
        with nobody_else_writes(kube):
            for kind, name in wanted:
                say(kube, kind, name, STATES[name.rpartition("-")[2]][0])
            known: dict[tuple[str, str], str] = {}

            def computed() -> bool:
                known.update({key: health for key, (health, _) in resources(kube).items()})
                return known == wanted

            with suppress(pytest.fail.Exception):
                kube.wait("Argo CD has computed the health of all", computed)
            assert known == wanted
            # It is the condition that holds which Argo CD shows.
            assert resources(kube)["TFJob", "tfjob-failed"][1] == "it is failed"
        assert set(wanted.values()) == {"Progressing", "Suspended", "Healthy", "Degraded"}
        # The worst of them is the application's.
        whole = kube.get("Application", kube.namespace, "argocd")["status"]["health"]["status"]
        assert whole == "Degraded"


def test_a_real_job_goes_from_progressing_to_healthy(study: Study, kube: Kube) -> None:
    (job,) = study.render(params={"num_batches": 200}).values()
    commit(study.folder)
    patch = kube.run("dlaasgen", "argocd", "health").ok().out
    seen: list[str] = []
    with checks(kube, patch):
        made = application(kube, study.folder, "rendered/small")
        answer = kube.call("POST", "apis/argoproj.io/v1alpha1/namespaces/argocd/applications", made)
        assert answer.accepted, answer.message

        def healthy() -> bool:
            now = resources(kube).get(("TFJob", job), ("", ""))[0]
            if now not in {"", "Missing", *seen[-1:]}:
                seen.append(now)
            return now == "Healthy"

        kube.wait("the job is Healthy", healthy)
        assert seen == ["Progressing", "Healthy"]
        assert "Succeeded" in kube.conditions(job)

        def whole() -> bool:
            status = kube.get("Application", kube.namespace, "argocd")["status"]
            return bool(status["health"]["status"] == "Healthy" and status["sync"]["status"] == "Synced")

        kube.wait("the application is Synced and Healthy", whole)


def test_the_patch_keeps_what_else_argo_cd_was_told(kube: Kube) -> None:
    """Merged as its documentation says, by server-side apply: it is part of a ConfigMap."""
    text = kube.run("dlaasgen", "argocd", "health").ok().out
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm", "namespace": kube.namespace}}
    config["data"] = {"accounts.someone": "login"}
    kube.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(config)).ok()
    ours = kube.run("dlaasgen", "argocd", "health", "--namespace", kube.namespace).ok().out
    assert ours.replace(kube.namespace, "argocd") == text
    kube.kubectl(*MERGE, stdin=ours).ok()
    data = kube.call("GET", f"api/v1/namespaces/{kube.namespace}/configmaps/argocd-cm").data["data"]
    assert data["accounts.someone"] == "login"
    assert len(data) == 1 + len(DONE)
