"""Policies on images, pods and security (P2xx). No I/O here."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dlaasgen.findings import shown
from dlaasgen.policies_subject import TRAINER, Policy, as_dict, as_list
from dlaasgen.quantities import nano, nearest_quantity

if TYPE_CHECKING:
    from dlaasgen.policies_subject import Pod, Report, Subject

POLICIES = (
    Policy(
        "P201",
        "warning",
        "image not pinned by digest",
        "A tag can be moved: the same manifest then runs another image, and two results that should compare do not. A "
        "digest names one image for ever.",
        "write name@sha256:..., as `docker buildx imagetools inspect` shows it",
    ),
    Policy(
        "P202",
        "error",
        "no image, or none that a registry could have",
        "A container needs an image: [registry/]name[:tag][@sha256:<64 hexadecimal digits>], the name in lower case. "
        "The kubelet refuses anything else, long after the job was accepted.",
        "write [registry/]name@sha256:...",
    ),
    Policy(
        "P203",
        "warning",
        "imagePullPolicy Always with a digest",
        "What a digest names cannot change, so asking the registry before each start only adds time, and a registry "
        "that is down then keeps the job from starting.",
        "write IfNotPresent",
    ),
    Policy(
        "P204",
        "error",
        "pod that reaches into its node",
        "A benchmark needs neither a privileged container nor the node's network, processes or files. Such pods are "
        "refused where Pod Security admits only baseline or restricted pods, and make a shared node unsafe. Turn the "
        "check off, with the reason, for a study that measures exactly this.",
        "remove it, or turn the check off with a reason",
    ),
    Policy(
        "P205",
        "warning",
        "parameter server without resources",
        "Without requests the scheduler puts the parameter server anywhere, often beside a worker, whose rate it then "
        "lowers: results vary with the placement.",
        "set resources.requests of cpu and memory",
    ),
    Policy(
        "P206",
        "error",
        "request over its limit",
        "The API server refuses a pod that requests more of a resource than its limit. The operator accepts the job, "
        "and then cannot make its pods.",
        "raise the limit, or lower the request",
    ),
    Policy(
        "P207",
        "error",
        "wrong quantity",
        "Quantities are a number and a suffix: none, m, k, M, G, T, P, E, or Ki, Mi, Gi, Ti, Pi, Ei. There is no B, "
        "and case counts: 1m is a thousandth, 1M a million. None is below 0.",
        "write 500m, 4 or 8Gi",
    ),
    Policy(
        "P208",
        "warning",
        "container without resources",
        "Without requests a pod takes what its neighbours leave, is put anywhere and is the first to be evicted: rates "
        "vary with what else runs on the node.",
        "set resources.requests of cpu and memory",
    ),
)

_HOST = ("hostNetwork", "hostPID", "hostIPC")
_NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?"
_IMAGE = re.compile(
    rf"(?:(?:{_DOMAIN}|\[[0-9a-fA-F:]+\](?::[0-9]+)?)/)?{_NAME}(?:/{_NAME})*"
    r"(?P<tag>:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?P<digest>@[a-z0-9]+:[0-9a-f]{32,})?"
)
_SHA256 = re.compile(r"@sha256:[0-9a-f]{64}")
_LONGEST_IMAGE = 1024
_IMAGE_RULE = "[registry/]name[:tag][@sha256:<64 hexadecimal digits>], in lower case"


def check(subject: Subject, say: Report) -> None:
    """P201 to P208."""
    measured = subject.dialect is not None
    for pod in subject.pods:
        spec = pod.spec
        for field in _HOST:
            if spec.get(field) is True:
                say("P204", f"the pod uses the node's {_HOST_WORDS[field]}", f"{pod.inside}.{field}", found="true")
        for index, volume in enumerate(as_list(spec.get("volumes"))):
            if "hostPath" in as_dict(volume):
                found = shown(as_dict(volume["hostPath"]).get("path"))
                say("P204", "the pod mounts a path of the node", f"{pod.inside}.volumes[{index}].hostPath", found=found)
        for index, container in enumerate(pod.containers):
            _container(container, pod, index, say, initial=False)
        for index, container in enumerate(as_list(spec.get("initContainers"))):
            _container(as_dict(container), pod, index, say, initial=True)
        if pod.role is not None and pod.role.lower() == "ps":
            _parameter_server(pod, say)
        elif measured and pod.path != TRAINER and "resources" not in spec:
            _without_resources(pod, say)


_HOST_WORDS = {"hostNetwork": "network", "hostPID": "processes", "hostIPC": "shared memory"}


def _container(container: dict[str, Any], pod: Pod, index: int, say: Report, *, initial: bool) -> None:
    image = container.get("image")
    if image.__class__ is str and image:
        state = _state(image)
        if state == "wrong":
            say(
                "P202",
                "the image has a name that no registry could have",
                _place(pod, index, "image", initial=initial),
                found=shown(image),
                expected=_IMAGE_RULE,
            )
        elif state == "floating":
            say(
                "P201",
                "the image is not pinned by digest",
                _place(pod, index, "image", initial=initial),
                found=shown(image, 120),
            )
        elif container.get("imagePullPolicy") == "Always":
            say(
                "P203",
                "the image is pulled each time, though its digest says which it is",
                _place(pod, index, "imagePullPolicy", initial=initial),
                found="Always",
            )
    elif pod.path != TRAINER and not image:  # a TrainJob's runtime has one
        say("P202", "the container has no image", _place(pod, index, "image", initial=initial))
    security = container.get("securityContext")
    if security.__class__ is dict and security.get("privileged") is True:
        say(
            "P204",
            "the container is privileged",
            _place(pod, index, "securityContext.privileged", initial=initial),
            found="true",
        )
    resources = container.get("resources")
    if resources.__class__ is dict:
        _resources(resources, pod, index, say, initial=initial)


def _place(pod: Pod, index: int, field: str, *, initial: bool) -> str:
    if pod.path == TRAINER and field.startswith("resources"):
        field = "resourcesPerNode" + field.removeprefix("resources")
    return f"{pod.at(index, initial=initial)}.{field}"


@lru_cache(maxsize=4096)
def _state(image: str) -> str:
    """What an image's name is: pinned, floating or wrong."""
    match = _IMAGE.fullmatch(image) if len(image) <= _LONGEST_IMAGE else None
    if match is None:
        return "wrong"
    digest = match["digest"]
    if digest is None:
        return "floating"
    return "pinned" if _SHA256.fullmatch(digest) or not digest.startswith("@sha256:") else "wrong"


