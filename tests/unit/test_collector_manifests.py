from __future__ import annotations

import re
from typing import Any

import pytest

from dlaasgen.collector_manifests import Collector, FromLoki, manifests
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


def from_loki(**more: Any) -> FromLoki:
    return FromLoki(**{"url": "loki+https://loki.example/x", "query": '{namespace="dlaas"}', **more})


@pytest.mark.parametrize("schedule", [None, "@hourly"])
def test_a_collector_from_loki_has_no_rights_and_no_token(schedule: str | None) -> None:
    found = manifests(asked(watched=[], schedule=schedule, loki=from_loki(since="2d")))
    assert [o["kind"] for o in found] == ["ServiceAccount", "CronJob" if schedule else "Deployment"]
    # Its names and labels are not those of a collector of the cluster in the same namespace.
    assert {o["metadata"]["name"] for o in found} == {"dlaasgen-collector-loki"}
    assert found[0]["automountServiceAccountToken"] is False
    spec = found[1]["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if schedule else spec["template"]
    assert template["metadata"]["labels"]["app.kubernetes.io/name"] == "dlaasgen-collector-loki"
    if not schedule:
        assert spec["selector"] == {"matchLabels": {"app.kubernetes.io/name": "dlaasgen-collector-loki"}}
    pod = template["spec"]
    assert pod["serviceAccountName"] == "dlaasgen-collector-loki"
    assert pod["automountServiceAccountToken"] is False
    follow = [] if schedule else ["--follow", "--interval", "30"]
    assert pod["containers"][0]["args"] == [
        "collect", "--from", "loki+https://loki.example/x", "--query", '{namespace="dlaas"}', "--since", "2d", *follow,
    ]  # fmt: skip
    assert "envFrom" not in pod["containers"][0]
    assert [v["name"] for v in pod["volumes"]] == ["tmp"]


def test_credentials_of_loki_come_from_a_secret_and_its_authority_from_a_config_map() -> None:
    name = "credentials"
    loki = from_loki(secret=name, ca="kube-root-ca.crt")
    pod = manifests(asked(watched=[], loki=loki))[-1]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["envFrom"] == [{"prefix": "LOKI_", "secretRef": {"name": name}}]
    assert {"name": "LOKI_CA_CERT_PATH", "value": "/loki/ca.crt"} in container["env"]
    assert {"name": "ca", "mountPath": "/loki", "readOnly": True} in container["volumeMounts"]
    assert {"name": "ca", "configMap": {"name": "kube-root-ca.crt"}} in pod["volumes"]


def test_kubernetes_leaves_a_query_as_it_is() -> None:
    query = '{a="b"} |~ "$(HOME)$"'
    pod = manifests(asked(watched=[], loki=from_loki(query=query)))[-1]["spec"]["template"]["spec"]
    args = pod["containers"][0]["args"]
    # What the kubelet makes of it: $$ is $, and $(HOME) a variable's value.
    told = args[args.index("--query") + 1]
    assert re.sub(r"\$\$|\$\((\w+)\)", lambda m: m[1] or "$", told) == query


def assert_refused(wanted: Collector, code: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        manifests(wanted)
    (finding,) = caught.value.findings
    assert finding.code == code
    assert said in str(finding)


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ({"url": "https://loki.example"}, "C133", "--loki "),
        ({"url": "loki+https://me:secret@loki.example"}, "C133", "without a login"),
        ({"url": "loki+https://loki.example?x"}, "C133", "--loki "),
        ({"query": None}, "C131", "--query"),
        ({"query": 'rate({a="b"}[5m])'}, "C146", "no query for lines"),
        ({"since": "yesterday"}, "C133", "--since"),
        ({"secret": "A"}, "C133", "--loki-secret"),
        ({"ca": "a/b"}, "C133", "--loki-ca"),
    ],
)
def test_what_loki_cannot_be_asked_is_refused(more: dict[str, Any], code: str, said: str) -> None:
    assert_refused(asked(watched=[], loki=from_loki(**more)), code, said)
    with pytest.raises(UsageError, match="--watch is for a cluster"):
        manifests(asked(loki=from_loki()))


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
    assert_refused(asked(**more), code, said)
