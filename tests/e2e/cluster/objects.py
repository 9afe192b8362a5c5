"""The Kubernetes objects that the operator and Argo CD expect to find."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from e2e.cluster.components import JOBS
from e2e.cluster.settings import TOKEN

if TYPE_CHECKING:
    from e2e.cluster.settings import Settings

CERTIFICATES = ("ca.crt", "ca.key", "tls.crt", "tls.key")


def base(settings: Settings) -> list[dict[str, Any]]:
    """What must be there before the operator and Argo CD start; the resource definitions go before these."""
    return [
        *(_object("v1", "Namespace", name) for name in ("kubeflow", "argocd")),
        *_operator(settings),
        *_argocd(settings),
    ]


def _operator(settings: Settings) -> list[dict[str, Any]]:
    # The operator would make these certificates itself, but hands them to its own pod through this Secret.
    pki = settings.path / "pki"
    data = {name: base64.b64encode((pki / name).read_bytes()).decode() for name in CERTIFICATES}
    secret = _object("v1", "Secret", "training-operator-webhook-cert", "kubeflow", data=data)
    file = Path(settings.components["operator"]) / "webhook" / "manifests.yaml"
    hooks = yaml.safe_load(file.read_text(encoding="utf-8"))
    # There is no Service in front of a process: the API server calls it by its address.
    address = f"https://127.0.0.1:{settings.ports['operator_webhook']}"
    hooks["metadata"]["name"] = "validator.training-operator.kubeflow.org"
    hooks["webhooks"] = [hook for hook in hooks["webhooks"] if set(JOBS) & set(hook["rules"][0]["resources"])]
    for hook in hooks["webhooks"]:
        hook["clientConfig"] = {"url": address + hook["clientConfig"]["service"]["path"], "caBundle": data["ca.crt"]}
    return [secret, hooks]


def _argocd(settings: Settings) -> list[dict[str, Any]]:
    login = f'{{"bearerToken": "{TOKEN}", "tlsClientConfig": {{"insecure": true}}}}'
    cluster = {"name": "e2e", "server": settings.server, "config": login}
    everything = [{"group": "*", "kind": "*"}]
    project = {
        "sourceRepos": ["*"],
        "destinations": [{"namespace": "*", "server": "*"}],
        "clusterResourceWhitelist": everything,
    }
    return [
        # As Argo CD installs it: without data, of which somebody would be the owner.
        _part("ConfigMap", "argocd-cm"),
        _part("ConfigMap", "argocd-rbac-cm", data={}),
        _part("Secret", "argocd-secret", stringData={"server.secretkey": "only-this-cluster-knows-it"}),
        _part("Secret", "e2e", {"argocd.argoproj.io/secret-type": "cluster"}, stringData=cluster),
        _object("argoproj.io/v1alpha1", "AppProject", "default", "argocd", spec=project),
    ]


def _part(kind: str, name: str, labels: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    labels = labels or {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"}
    return _object("v1", kind, name, "argocd", labels, **fields)


def _object(
    version: str, kind: str, name: str, namespace: str = "", labels: dict[str, str] | None = None, **fields: Any
) -> dict[str, Any]:
    where = {"namespace": namespace} if namespace else {}
    marks = {"labels": labels} if labels else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **where, **marks}, **fields}
