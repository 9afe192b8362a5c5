"""The shipped prototypes: one name means one thing in all of them, and every parameter does what its header says."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
from dlaasgen.checks import Checker, Context
from shipped import GIVEN, PROTOTYPES, SHAPE, having, objects, pods

if TYPE_CHECKING:
    from dlaasgen.prototypes import Parameter


def test_a_name_means_the_same_everywhere() -> None:
    meanings: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for prototype in PROTOTYPES.values():
        for p in prototype.parameters.values():
            # A command of one's own has its model and batch size for its words.
            words = "" if p.name in ("model", "batch_size") else p.description
            meanings[p.name].add((p.type, p.choices, words))
    assert {name for name, found in meanings.items() if len(found) > 1} == set()


def other(parameter: Parameter) -> Any:
    """A value of a parameter's type that is not its default."""
    match parameter.type:
        case "integer" | "number":
            return 7
        case "boolean":
            return not parameter.default
        case "array":
            return ["other"]
        case "object":
            return {"other": {"emptyDir": {}} if parameter.name == "volumes" else "1"}
        case "enum":
            return next(c for c in parameter.choices if c not in (parameter.default, "NCHW"))
    return "other"


@pytest.mark.parametrize("name", PROTOTYPES)
def test_every_parameter_has_an_effect(name: str) -> None:
    prototype = PROTOTYPES[name]
    assert prototype.name == name
    assert prototype.short_description
    assert prototype.description.endswith(".")
    tuned = {"mkl": True, **SHAPE}
    before = objects(name, **tuned)
    for parameter in prototype.parameters.values():
        assert parameter.description, parameter.name
        changed = objects(name, **tuned | {parameter.name: False if parameter.name == "mkl" else other(parameter)})
        assert changed != before, parameter.name


@pytest.mark.parametrize("name", PROTOTYPES)
def test_the_least_that_can_be_given_is_admitted_by_the_restricted_profile(name: str) -> None:
    for pod in pods(objects(name)):
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert security["runAsNonRoot"] is True
            assert security["seccompProfile"] == {"type": "RuntimeDefault"}


