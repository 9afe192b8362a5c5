"""Policies on scheduling and the end of jobs (P4xx). No I/O here."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Any

from dlaasgen.findings import counted
from dlaasgen.policies_subject import TRAINER, Policy, as_dict, as_list
from dlaasgen.quantities import as_bytes, as_cores, nano

if TYPE_CHECKING:
    from dlaasgen.matrix import Cluster
    from dlaasgen.policies_subject import Pod, Report, Subject

POLICIES = (
    Policy(
        "P401",
        "error",
        "pod that no node can hold",
        "A pod runs on one node, so what its containers request together must fit a node of the matrix's cluster. It "
        "stays Pending otherwise. (What the system keeps of a node for itself comes on top.)",
        "lower the requests, or correct cluster",
    ),
    Policy(
        "P402",
        "error",
        "job that all nodes together cannot hold",
        "A benchmark waits for all its pods, so they must fit the matrix's cluster at the same time. Pods are not "
        "divided over nodes: three of 20 cores need three nodes of 36.",
        "lower the requests or the replicas, or correct cluster",
    ),
    Policy(
        "P403",
        "warning",
        "no deadline",
        "Workers whose peer is gone wait for it in silence: a job without activeDeadlineSeconds then holds its nodes "
        "until somebody notices. (An operator looks at the job's deadline when something happens to the job, and then "
        "removes all of its pods with their logs. A pod's own deadline is kept by the kubelet, and leaves the log: "
        "see P406.)",
        "set activeDeadlineSeconds",
    ),
    Policy(
        "P404",
        "warning",
        "suspend beside a queue",
        "Kueue admits a job by changing suspend. When Git holds the field too, GitOps and Kueue set it against each "
        "other.",
        "leave suspend out: Kueue suspends the job itself",
    ),
    Policy(
        "P405",
        "warning",
        "no failure is allowed, so that logs are lost",
        "The operator of TFJobs and PyTorchJobs (seen with training-operator 1.8.1) removes a failed pod, and with it "
        "the log that says why, when the job has reached its limit of failures before: with backoffLimit 0 that is "
        "always so. With 1 it restarts nothing either where restartPolicy is Never, and keeps the pod.",
        "set backoffLimit: 1",
    ),
    Policy(
        "P406",
        "warning",
        "job's deadline that comes before its pods'",
        "A pod past its own activeDeadlineSeconds is ended as failed, and its log stays. A job past its deadline "
        "removes the pods that run, with their logs. A pod's time counts from when it has a node, the job's from when "
        "the job is made or Kueue admits it: so the job's deadline has to be some minutes longer to be what it is for, "
        "the end of what the pods' deadlines did not end.",
        "make the job's deadline some minutes longer",
    ),
)
_LOSING = ("TFJob", "PyTorchJob")

_BILLION = 10**9
QUEUE = "kueue.x-k8s.io/queue-name"


def check(subject: Subject, say: Report, cluster: Cluster | None) -> None:
    """P401 to P406."""
    dialect = subject.dialect
    if cluster is not None and (cluster.cpu is not None or cluster.memory is not None):
        _fits(subject, cluster, say)
    if dialect is None:
        return
    policies = subject.policies
    if dialect.kind != "TrainJob" and "activeDeadlineSeconds" not in policies:
        inside = [pod for pod in subject.pods if "activeDeadlineSeconds" in pod.spec]
        if not inside or len(inside) < len(subject.pods):
            _deadline(subject, say)
    _order(subject, say)
    if dialect.kind in _LOSING and policies.get("backoffLimit") == 0:
        path = f"{dialect.policy_path}.backoffLimit"
        say("P405", "with backoffLimit 0 the operator removes failed pods, and their logs", path)
    if "suspend" in policies:
        labels = as_dict(subject.metadata.get("labels"))
        if QUEUE in labels:
            found = str(policies["suspend"]).lower()
            path = f"{dialect.policy_path}.suspend"
            say("P404", "suspend is set for a job that Kueue queues", path, found=found)


def _deadline(subject: Subject, say: Report) -> None:
    dialect = subject.dialect
    if dialect is not None and "activeDeadlineSeconds" in dialect.policies:
        say("P403", "the job has no deadline", f"{dialect.policy_path}.activeDeadlineSeconds")
    else:
        hint = "this dialect has none for the job: set activeDeadlineSeconds in each pod's spec"
        say("P403", "the job has no deadline", "spec", hint=hint)


def _order(subject: Subject, say: Report) -> None:
    """P406."""
    limit = subject.policies.get("activeDeadlineSeconds")
    own = [s for pod in subject.pods if (s := pod.spec.get("activeDeadlineSeconds")).__class__ is int]
    if limit.__class__ is int and own and limit <= max(own):
        path = f"{subject.dialect.policy_path}.activeDeadlineSeconds" if subject.dialect else ""
        message = "the job's deadline removes its pods, and their logs, before they end by their own"
        say("P406", message, path, found=str(limit), expected=f"more than {max(own)}")


def _fits(subject: Subject, cluster: Cluster, say: Report) -> None:
    for resource, size in (("cpu", cluster.cpu), ("memory", cluster.memory)):
        if size is None:
            continue
        node = floor(size * _BILLION) if resource == "cpu" else int(size) * _BILLION
        wants = [(request(pod, resource), pod) for pod in subject.pods]
        fitting = True
        for amount, pod in wants:
            if amount > node and pod.number:
                fitting = False
                who = f"a pod of {pod.role}" if pod.role is not None else "the pod"
                path = pod.at(0) if pod.path == TRAINER else pod.inside
                message = f"no node can hold {who}: it requests more {_WORDS[resource]} than a node has"
                say("P401", message, path, found=_shown(amount, resource), expected=f"at most {_shown(node, resource)}")
        if fitting:
            _together([(a, p.number) for a, p in wants if a], node, cluster.nodes, resource, say)


_WORDS = {"cpu": "CPU", "memory": "memory"}


def _together(wants: list[tuple[int, int]], node: int, nodes: int, resource: str, say: Report) -> None:
    """Whether pods (request, count) that fit a node each fit all nodes. No pod is divided.

    What is reported is sure: of pods that request at least r, a node holds at most node // r.
    """
    total = sum(amount * count for amount, count in wants)
    if total > node * nodes:
        message = f"all nodes together cannot hold the job: its pods request more {_WORDS[resource]} than they have"
        expected = f"at most {_shown(node * nodes, resource)} on {counted(nodes, 'node')}"
        say("P402", message, "spec", found=_shown(total, resource), expected=expected)
        return
    for amount, _ in sorted(wants, reverse=True):
        large = sum(count for other, count in wants if other >= amount)
        most = (node // amount) * nodes
        if large > most:
            what = f"of at least {_shown(amount, resource)} of {_WORDS[resource]}"
            message = f"all nodes together cannot hold the job: it has {large} pods {what}"
            say("P402", message, "spec", found=str(large), expected=f"at most {most} on {counted(nodes, 'node')}")
            return


def _shown(amount: int, resource: str) -> str:
    return as_cores(amount) if resource == "cpu" else as_bytes(-(-amount // _BILLION))


def request(pod: Pod, resource: str) -> int:
    """What a pod requests, in billionths of a core or byte: containers together, or the largest that runs before them.
    What the pod itself requests, if it does, stands for all of its containers.

    A limit stands for a request that is missing, as the API server has it. What is no quantity counts as nothing.
    """
    total = sum(_requested(c, resource) for c in pod.containers)
    before = 0
    for container in as_list(pod.spec.get("initContainers")):
        amount = _requested(as_dict(container), resource)
        if as_dict(container).get("restartPolicy") == "Always":  # a sidecar stays
            total += amount
        else:
            before = max(before, amount)
    overhead = _amount(as_dict(pod.spec.get("overhead")).get(resource))
    return (_requested(pod.spec, resource) or max(total, before)) + overhead


def _requested(container: dict[str, Any], resource: str) -> int:
    resources = container.get("resources")
    if resources.__class__ is not dict:
        return 0
    requests = resources.get("requests")
    if requests.__class__ is dict and resource in requests:
        return _amount(requests[resource])
    limits = resources.get("limits")
    return _amount(limits.get(resource)) if limits.__class__ is dict else 0


def _amount(value: Any) -> int:
    return (nano(value) or 0) if value.__class__ in (str, int, float) else 0
