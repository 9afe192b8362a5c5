"""The configuration files of the components, as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from e2e.cluster.settings import CONTEXT, TOKEN

if TYPE_CHECKING:
    from e2e.cluster.settings import Settings

# What Argo CD starts for a folder with a kustomization; kubectl has kustomize within.
KUSTOMIZE = """\
#!/bin/sh
[ "$1" = build ] || { echo "kustomize $*: only build is here" >&2; exit 1; }
shift
exec kubectl kustomize "$@"
"""
PAUSE = "dlaasgen.example/pause:e2e"


def kubeconfig(settings: Settings) -> str:
    """For everyone: an administrator, with the API server's certificate checked."""
    cluster = {"server": settings.server, "certificate-authority": str(settings.path / "pki" / "ca.crt")}
    context = {"cluster": CONTEXT, "user": "admin", "namespace": "default"}
    return _json(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": CONTEXT, "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": TOKEN}}],
            "contexts": [{"name": CONTEXT, "context": context}],
            "current-context": CONTEXT,
        }
    )


def containerd(settings: Settings) -> str:
    """Everything below the cluster's own folder, but the sockets: their paths have a limit of 107 bytes."""
    folder = settings.path / "containerd"
    return f"""\
version = 2
root = "{folder}/root"
state = "/run/containerd/state"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  # Without CAP_SYS_RESOURCE a container's OOM score cannot be lowered below the daemon's own.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{settings.path}/cni"
"""


def pod_network(settings: Settings) -> str:
    """A bridge; no masquerade, since pods have nowhere to go."""
    ipam = {
        "type": "host-local",
        "dataDir": str(settings.path / "cni-addresses"),
        "ranges": [[{"subnet": settings.subnet}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": settings.bridge, "isGateway": True, "ipMasq": False, "hairpinMode": True}
    return _json({"cniVersion": "0.4.0", "name": settings.bridge, "plugins": [{**bridge, "ipam": ipam}]})


def kubelet(settings: Settings) -> str:
    """No eviction and no image collection: how full the machine's disk is must not matter."""
    folder = settings.path / "kubelet"
    return _json(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "address": settings.address,
            "port": 10250,
            "healthzPort": 0,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": settings.cgroup,
            "clusterDNS": [settings.address],
            "clusterDomain": "cluster.local",
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "enforceNodeAllocatable": [],
            "evictionHard": {
                "imagefs.available": "0%",
                "memory.available": "0%",
                "nodefs.available": "0%",
                "nodefs.inodesFree": "0%",
            },
            "failSwapOn": False,
            "imageGCHighThresholdPercent": 100,
            "maxPods": 200,
            "podLogsDir": str(folder / "pod-logs"),
            "resolvConf": "",
            "syncFrequency": "10s",
            "volumePluginDir": str(folder / "volume-plugins"),
        }
    )


def corefile(settings: Settings) -> str:
    """The operator's TF_CONFIG names a replica `job-worker-0.namespace.svc`, without the cluster's domain."""
    return f"""\
cluster.local:53 svc:53 {{
  bind {settings.address}
  errors
  rewrite name suffix .svc .svc.cluster.local answer auto
  kubernetes cluster.local {{
    kubeconfig {settings.kubeconfig} {CONTEXT}
  }}
}}
"""


def _json(value: Any) -> str:
    return json.dumps(value, indent=1)
