"""The whole chain: a matrix is rendered and reaches the cluster in each of three ways, and its results the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from e2e.cluster.settings import CONTEXT
from e2e.test_argocd import commit

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.kube import Kube
    from e2e.study import Study

pytestmark = pytest.mark.outside

AXES = {"model": ["trivial"], "batch_size": [16, 32], "replicas": [1, 2]}


def collected(study: Study, kube: Kube, jobs: dict[str, str], name: str = "small") -> list[dict[str, Any]]:
    """Collects twice, and gives the results: one for each job, leading back to its manifest."""
    store, tree = study.folder / "results.db", study.tree(name)
    line = ("collect", "--from", f"k8s://{kube.namespace}", "--store", store, "--tree", tree, "--output", "json")
    first = kube.run("dlaasgen", *line).ok().data
    assert (first["results"], first["unmatched"], first["failed"]) == (len(jobs), [], [])
    again = kube.run("dlaasgen", *line).ok().data
    assert (again["new"], again["results"]) == (0, 0)
    found = kube.run("dlaasgen", "results", "--store", store, "--output", "json").ok().data
    assert {one["cell"]: one["job"] for one in found} == jobs
    assert len(found) == len(jobs)
    for one in found:
        assert (one["status"], one["reason"], one["mismatches"], one["matrix"]) == ("succeeded", "", [], name), one
        assert one["metrics"]["images_per_second"]["value"] > 0
        assert one["manifest_digest"]
        cell = kube.run("dlaasgen", "cells", study.folder / "matrix" / f"{name}.yaml", "--output", "json").ok().data
        (params,) = (c["params"] for c in cell if c["id"] == one["cell"])
        assert len(one["workers"]) == params["replicas"]
        assert one["parameters"]["batch_size"] == params["batch_size"]
    return [dict(one) for one in found]


def reported(study: Study, kube: Kube, found: list[dict[str, Any]]) -> None:
    """The report shows each cell with its figure."""
    out: Path = study.folder / "report"
    (run,) = {one["run"] for one in found}
    kube.run("dlaasgen", "report", run, "--store", study.folder / "results.db", "--out", out).ok()
    (page,) = out.glob("*.html")
    (table,) = out.glob("*.md")
    for text in (page.read_text(encoding="utf-8"), table.read_text(encoding="utf-8").replace("\\", "")):
        for one in found:
            assert one["cell"] in text


def test_from_a_commit_by_argo_cd_to_a_report(study: Study, kube: Kube) -> None:
    name = kube.namespace
    gitops = {
        "repository": study.folder.as_uri(),
        "server": kube.cluster.settings.server,
        "project": kube.namespace,
    }
    jobs = study.render(name=name, axes={**AXES, "batch_size": [32]}, gitops=gitops, run="7")
    head = commit(study.folder)
    health = kube.run("dlaasgen", "argocd", "health").ok().out
    kube.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=health).ok()
    kube.kubectl("apply", "-f", study.tree(name) / "argocd").ok()
    try:

        def state(part: str) -> dict[str, Any]:
            return dict(kube.get("Application", name, "argocd").get("status", {}).get(part, {}))

        kube.wait("Argo CD has applied the commit", lambda: state("sync").get("revision") == head)
        kube.wait("the application is Synced", lambda: state("sync").get("status") == "Synced")
        for job in jobs.values():
            kube.finished(job)
        kube.wait("the application is Healthy", lambda: state("health").get("status") == "Healthy")
        # The operator writes into the jobs; to Argo CD they are what git says.
        assert state("sync").get("status") == "Synced"
        reported(study, kube, collected(study, kube, jobs, name))
    finally:
        kube.kubectl("delete", "-f", study.tree(name) / "argocd")


def test_with_kubectl_apply_to_a_report(study: Study, kube: Kube) -> None:
    jobs = study.render(axes=AXES, run="7")
    study.apply()
    for job in jobs.values():
        kube.finished(job)
    reported(study, kube, collected(study, kube, jobs))


def test_with_dlaasgen_apply_to_a_report(study: Study, kube: Kube) -> None:
    jobs = study.render(axes=AXES, run="7")
    cluster = ("--context", CONTEXT)
    kube.run("dlaasgen", "apply", study.tree(), *cluster).ok()
    kube.run("dlaasgen", "wait", study.tree(), "--timeout", "120", *cluster).ok()
    states = kube.run("dlaasgen", "status", study.tree(), "--output", "json", *cluster).ok().data
    assert {one["cell"]: one["state"] for one in states} == dict.fromkeys(jobs, "succeeded")
    reported(study, kube, collected(study, kube, jobs))


def test_a_collectors_own_rights_are_enough(study: Study, kube: Kube) -> None:
    asked = ("collector", "manifests", "--image", kube.cluster.images["benchmark"], "--namespace", kube.namespace)
    made = yaml.safe_load_all(kube.run("dlaasgen", *asked, "--store-secret", "results", "--follow").ok().out)
    rights = [one for one in made if one["kind"] in {"ServiceAccount", "Role", "RoleBinding"}]
    kube.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(rights)).ok()
    token = kube.kubectl("create", "token", "dlaasgen-collector", "--namespace", kube.namespace).ok().out.strip()
    config = yaml.safe_load(kube.cluster.kubeconfig.read_text(encoding="utf-8"))
    config["users"][0]["user"] = {"token": token}
    own = kube.home / "collector.kubeconfig"
    own.write_text(yaml.safe_dump(config), encoding="utf-8")
    (job,) = study.render(run="7").values()
    study.apply()
    kube.finished(job)
    store = study.folder / "results.db"
    line = ("collect", "--from", f"k8s://{kube.namespace}", "--store", str(store), "--output", "json")
    done = study.dlaasgen(*line, cwd=kube.home, env={"KUBECONFIG": str(own)}).ok()
    assert (done.data["results"], done.err) == (1, "")
    # Its rights end at its namespace, and at reading.
    refused = study.dlaasgen(*line[:2], "k8s://default", *line[3:], cwd=kube.home, env={"KUBECONFIG": str(own)})
    assert "pods is forbidden" in refused.exits(7).err
    for words in (("delete", "pods"), ("get", "secrets"), ("patch", "tfjobs.kubeflow.org"), ("create", "pods")):
        may = kube.kubectl("--kubeconfig", own, "auth", "can-i", *words, "--namespace", kube.namespace)
        assert may.out.strip() == "no", words
