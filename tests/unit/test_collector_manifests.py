from __future__ import annotations

from typing import Any

import pytest

from dlaasgen.collector_manifests import Collector, manifests
from dlaasgen.errors import UsageError

READ = ["get", "list", "watch"]
IMAGE = "registry.example/dlaasgen@sha256:" + "a" * 64


def asked(**more: Any) -> Collector:
    return Collector(**{
        "image": IMAGE, "namespace": "dlaas", "watched": ["dlaas"], "schedule": None, "secret": "results", **more
    })  # fmt: skip


def test_each_watched_namespace_gets_a_role_that_reads_pods_and_logs_and_no_more() -> None:
    found = manifests(asked(watched=["a", "b", "a"], namespace="c"))
    assert [(o["kind"], o["metadata"]["namespace"]) for o in found] == [
        ("ServiceAccount", "c"), ("Role", "a"), ("RoleBinding", "a"), ("Role", "b"), ("RoleBinding", "b"),
        ("Deployment", "c"),
    ]  # fmt: skip
    assert found[1]["rules"] == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": READ},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": READ},
        {"apiGroups": ["kubeflow.org"], "resources": ["mpijobs", "pytorchjobs", "tfjobs"], "verbs": READ},
        {"apiGroups": ["trainer.kubeflow.org"], "resources": ["trainjobs"], "verbs": READ},
    ]
    assert found[2]["subjects"] == [{"kind": "ServiceAccount", "name": "dlaasgen-collector", "namespace": "c"}]
    pod = found[-1]["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"] == [
        "collect", "--from", "k8s://a", "--from", "k8s://b", "--follow", "--interval", "30",
    ]  # fmt: skip
    secret = {"name": "DLAASGEN_STORE", "valueFrom": {"secretKeyRef": {"name": "results", "key": "url"}}}
    assert secret in pod["containers"][0]["env"]


@pytest.mark.parametrize("schedule", ["*/10 * * * *", "0 2 * * 1-5", "0,30 1-5/2 * JAN MON", "@hourly"])
def test_a_cron_job_collects_once_into_a_volume(schedule: str) -> None:
    cron = manifests(asked(schedule=schedule, secret=None, claim="results"))[-1]
    assert (cron["kind"], cron["spec"]["schedule"], cron["spec"]["concurrencyPolicy"]) == (
        "CronJob",
        schedule,
        "Forbid",
    )
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["containers"][0]["args"] == ["collect", "--from", "k8s://dlaas"]
    assert {"name": "store", "persistentVolumeClaim": {"claimName": "results"}} in pod["volumes"]


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ({"secret": None}, "C131", "either --store-secret or --store-claim"),
        ({"claim": "c"}, "C131", "either --store-secret or --store-claim"),
        ({"namespace": "A"}, "C133", "--namespace"),
        ({"watched": ["ok", "not ok"]}, "C133", "--watch"),
        ({"secret": "x/y"}, "C133", "--store-secret"),
        ({"image": "a b"}, "C133", "--image"),
        ({"schedule": "* * * *"}, "C133", "--schedule"),
        ({"schedule": "* * * * *\n"}, "C133", "--schedule"),
        ({"schedule": "every hour"}, "C133", "--schedule"),
    ],
)
def test_what_kubernetes_would_refuse_is_refused(more: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        manifests(asked(**more))
    (finding,) = caught.value.findings
    assert finding.code == code
    assert said in str(finding)
