"""Many nodes that are none: kwok says of each pod on them that it runs, and soon that it has succeeded."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from e2e.kube import Kube

LABEL = "dlaasgen-e2e-kwok"
# More than a real node of this machine has: a pod that asks for it goes to one of these.
CPU, NODE_CPU, NODE_PODS = "96", "6400", "5000"


def _condition(status: str) -> str:
    return "".join(
        f'\n- {{type: {kind}, status: "{status}", lastTransitionTime: {{{{ Now | Quote }}}}}}'
        for kind in ("Initialized", "Ready", "ContainersReady")
    )


def _stage(
    name: str, seconds: float, phase: str, when: Sequence[dict[str, Any]], state: str, ready: str
) -> dict[str, Any]:
    """From one phase of a pod to the next."""
    template = f"""\
conditions:{_condition(ready)}
containerStatuses:
{{{{ range .spec.containers }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  ready: {ready.lower()}
  restartCount: 0
  state: {state}
{{{{ end }}}}
phase: {phase}
startTime: {{{{ Now | Quote }}}}
"""
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {
                "matchExpressions": [{"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}, *when]
            },
            "delay": {"durationMilliseconds": int(seconds * 1000)},
            "next": {"statusTemplate": template},
        },
    }


def stages(seconds: float) -> list[dict[str, Any]]:
    """A pod runs at once, has succeeded after so many seconds, and goes when it is deleted."""
    phase = ".status.phase"
    now = "{{ Now | Quote }}"
    ended = f"{{terminated: {{exitCode: 0, reason: Completed, startedAt: {now}, finishedAt: {now}}}}}"
    gone = {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "pod-gone"},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": [{"key": ".metadata.deletionTimestamp", "operator": "Exists"}]},
            "next": {"delete": True},
        },
    }
    # Without a stage of its own a node is not looked at, nor are the pods on it.
    node = {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "node-is-ready"},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Node"},
            "selector": {
                "matchExpressions": [
                    {
                        "key": '.status.conditions.[] | select( .type == "Ready" ) | .status',
                        "operator": "NotIn",
                        "values": ["True"],
                    }
                ]
            },
            "next": {"statusTemplate": f"conditions:{_condition('True')}"},
        },
    }
    pending = [{"key": phase, "operator": "In", "values": ["Pending"]}]
    running = [{"key": phase, "operator": "In", "values": ["Running"]}]
    return [
        _stage("pod-runs", 0, "Running", pending, f"{{running: {{startedAt: {now}}}}}", "True"),
        _stage("pod-succeeds", seconds, "Succeeded", running, ended, "False"),
        gone,
        node,
    ]


def _node(name: str) -> dict[str, Any]:
    room = {"cpu": NODE_CPU, "memory": "64Ti", "pods": NODE_PODS}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {LABEL: "yes", "kubernetes.io/hostname": name}},
        "status": {
            "allocatable": room,
            "capacity": room,
        },
    }


@contextmanager
def nodes(kube: Kube, count: int = 4, seconds: float = 1) -> Iterator[None]:
    """So many nodes, whose pods succeed after so many seconds. They are gone afterwards, and kwok with them."""
    names = [f"{kube.namespace}-kwok-{number}" for number in range(count)]
    config = kube.home / "kwok.yaml"
    config.write_text("\n---\n".join(map(json.dumps, stages(seconds))), encoding="utf-8")
    line = [
        # It ends with the tests, however they end.
        *("setpriv", "--pdeathsig", "KILL"),
        kube.cluster.settings.program("kwok", "kwok"),
        f"--kubeconfig={kube.cluster.kubeconfig}",
        f"--config={config}",
        f"--manage-nodes-with-label-selector={LABEL}=yes",
        "--cidr=10.250.0.0/16",
        # By its leases a node is known to be alive.
        "--node-lease-duration-seconds=40",
    ]
    with (kube.home / "kwok.log").open("wb") as log, subprocess.Popen(line, stdout=log, stderr=log) as running:
        try:
            for name in names:
                made = kube.call("POST", "api/v1/nodes", _node(name))
                assert made.accepted, made.message
            kube.wait("the nodes are ready", lambda: all(_ready(kube, name) for name in names))
            yield
        finally:
            for name in names:
                kube.call("DELETE", f"api/v1/nodes/{name}")
            running.kill()


def _ready(kube: Kube, name: str) -> bool:
    node = kube.call("GET", f"api/v1/nodes/{name}").data
    conditions, spec = node.get("status", {}).get("conditions", ()), node.get("spec", {})
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions) and not spec.get("taints")
