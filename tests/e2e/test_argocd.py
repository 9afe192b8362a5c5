"""GitOps: a commit of a rendered tree, and Argo CD does the rest."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.kube import Kube
    from e2e.study import Study

pytestmark = pytest.mark.outside


def git(folder: Path, *args: str) -> str:
    who = ["-c", "user.name=e2e", "-c", "user.email=e2e@example.com"]
    return subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> str:
    """Everything that has changed; the commit's hash."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=The study")
    return git(folder, "rev-parse", "HEAD")


def application(kube: Kube, repository: Path, path: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": kube.namespace, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {"repoURL": repository.as_uri(), "targetRevision": "main", "path": path},
            "destination": {"server": kube.cluster.settings.server, "namespace": kube.namespace},
            "syncPolicy": {"automated": {}, "syncOptions": ["ServerSideApply=true"]},
        },
    }


def test_a_commit_is_synced_and_its_jobs_run(study: Study, kube: Kube) -> None:
    (job,) = study.render().values()
    head = commit(study.folder)
    made = kube.call(
        "POST",
        "apis/argoproj.io/v1alpha1/namespaces/argocd/applications",
        application(kube, study.folder, "rendered/small"),
    )
    assert made.accepted, made.message

    def synced() -> bool:
        sync = kube.get("Application", kube.namespace, "argocd").get("status", {}).get("sync", {})
        return (sync.get("status"), sync.get("revision")) == ("Synced", head)

    kube.wait("the application is Synced", synced)
    kube.finished(job)
    # The operator writes into the object's status and spec; to Argo CD it must still be what git says.
    assert synced()