EVERYTHING: dict[str, Any] = {
    "namespace": "team",
    "node_selector": {"disk": "ssd"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "spread": "require",
    "ps_placement": "apart",
    "priority_class": "high",
    "queue": "benchmarks",
    "gang": True,
    "scheduling_policy": {"queue": "volcano"},
    "volumes": {"/b": {"emptyDir": {}}, "/a": {"persistentVolumeClaim": {"claimName": "data"}}},
    "image_pull_secrets": ["one", "two"],
    "service_account": "runner",
    "security_context": {"runAsUser": 1001},
    "env": {"PYTHONUNBUFFERED": "0", "MORE": 1},
    "deadline_seconds": 60,
    "data_dir": "/a",
    "mkl": True,
    **SHAPE,
}


def everything(name: str) -> dict[str, Any]:
    return {k: v for k, v in EVERYTHING.items() if k in PROTOTYPES[name].parameters}


@pytest.mark.parametrize("name", PROTOTYPES)
def test_every_parameter_at_once_is_right_by_the_strict_schema(name: str) -> None:
    checker = Checker(Context(), KubernetesSchemas())
    for data in [*objects(name), *objects(name, **everything(name))]:
        assert [str(f) for f in checker.findings(data)] == []


@pytest.mark.parametrize("name", PROTOTYPES)
def test_both_engines_agree(name: str) -> None:
    for params in ({}, everything(name)):
        assert objects(name, "jsonnet", **params) == objects(name, **params)


@pytest.mark.parametrize("name", PROTOTYPES)
def test_what_is_said_of_pods_is_said_of_each(name: str) -> None:
    (job, *_) = objects(name, **everything(name))
    assert job["metadata"]["labels"] == {"kueue.x-k8s.io/queue-name": "benchmarks"}
    assert job["metadata"]["namespace"] == "team"
    for pod in pods(job):
        assert pod["nodeSelector"] == {"disk": "ssd"}
        assert pod["tolerations"] == EVERYTHING["tolerations"]
        assert pod.get("priorityClassName") == ("high" if "priority_class" in PROTOTYPES[name].parameters else None)
        assert pod["serviceAccountName"] == "runner"
        assert pod["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}]
        assert pod["volumes"] == [
            {"name": "volume-0", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "volume-1", "emptyDir": {}},
        ]
        for container in pod["containers"]:
            assert container["securityContext"] == {"runAsUser": 1001}
            assert container["volumeMounts"] == [
                {"name": "volume-0", "mountPath": "/a"},
                {"name": "volume-1", "mountPath": "/b"},
            ]


@pytest.mark.parametrize("name", PROTOTYPES)
def test_the_deadline_is_of_pods_and_their_jobs_is_later(name: str) -> None:
    for params in ({}, everything(name)):
        seconds = params.get("deadline_seconds", 7200)
        (job, *_) = objects(name, **params)
        if job["kind"] == "TrainJob":  # its pods come from a runtime
            assert job["spec"]["activeDeadlineSeconds"] == seconds
            assert json.dumps(job).count("activeDeadlineSeconds") == 1
            continue
        if job["kind"] == "Job":
            assert job["spec"]["activeDeadlineSeconds"] == seconds + 300
            assert job["spec"]["template"]["spec"]["activeDeadlineSeconds"] == seconds
            continue
        assert job["spec"]["runPolicy"]["activeDeadlineSeconds"] == seconds + 300
        roles = next(spec for field, spec in job["spec"].items() if field.endswith("ReplicaSpecs"))
        found = {role: spec["template"]["spec"].get("activeDeadlineSeconds") for role, spec in roles.items()}
        # Who ends first is what the logs tell of: a worker that mpirun lost tells nothing.
        apart = {"Worker": None} if job["kind"] == "MPIJob" else {}
        assert found == dict.fromkeys(roles, seconds) | apart


@pytest.mark.parametrize("name", PROTOTYPES)
@pytest.mark.parametrize(
    "params", [{}, {"num_intra_threads": 4}, {"num_inter_threads": 2}, {"kmp_blocktime": 30}, SHAPE]
)
@pytest.mark.parametrize("mkl", [False, True])
def test_nulls_are_as_if_left_out(name: str, params: dict[str, Any], mkl: bool) -> None:  # noqa: FBT001
    parameters = PROTOTYPES[name].parameters
    said = {k: v for k, v in {**params, "mkl": mkl}.items() if k in parameters}
    nulls = {k: None for k, p in parameters.items() if p.default is None and k not in GIVEN}
    assert objects(name, **{**nulls, **said}) == objects(name, **said)


def test_a_trainjob_has_its_workers_apart() -> None:
    """A TrainJob can say nothing of spread: its workers keep away from each other."""
    for spread, when in (("prefer", "preferred"), ("require", "required")):
        (pod,) = pods(objects("trainjob", spread=spread)[0])
        ((kind, (term,)),) = pod["affinity"]["podAntiAffinity"].items()
        assert kind == f"{when}DuringSchedulingIgnoredDuringExecution"
        term = term.get("podAffinityTerm", term)
        assert term["topologyKey"] == "kubernetes.io/hostname"
        assert term["labelSelector"]["matchLabels"] == pod["labels"]
    assert pods(objects("trainjob")[0])[0]["labels"] is None


@pytest.mark.parametrize("name", [n for n in having("spread") if n != "trainjob"])
def test_workers_are_spread(name: str) -> None:
    for spread, when in (("prefer", "ScheduleAnyway"), ("require", "DoNotSchedule")):
        found = [p for p in pods(objects(name, spread=spread)) if "topologySpreadConstraints" in p]
        assert found
        for pod in found:
            (rule,) = pod["topologySpreadConstraints"]
            assert rule["whenUnsatisfiable"] == when
            assert rule["labelSelector"]["matchLabels"] == pod["labels"]
            assert pod["labels"] == {"app.kubernetes.io/instance": "job", "app.kubernetes.io/component": "worker"}


@pytest.mark.parametrize("name", having("ps_placement"))
@pytest.mark.parametrize(("placement", "kind"), [("beside", "podAffinity"), ("apart", "podAntiAffinity")])
def test_parameter_servers_are_placed(name: str, placement: str, kind: str) -> None:
    roles = objects(name, ps_placement=placement)[0]["spec"]["tfReplicaSpecs"]
    server, worker = roles["PS"]["template"], roles["Worker"]["template"]
    (term,) = server["spec"]["affinity"][kind]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"]["matchLabels"] == worker["metadata"]["labels"]
    assert server["metadata"]["labels"] != worker["metadata"]["labels"]
    assert "affinity" not in worker["spec"]


@pytest.mark.parametrize("name", having("gang"))
def test_a_gang_is_all_pods(name: str) -> None:
    spec = objects(name, gang=True, priority_class="high", scheduling_policy={"queue": "q"})[0]["spec"]
    # An MPIJob's launcher is made when the workers are ready: it cannot be waited for.
    roles = next(v for k, v in spec.items() if k.endswith("ReplicaSpecs"))
    count = sum(r["replicas"] for role, r in roles.items() if role != "Launcher")
    assert spec["runPolicy"]["schedulingPolicy"] == {"minAvailable": count, "priorityClass": "high", "queue": "q"}
    assert "schedulingPolicy" not in objects(name, gang=False)[0]["spec"]["runPolicy"]
