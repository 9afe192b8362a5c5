"""Collector: the manifests that run `dlaasgen collect` in a cluster, with the least of rights. No I/O here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen import loki_streams
from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAME = "dlaasgen-collector"
# Of another name: one namespace may have both.
LOKI_NAME = "dlaasgen-collector-loki"
USER = 65532
_JOBS = (
    ("batch", ["jobs"]),
    ("kubeflow.org", ["mpijobs", "pytorchjobs", "tfjobs"]),
    ("trainer.kubeflow.org", ["trainjobs"]),
)
_DNS = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,500}")
_FIELD = r"(\*|[0-9A-Za-z]{1,3}(-[0-9A-Za-z]{1,3})?)(/[0-9]{1,3})?"
_LOKI = re.compile(
    r"loki\+https?://[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~/-]*)?"
)
_CRON = re.compile(rf"(@(yearly|monthly|weekly|daily|hourly)|{_FIELD}(,{_FIELD})*( {_FIELD}(,{_FIELD})*){{4}})")


@dataclass(frozen=True, slots=True)
class FromLoki:
    """Loki in place of the API server: its URL, and which lines since when.

    secret  a Secret whose keys USERNAME, PASSWORD, BEARER_TOKEN and ORG_ID are credentials, as far as it has them
    ca      a ConfigMap whose key ca.crt is the certificate of Loki's authority
    """

    url: str
    query: str | None
    since: str | None = None
    secret: str | None = None
    ca: str | None = None


@dataclass(frozen=True, slots=True)
class Collector:
    """What is asked for: one of `secret` (its key `url` is the store's URL) and `claim` (a volume for a file).

    watched   the namespaces whose pods' logs are collected; none with `loki`
    schedule  of a CronJob; None for a Deployment that follows
    """

    image: str
    namespace: str
    watched: Sequence[str]
    schedule: str | None
    secret: str | None = None
    claim: str | None = None
    interval: int = 30
    loki: FromLoki | None = None

    @property
    def name(self) -> str:
        """The name of all objects."""
        return LOKI_NAME if self.loki else NAME


def manifests(asked: Collector) -> list[dict[str, Any]]:
    """The objects, in the order in which they are to be applied. Raises UsageError for what Kubernetes would refuse."""
    wrong = list(_wrong(asked))
    if wrong:
        raise UsageError(wrong)
    # Its own, though it has no rights with Loki: others give the namespace's default account some.
    account = {
        **_object(asked.name, "v1", "ServiceAccount", asked.namespace),
        "automountServiceAccountToken": False,
    }
    found = [account]
    for namespace in () if asked.loki else dict.fromkeys(asked.watched):
        found += [_role(namespace), _binding(namespace, asked.namespace)]
    return [*found, _cron(asked) if asked.schedule else _deployment(asked)]


def _role(namespace: str) -> dict[str, Any]:
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        # The jobs' own conditions: why one has no pods.
        *({"apiGroups": [group], "resources": kinds, "verbs": ["get", "list", "watch"]} for group, kinds in _JOBS),
    ]
    return {**_object(NAME, "rbac.authorization.k8s.io/v1", "Role", namespace), "rules": rules}


def _binding(namespace: str, own: str) -> dict[str, Any]:
    return {
        **_object(NAME, "rbac.authorization.k8s.io/v1", "RoleBinding", namespace),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": own}],
    }


def _cron(asked: Collector) -> dict[str, Any]:
    job = {
        "activeDeadlineSeconds": 3600,
        "backoffLimit": 2,
        "ttlSecondsAfterFinished": 86400,
        "template": _template(asked, "Never"),
    }
    spec = {
        "schedule": asked.schedule,
        # Two at once would do no harm, and no good.
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 600,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"metadata": {"labels": _labels(asked.name)}, "spec": job},
    }
    return {**_object(asked.name, "batch/v1", "CronJob", asked.namespace), "spec": spec}


def _deployment(asked: Collector) -> dict[str, Any]:
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": {"app.kubernetes.io/name": asked.name}},
        # A volume may be one node's only, and the new pod on another.
        "strategy": {"type": "Recreate"},
        "template": _template(asked, "Always"),
    }
    return {**_object(asked.name, "apps/v1", "Deployment", asked.namespace), "spec": spec}


def _template(asked: Collector, restart: str) -> dict[str, Any]:
    mounts: list[dict[str, Any]] = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 - a volume of the pod's own
    volumes: list[dict[str, Any]] = [{"name": "tmp", "emptyDir": {"sizeLimit": "2Gi"}}]
    store: dict[str, Any] = {"name": "DLAASGEN_STORE", "value": "/store/results.db"}
    if asked.claim is not None:
        mounts.append({"name": "store", "mountPath": "/store"})
        volumes.append({"name": "store", "persistentVolumeClaim": {"claimName": asked.claim}})
    else:
        store = {"name": "DLAASGEN_STORE", "valueFrom": {"secretKeyRef": {"name": asked.secret, "key": "url"}}}
    env = [store, {"name": "HOME", "value": "/tmp"}]  # noqa: S108
    if asked.loki and asked.loki.ca:
        mounts.append({"name": "ca", "mountPath": "/loki", "readOnly": True})
        volumes.append({"name": "ca", "configMap": {"name": asked.loki.ca}})
        env.append({"name": "LOKI_CA_CERT_PATH", "value": "/loki/ca.crt"})
    follow = [] if asked.schedule else ["--follow", "--interval", str(asked.interval)]
    container = {
        "name": "collector",
        "image": asked.image,
        "command": ["dlaasgen"],
        "args": ["collect", *_places(asked), *follow],
        "env": env,
        **_credentials(asked),
        "resources": {
            "requests": {"cpu": "250m", "memory": "256Mi", "ephemeral-storage": "2Gi"},
            "limits": {"cpu": "2", "memory": "512Mi", "ephemeral-storage": "4Gi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": mounts,
    }
    spec = {
        "serviceAccountName": asked.name,
        "automountServiceAccountToken": asked.loki is None,
        "restartPolicy": restart,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": volumes,
    }
    return {"metadata": {"labels": _labels(asked.name)}, "spec": spec}


def _places(asked: Collector) -> list[str]:
    """Where to collect from, as words of the command line."""
    if asked.loki is None:
        return [word for namespace in dict.fromkeys(asked.watched) for word in ("--from", f"k8s://{namespace}")]
    # Kubernetes replaces $(NAME) in arguments; $$ stays a $.
    query = (asked.loki.query or "").replace("$", "$$")
    since = ["--since", asked.loki.since] if asked.loki.since else []
    return ["--from", asked.loki.url, "--query", query, *since]


def _credentials(asked: Collector) -> dict[str, Any]:
    """The keys of Loki's Secret as variables. The prefix keeps the Secret from setting any other variable."""
    if asked.loki is None or asked.loki.secret is None:
        return {}
    return {"envFrom": [{"prefix": "LOKI_", "secretRef": {"name": asked.loki.secret}}]}


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "dlaasgen"}


