"""Policies on names and identity (P1xx). No I/O here.

The rules: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and .../labels/
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dlaasgen.dialects_faults import joined
from dlaasgen.findings import nearest, shown
from dlaasgen.policies_subject import Policy

if TYPE_CHECKING:
    from dlaasgen.policies_subject import Pod, Report, Subject

POLICIES = (
    Policy(
        "P101",
        "error",
        "name that Kubernetes refuses",
        "Names are lower-case: a to z, 0 to 9 and '-', beginning and ending with a letter or digit. Operators make a "
        "service of each pod, so the name of a job with roles begins with a letter and has no dot, and so does a "
        "service's. Most other kinds take dots too. The longest is 63 characters, or 253 where dots are taken.",
        "use lower-case letters, digits and '-'",
    ),
    Policy(
        "P102",
        "error",
        "label or annotation key that Kubernetes refuses",
        "A key is at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter or digit; before it "
        "may stand a DNS name of at most 253 characters and a '/'.",
        "write prefix/name, such as example.com/team",
    ),
    Policy(
        "P103",
        "error",
        "label value that Kubernetes refuses",
        "A label's value is empty, or at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter "
        "or digit. Longer or freer texts belong in annotations.",
        "shorten it, or make it an annotation",
    ),
    Policy(
        "P104",
        "error",
        "annotations too large",
        "All annotations of an object together, keys and values, may have 256 KiB.",
        "keep large texts in a ConfigMap, or out of the cluster",
    ),
    Policy(
        "P105",
        "error",
        "pod name over 63 characters",
        "Pods and their services are named <job>-<role>-<index>, in lower case, and a service's name has at most 63 "
        "characters. The operator accepts such a job and then cannot start it.",
        "shorten the job's name: the matrix's name and the id template make it",
    ),
    Policy(
        "P106",
        "warning",
        "no namespace",
        "Without a namespace the object goes wherever the one who applies it happens to be: results land in different "
        "places, and two tools may apply it twice.",
        "set metadata.namespace",
    ),
    Policy(
        "P107",
        "error",
        "no name",
        "kubectl apply, Argo CD and dlaasgen's own index know objects by their names; generateName makes a new object "
        "each time.",
        "set metadata.name",
    ),
    Policy(
        "P108",
        "error",
        "no container has the name that the operator demands",
        "The operator of TFJobs sets up the container called tensorflow (that of PyTorchJobs the one called pytorch): "
        "its port and TF_CONFIG. It refuses a job, or leaves its pods without a cluster, when there is none.",
        "rename the container",
    ),
    Policy(
        "P109",
        "error",
        "unknown role",
        "The operator knows the roles PS, Worker, Chief, Master and Evaluator of a TFJob, Master and Worker of a "
        "PyTorchJob, Launcher and Worker of an MPIJob. It refuses others, or never starts them.",
        "use a role that the operator knows",
    ),
    Policy(
        "P110",
        "warning",
        "role in another spelling",
        "Old prototypes say Ps. Operators have taken any case, but the API's own spelling is PS, and what looks up the "
        "role (selectors, patches, later versions) may not find another.",
        "use the API's spelling",
    ),
    Policy(
        "P111",
        "warning",
        "left-over tfReplicaType",
        "tfReplicaType belongs to v1alpha1 of the TFJob, where replicas were a list. Since then the key in "
        "tfReplicaSpecs is the role. Servers ignored the field for years; tfjob-v1 is validated strictly, so there it "
        "is an error.",
        "remove it",
    ),
    Policy(
        "P112",
        "warning",
        "restartPolicy in the pod instead of the replica",
        "The operator overwrites the pod's restartPolicy with the replica's, which is Never when it is not set: what "
        "stands in the pod has no effect.",
        "move it up, beside replicas and template",
    ),
)

_DNS1123_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DNS1035_LABEL = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PART = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_PART}(?:\.{_PART})*")
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_LABEL_RULE = "at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit"
_JOB_RULE = "at most 63 of a-z, 0-9 and '-', beginning with a letter, ending with a letter or digit"
_DOTTED_RULE = "at most {} of a-z, 0-9, '-' and '.', beginning and ending with a letter or digit"
_LARGEST_ANNOTATIONS = 256 << 10
_LONGEST_POD = 63
# Kinds that live outside of namespaces.
_CLUSTER_WIDE = frozenset({
    "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterQueue", "ClusterRole",
    "ClusterRoleBinding", "ClusterTrainingRuntime", "CustomResourceDefinition", "DeviceClass", "FlowSchema", "IngressClass",
    "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass",
    "PriorityLevelConfiguration", "ResourceFlavor", "RuntimeClass", "StorageClass", "Topology",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment",
    "WorkloadPriorityClass",
})  # fmt: skip
# Labels known to be good. Most are the same in all roles of a job and in most jobs of a matrix.
_good: set[tuple[str, Any]] = set()
_REMEMBERED = 65536


def check(subject: Subject, say: Report) -> None:
    """P101 to P112."""
    metadata = subject.metadata
    if subject.name:
        if (rule := _refused(subject.name, _form(subject))) is not None:
            say(
                "P101",
                "metadata.name is no name for Kubernetes",
                "metadata.name",
                found=shown(subject.name),
                expected=rule,
            )
    elif "name" not in metadata and subject.kind:
        say("P107", f"the {subject.kind} has no name", "metadata.name")
    _namespace(subject, say)
    _metadata(metadata, "metadata", say)
    for pod in subject.pods:
        if pod.template:
            template = pod.template.get("metadata")
            if template.__class__ is dict and pod.path:  # a Pod is its own template
                _metadata(template, f"{pod.path}.metadata", say)
        for index, container in enumerate(pod.containers):
            name = container.get("name")
            if name.__class__ is str and (rule := _refused(name, "label")) is not None:
                say(
                    "P101",
                    "a container's name is no name for Kubernetes",
                    f"{pod.at(index)}.name",
                    found=shown(name),
                    expected=rule,
                )
    if subject.dialect is not None and subject.dialect.replicas is not None:
        _roles(subject, say)


def _namespace(subject: Subject, say: Report) -> None:
    namespace = subject.metadata.get("namespace")
    if namespace.__class__ is str and namespace:
        if (rule := _refused(namespace, "label")) is not None:
            path = "metadata.namespace"
            say("P101", "metadata.namespace is no name for Kubernetes", path, found=shown(namespace), expected=rule)
    elif not namespace and subject.kind and subject.kind not in _CLUSTER_WIDE:
        say("P106", f"the {subject.kind} has no namespace", "metadata.namespace")


def _form(subject: Subject) -> str:
    """Which form of names a kind takes."""
    if subject.dialect is not None:
        return "subdomain63" if subject.kind == "Job" else "job"
    if subject.kind == "Service":
        return "job"
    if subject.kind == "Namespace":
        return "label"
    return "any" if subject.group == "rbac.authorization.k8s.io" else "subdomain"


@lru_cache(maxsize=16384)
def _refused(name: str, form: str) -> str | None:
    """The rule that a name breaks; None when it is good."""
    if form == "label":
        return None if _DNS1123_LABEL.fullmatch(name) else _LABEL_RULE
    if form == "job":
        return None if _DNS1035_LABEL.fullmatch(name) else _JOB_RULE
    if form == "any":
        return None
    longest = 63 if form == "subdomain63" else 253
    return None if len(name) <= longest and _SUBDOMAIN.fullmatch(name) else _DOTTED_RULE.format(longest)


def _metadata(metadata: dict[str, Any], path: str, say: Report) -> None:
    labels = metadata.get("labels")
    if labels.__class__ is dict:
        try:
            good = labels.items() <= _good
        except TypeError:  # values that are no texts
            good = False
        if not good:
            _labels(labels, f"{path}.labels", say)
    annotations = metadata.get("annotations")
    if annotations.__class__ is dict:
        size = 0
        for key, value in annotations.items():
            if key.__class__ is str:
                if _bad_key(key):
                    _key(key, f"{path}.annotations", "annotation", say)
                if value.__class__ is str:
                    size += len(key) + len(value)
        if size * 4 > _LARGEST_ANNOTATIONS:
            _large(annotations, f"{path}.annotations", say)


def _large(annotations: dict[str, Any], path: str, say: Report) -> None:
    texts = [part for item in annotations.items() for part in item if isinstance(part, str)]
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    if size > _LARGEST_ANNOTATIONS:
        say("P104", f"{path} is too large", path, found=f"{size:,} bytes", expected=f"at most {_LARGEST_ANNOTATIONS:,}")


def _labels(labels: dict[str, Any], path: str, say: Report) -> None:
    if len(_good) > _REMEMBERED:
        _good.clear()
    for key, value in labels.items():
        if key.__class__ is not str:
            continue
        bad = _bad_key(key)
        if bad:
            _key(key, path, "label", say)
        if value.__class__ is not str:
            continue
        if not _VALUE.fullmatch(value):
            where = joined(path, key)
            size = f" ({len(value)} characters)" if len(value) > _LONGEST_POD else ""
            expected = "at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter or digit"
            say(
                "P103",
                f"the value of label {shown(key)[1:-1]} is none",
                where,
                found=shown(value) + size,
                expected=expected,
            )
        elif not bad:
            _good.add((key, value))


@lru_cache(maxsize=4096)
def _bad_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and not _SUBDOMAIN.fullmatch(prefix):
        return True
    return not name or not _VALUE.fullmatch(name)


def _key(key: str, path: str, what: str, say: Report) -> None:
    say("P102", f"{path} has a key that is no {what} key", joined(path, key), found=shown(key))


def _roles(subject: Subject, say: Report) -> None:
    dialect = subject.dialect
    if dialect is None:  # pragma: no cover - the caller has looked
        return
    for pod in subject.pods:
        role = pod.role or ""
        place = pod.path.removesuffix(".template")
        if role not in dialect.roles:
            _spelling(role, dialect.roles, place, say)
        replica = pod.replica
        if "tfReplicaType" in replica:
            severity = "error" if dialect.name == "tfjob-v1" else None
            path = f"{place}.tfReplicaType"
            say("P111", f"the role {role} has a left-over tfReplicaType", path, severity=severity)  # type: ignore[arg-type]
        if "restartPolicy" in pod.spec:
            found = shown(pod.spec["restartPolicy"])
            say(
                "P112",
                "restartPolicy stands in the pod",
                f"{pod.inside}.restartPolicy",
                found=found,
                expected=f"{place}.restartPolicy",
            )
        if subject.name and pod.count and len(subject.name) + len(role) + len(str(pod.count - 1)) + 2 > _LONGEST_POD:
            _pod_name(subject.name, pod, say)
        if dialect.container is not None and not any(c.get("name") == dialect.container for c in pod.containers):
            _container(pod, dialect.container, say)


def _spelling(role: str, roles: tuple[str, ...], path: str, say: Report) -> None:
    right = next((r for r in roles if r.lower() == role.lower()), None)
    if right is not None:
        say("P110", f"the role is spelt {role}", path, expected=right, hint=f"write {right}")
        return
    near = nearest(role, roles)
    hint = f"did you mean {near}?" if near else None
    say("P109", f"there is no role {shown(role)[1:-1]}", path, expected=", ".join(roles), hint=hint)


def _pod_name(name: str, pod: Pod, say: Report) -> None:
    full = f"{name}-{(pod.role or '').lower()}-{pod.count - 1}"
    say("P105", f"the pod {full} has a name of {len(full)} characters", "metadata.name", expected="at most 63")


def _container(pod: Pod, wanted: str, say: Report) -> None:
    names = [str(c.get("name")) for c in pod.containers if "name" in c]
    message = f"no container of {pod.role} is called {wanted}"
    say(
        "P108",
        message,
        f"{pod.inside}.containers",
        found=shown(", ".join(names))[1:-1] if names else None,
        expected=wanted,
    )