def _resources(resources: dict[str, Any], pod: Pod, index: int, say: Report, *, initial: bool) -> None:
    limits = as_dict(resources.get("limits"))
    requests = as_dict(resources.get("requests"))
    for part, amounts in (("limits", limits), ("requests", requests)):
        for resource, amount in amounts.items():
            kind = amount.__class__
            if not (kind is str or kind is int or kind is float):
                continue
            value = nano(amount)
            if value is not None and value >= 0:
                continue
            wrong = "no quantity" if value is None else "negative"
            near = nearest_quantity(amount) if isinstance(amount, str) else None
            say(
                "P207",
                f"the amount of {shown(resource)[1:-1]} is {wrong}",
                _place(pod, index, f"resources.{part}.{resource}", initial=initial),
                found=shown(amount),
                hint=near and f"did you mean {near}?",
            )
    for resource, limit in limits.items():
        request = requests.get(resource)
        if request is None or request == limit:
            continue
        wanted, allowed = _amount(request), _amount(limit)
        if wanted is not None and allowed is not None and wanted > allowed:
            place = _place(pod, index, f"resources.requests.{resource}", initial=initial)
            message = f"the request of {shown(resource)[1:-1]} is over its limit"
            say("P206", message, place, found=str(request), expected=f"at most {limit}")


def _amount(value: Any) -> int | None:
    return nano(value) if value.__class__ in (str, int, float) else None


def _without_resources(pod: Pod, say: Report) -> None:
    for index, container in enumerate(pod.containers):
        resources = as_dict(container.get("resources"))
        if not resources.get("requests") and not resources.get("limits"):
            say("P208", "the container requests nothing", f"{pod.at(index)}.resources")


def _parameter_server(pod: Pod, say: Report) -> None:
    for index, container in enumerate(pod.containers):
        resources = as_dict(container.get("resources"))
        requests, limits = as_dict(resources.get("requests")), as_dict(resources.get("limits"))
        missing = [r for r in ("cpu", "memory") if r not in requests and r not in limits]
        if missing:
            say("P205", f"the parameter server requests no {' and no '.join(missing)}", f"{pod.at(index)}.resources")