def _object(name: str, version: str, kind: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": _labels(name)},
    }


def _wrong(asked: Collector) -> Iterator[Finding]:
    if (asked.secret is None) is (asked.claim is None):
        yield Finding("C131", "the store is in one place", expected="either --store-secret or --store-claim")
    loki = asked.loki
    if loki is not None:
        if not loki.query:
            yield Finding("C131", "Loki needs --query", expected="""--query '{namespace="dlaas"}'""")
        elif loki_streams.selector(loki.query) is None:
            expected = """{label="value", ...}, and filters after it"""
            yield Finding("C146", "--query is no query for lines", found=loki.query[:200], expected=expected)
        if asked.watched:
            yield Finding("C131", "--watch is for a cluster's pods, not for Loki", expected="namespaces in --query")
    for option, value, form, expected in (
        ("--image", asked.image, _IMAGE, "a reference to an image"),
        ("--namespace", asked.namespace, _DNS, "a name as Kubernetes has them"),
        *(("--watch", one, _DNS, "a name as Kubernetes has them") for one in asked.watched),
        ("--store-secret", asked.secret, _SUBDOMAIN, "the name of a Secret"),
        ("--store-claim", asked.claim, _SUBDOMAIN, "the name of a PersistentVolumeClaim"),
        ("--schedule", asked.schedule, _CRON, "five fields as cron has them, such as '*/10 * * * *'"),
        ("--loki", loki.url if loki else None, _LOKI, "loki+https://HOST[:PORT][/PREFIX], without a login"),
        ("--since", loki.since if loki else None, loki_streams.DURATION, "a time ago, such as 90m or 7d"),
        ("--loki-secret", loki.secret if loki else None, _SUBDOMAIN, "the name of a Secret"),
        ("--loki-ca", loki.ca if loki else None, _SUBDOMAIN, "the name of a ConfigMap"),
    ):
        if value is not None and not form.fullmatch(value):
            # A password in a URL is not repeated.
            found = re.sub(r"//.*@", "//...@", value)[:200]
            yield Finding("C133", f"{option} does not hold what it should", found=found, expected=expected)
