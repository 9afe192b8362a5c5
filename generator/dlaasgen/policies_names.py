"""Policies on names and identity (P1xx). No I/O here.

The rules: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and .../labels/
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dlaasgen.dialects_faults import joined
from dlaasgen.findings import shown
from dlaasgen.policies_subject import Policy

if TYPE_CHECKING:
    from dlaasgen.policies_subject import Report, Subject

POLICIES = (
    Policy(
        "P101",
        "error",
        "name that Kubernetes refuses",
        "Names are lower-case: a to z, 0 to 9 and '-', beginning and ending with a letter or digit. Operators make a "
        "service of each pod, so the name of a job with roles begins with a letter and has no dot, and so does a "
        "service's. Most other kinds take dots too. The longest is 63 characters, or 253 where dots are taken; of a "
        "CronJob 52, since its jobs' names are longer.",
        "use lower-case letters, digits and '-'",
    ),
    Policy(
        "P102",
        "error",
        "label or annotation key that Kubernetes refuses",
        "A key is at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter or digit. A DNS "
        "name of at most 253 characters and a '/' may stand before it.",
        "write prefix/name, such as example.com/team",
    ),
    Policy(
        "P103",
        "error",
        "label value that Kubernetes refuses",
        "A label's value is empty, or at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a "
        "letter or digit. Longer or freer texts belong in annotations.",
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
)

_DNS1123_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DNS1035_LABEL = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PART = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_PART}(?:\.{_PART})*")
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_VALUES = re.compile(rf"{_VALUE.pattern}(?:\n{_VALUE.pattern})*")
_LABEL_RULE = "at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit"
_JOB_RULE = "at most 63 of a-z, 0-9 and '-', beginning with a letter, ending with a letter or digit"
_DOTTED_RULE = "at most {} of a-z, 0-9, '-' and '.', beginning and ending with a letter or digit"
_LARGEST_ANNOTATIONS = 256 << 10
# Kinds that live outside of namespaces.
_CLUSTER_WIDE = frozenset({
    "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterQueue", "ClusterRole",
    "ClusterRoleBinding", "ClusterTrainingRuntime", "CustomResourceDefinition", "DeviceClass", "FlowSchema",
    "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass",
    "PriorityLevelConfiguration", "ResourceFlavor", "RuntimeClass", "StorageClass", "Topology",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    "VolumeAttachment", "WorkloadPriorityClass",
})  # fmt: skip
# ClusterIssuer, ClusterPolicy: kinds of others that live outside of namespaces, too, by the custom of their names.
_CLUSTERS = re.compile(r"Cluster[A-Z]").match
# Files that a tool reads, and no objects of a cluster.
_LOCAL = frozenset({"kustomize.config.k8s.io"})
# Keys of labels known to be good: they are the same in all jobs of a matrix.
_good_keys: set[str] = set()
_REMEMBERED = 4096


def check_metadata(subject: Subject, say: Report) -> None:
    """P101 to P107, but for what is in pods: what differs from cell to cell."""
    if subject.group in _LOCAL:
        return
    metadata = subject.metadata
    if subject.name:
        if (rule := refused(subject.name, _form(subject))) is not None:
            say(
                "P101",
                "metadata.name is no name for Kubernetes",
                "metadata.name",
                found=shown(subject.name),
                expected=rule,
            )
    elif metadata.get("name") in (None, "") and subject.kind:
        say("P107", f"the {subject.kind} has no name", "metadata.name")
    _namespace(subject, say)
    _metadata(metadata, "metadata", say)
    labels, annotations = metadata.get("labels"), metadata.get("annotations")
    for pod in subject.pods:
        template = pod.template.get("metadata")
        if template.__class__ is dict and pod.path:  # a Pod is its own template
            # dlaasgen marks a job and its pods alike: what is wrong with both is told once.
            if template.get("labels") == labels and template.get("annotations") == annotations:
                continue
            _metadata(template, f"{pod.path}.metadata", say)


def _namespace(subject: Subject, say: Report) -> None:
    namespace = subject.metadata.get("namespace")
    if namespace.__class__ is str and namespace:
        if (rule := refused(namespace, "label")) is not None:
            path = "metadata.namespace"
            say("P101", "metadata.namespace is no name for Kubernetes", path, found=shown(namespace), expected=rule)
    elif not namespace and subject.kind and subject.kind not in _CLUSTER_WIDE and not _CLUSTERS(subject.kind):
        say("P106", f"the {subject.kind} has no namespace", "metadata.namespace")


def _form(subject: Subject) -> str:
    """Which form of names a kind takes."""
    if subject.dialect is not None:
        return "subdomain63" if subject.kind == "Job" else "job"
    if subject.kind == "Service":
        return "job"
    if subject.kind == "Namespace":
        return "label"
    if subject.kind == "CronJob":
        return "subdomain52"
    return "any" if subject.group == "rbac.authorization.k8s.io" else "subdomain"


def refused(name: str, form: str) -> str | None:
    """The rule that a name breaks; None when it is good."""
    if form == "label":
        return None if _DNS1123_LABEL.fullmatch(name) else _LABEL_RULE
    if form == "job":
        return None if _DNS1035_LABEL.fullmatch(name) else _JOB_RULE
    if form == "any":
        return None
    longest = int(form.removeprefix("subdomain") or 253)
    return None if len(name) <= longest and _SUBDOMAIN.fullmatch(name) else _DOTTED_RULE.format(longest)


def _metadata(metadata: dict[str, Any], path: str, say: Report) -> None:
    labels = metadata.get("labels")
    if labels.__class__ is dict and not (labels.keys() <= _good_keys and _sound(labels)):
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


def _sound(labels: dict[str, Any]) -> bool:
    """Whether all values are good: most are new, and one look at all of them is quicker than remembering each."""
    try:
        text = "\n".join(labels.values())
    except TypeError:  # values that are no texts
        return False
    return _VALUES.fullmatch(text) is not None and text.count("\n") < len(labels)


def _labels(labels: dict[Any, Any], path: str, say: Report) -> None:
    if len(_good_keys) > _REMEMBERED:
        _good_keys.clear()
    for key, value in labels.items():
        if key.__class__ is not str:
            continue
        if _bad_key(key):
            _key(key, path, "label", say)
        else:
            _good_keys.add(key)
        if value.__class__ is str and not _VALUE.fullmatch(value):
            where = joined(path, key)
            size = f" ({len(value)} characters)" if len(value) > 63 else ""
            expected = "at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', beginning and ending with a letter or digit"
            found = shown(value) + size
            say("P103", f"the value of label {shown(key)[1:-1]} is none", where, found=found, expected=expected)


@lru_cache(maxsize=4096)
def _bad_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and not _SUBDOMAIN.fullmatch(prefix):
        return True
    return not name or not _VALUE.fullmatch(name)


def _key(key: str, path: str, what: str, say: Report) -> None:
    say("P102", f"{path} has a key that is no {what} key", joined(path, key), found=shown(key))
