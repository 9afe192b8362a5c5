"""The command line of every part of the cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from e2e.cluster.components import JOBS
from e2e.cluster.settings import NODE

if TYPE_CHECKING:
    from e2e.cluster.settings import Settings


def containerd(settings: Settings) -> list[str]:
    return ["containerd", "--config", f"{settings.folder}/containerd.toml"]


def etcd(settings: Settings) -> list[str]:
    """Nothing has to outlive the machine, so nothing is synced to the disk."""
    client, peer = (_local(settings, port) for port in ("etcd", "etcd_peer"))
    return [
        "etcd",
        "--unsafe-no-fsync",
        f"--data-dir={settings.folder}/etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]


def apiserver(settings: Settings) -> list[str]:
    pki = f"{settings.folder}/pki"
    return [
        settings.program("kubernetes", "kube-apiserver"),
        f"--etcd-servers={_local(settings, 'etcd')}",
        "--bind-address=127.0.0.1",
        f"--secure-port={settings.ports['apiserver']}",
        f"--tls-cert-file={pki}/tls.crt",
        f"--tls-private-key-file={pki}/tls.key",
        f"--cert-dir={pki}/apiserver",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki}/sa.key",
        f"--service-account-signing-key-file={pki}/sa.key",
        f"--token-auth-file={settings.folder}/tokens.csv",
        "--authorization-mode=Node,RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--allow-privileged=true",
        # Pods get no service account's token, which would have to be made before each of them starts.
        "--disable-admission-plugins=ServiceAccount",
        # Debian's etcd cannot do what watches that begin with a list take. Offered and refused, they stop kwok.
        "--feature-gates=WatchList=false",
        # `kubectl logs` asks the kubelet by its address: nobody resolves the node's name.
        "--kubelet-preferred-address-types=InternalIP",
    ]


def controller_manager(settings: Settings) -> list[str]:
    return [
        settings.program("kubernetes", "kube-controller-manager"),
        *_alone(settings),
        f"--service-account-private-key-file={settings.folder}/pki/sa.key",
        # The pods' subnet is in the bridge's configuration.
        "--controllers=*,-nodeipam",
    ]


def scheduler(settings: Settings) -> list[str]:
    return [settings.program("kubernetes", "kube-scheduler"), *_alone(settings)]


def kubelet(settings: Settings) -> list[str]:
    return [
        settings.program("kubernetes", "kubelet"),
        f"--kubeconfig={settings.kubeconfig}",
        f"--config={settings.folder}/kubelet.json",
        f"--root-dir={settings.folder}/kubelet",
        f"--cert-dir={settings.folder}/kubelet/pki",
        f"--hostname-override={NODE}",
        # It must be the address of an interface, and none of the loopback's.
        f"--node-ip={settings.address}",
    ]


def coredns(settings: Settings) -> list[str]:
    return [settings.program("coredns", "coredns"), "-conf", f"{settings.folder}/Corefile"]


def operator(settings: Settings) -> list[str]:
    return [
        settings.program("operator", "training-operator.v1"),
        f"--kubeconfig={settings.kubeconfig}",
        f"--metrics-bind-address=127.0.0.1:{settings.ports['operator_metrics']}",
        f"--health-probe-bind-address=127.0.0.1:{settings.ports['operator_health']}",
        f"--webhook-server-port={settings.ports['operator_webhook']}",
        *(f"--enable-scheme={plural.removesuffix('s')}" for plural in JOBS),
    ]


def redis(settings: Settings) -> list[str]:
    return ["redis-server", "--bind", "127.0.0.1", "--port", str(settings.ports["redis"]), "--save", ""]


def repo_server(settings: Settings) -> list[str]:
    return [
        *_argocd(settings),
        "--address=127.0.0.1",
        f"--port={settings.ports['repo_server']}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={settings.ports['repo_server_metrics']}",
    ]


def application_controller(settings: Settings) -> list[str]:
    return [
        *_argocd(settings),
        f"--kubeconfig={settings.kubeconfig}",
        "--namespace=argocd",
        f"--repo-server=127.0.0.1:{settings.ports['repo_server']}",
        f"--metrics-port={settings.ports['argocd_metrics']}",
        # Each resource's health is written into the Application, where tests see it.
        "--persist-resource-health",
        # Seconds between two looks at a repository.
        "--app-resync=10",
    ]


def argocd_environment(settings: Settings, name: str, path: str) -> dict[str, str]:
    """One binary acts as the component that it is told to be. Kustomize and its wrapper of git have to be on PATH."""
    programs = Path(settings.program("argocd", "argocd")).parent
    return {
        "ARGOCD_BINARY_NAME": name,
        "ARGOCD_GPG_ENABLED": "false",
        "PATH": f"{programs}:{settings.folder}/bin:{path}",
    }


def _argocd(settings: Settings) -> list[str]:
    return [settings.program("argocd", "argocd"), f"--redis=127.0.0.1:{settings.ports['redis']}"]


def _alone(settings: Settings) -> list[str]:
    """There is one of each, and nobody asks it for its health."""
    return [f"--kubeconfig={settings.kubeconfig}", "--leader-elect=false", "--secure-port=0"]


def _local(settings: Settings, port: str) -> str:
    return f"http://127.0.0.1:{settings.ports[port]}"
