"""Conversions between all pairs of dialects: there and back is the same, every loss is told, schemas hold."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
from dlaasgen.conversion import convert
from dlaasgen.conversion_codes import CODES
from dlaasgen.conversion_job import OWN, RUN_POLICIES, policies_of, restarts_of
from dlaasgen.dialects import DIALECTS, Dialect, detect
from jobs import IMAGE

SCHEMAS = {name: KubernetesSchemas(dialect=name) for name in DIALECTS}
VALUES: dict[str, Any] = {
    "cleanPodPolicy": ["None", "Running", "All"],
    "ttlSecondsAfterFinished": [0, 60],
    "activeDeadlineSeconds": [60],
    "backoffLimit": [0, 3],
    "schedulingPolicy": [{"minAvailable": 2}],
    "suspend": [True, False],
    "managedBy": ["kubeflow.org/training-operator", "kueue.x-k8s.io/multikueue"],
    "successPolicy": ["", "AllWorkers"],
    "enableDynamicWorker": [True, False],
    "nprocPerNode": ["2", "auto"],
    "elasticPolicy": [{"maxRestarts": 3}],
    "slotsPerWorker": [1, 2],
    "mainContainer": ["main"],
    "runLauncherAsWorker": [True, False],
    "sshAuthMountPath": ["/root/.ssh", "/home/mpi/.ssh"],
    "launcherCreationPolicy": ["AtStartup", "WaitForWorkersReady"],
    "mpiImplementation": ["OpenMPI", "Intel"],
    "podReplacementPolicy": ["Failed"],
}
PATCHES: tuple[dict[str, Any], ...] = (
    {},
    {"podSpecOverrides": [{"targetJobs": [{"name": "node"}], "nodeSelector": {"a": "b"}}], "labels": {"a": "b"}},
    {"runtimePatches": [{"manager": "a", "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": [
        {"name": "node", "template": {"spec": {"template": {"spec": {"containers": [
            {"name": "node", "volumeMounts": [{"name": "d", "mountPath": "/d"}]},
        ]}}}}},
    ]}}}}]},
)  # fmt: skip


def some(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={n: st.sampled_from(VALUES[n]) for n in names})


def containers(dialect: Dialect) -> st.SearchStrategy[list[dict[str, Any]]]:
    optional: dict[str, st.SearchStrategy[Any]] = {
        "args": st.just(["--model=alexnet"]),
        "env": st.just([{"name": "A", "value": "b"}]),
        "resources": st.just({"limits": {"memory": "1Gi"}}),
        "volumeMounts": st.just([{"name": "data", "mountPath": "/data"}]),
        "securityContext": st.just({"runAsNonRoot": True}),
    }
    first = st.fixed_dictionaries(
        {"name": st.just(dialect.container or "main"), "image": st.just(IMAGE)}, optional=optional
    )
    beside = st.sampled_from([[], [], [{"name": "beside", "image": IMAGE}]])
    return st.tuples(first, beside).map(lambda t: [t[0], *deepcopy(t[1])])


def templates(dialect: Dialect) -> st.SearchStrategy[dict[str, Any]]:
    spec = st.fixed_dictionaries(
        {"containers": containers(dialect)},
        optional={"nodeSelector": st.just({"a": "b"}), "schedulerName": st.just("a")},
    )
    return st.fixed_dictionaries({"spec": spec}, optional={"metadata": st.just({"labels": {"a": "b"}})})


@st.composite
def manifests(draw: st.DrawFn, dialect: Dialect) -> dict[str, Any]:
    """A manifest of the dialect, in its right spelling."""
    policies = draw(some(tuple(p for p in RUN_POLICIES if p in policies_of(dialect))))
    spec: dict[str, Any] = {}
    if dialect.kind == "TrainJob":
        trainer = draw(st.fixed_dictionaries(
            {"image": st.just(IMAGE)},
            optional={"numNodes": st.integers(0, 3), "numProcPerNode": st.sampled_from([2, "auto"])},
        ))  # fmt: skip
        spec = {"runtimeRef": {"name": draw(st.sampled_from(["torch-distributed", "other"]))}, "trainer": trainer}
        spec |= policies | deepcopy(draw(st.sampled_from(PATCHES)))
    elif dialect.kind == "Job":
        spec = {"template": draw(templates(dialect)), **policies, **draw(some(("podReplacementPolicy",)))}
        spec["template"]["spec"]["restartPolicy"] = draw(st.sampled_from(restarts_of(dialect)))
        number = draw(st.sampled_from([None, 1, 2]))
        if number is not None:
            spec |= {"parallelism": number, "completions": number}
            spec |= {"completionMode": draw(st.sampled_from(["Indexed", "NonIndexed"]))} if draw(st.booleans()) else {}
    else:
        assert dialect.replicas is not None
        replica = st.fixed_dictionaries(
            {"template": templates(dialect)},
            optional={"replicas": st.integers(0, 3), "restartPolicy": st.sampled_from(restarts_of(dialect))},
        )
        roles = draw(st.dictionaries(st.sampled_from(dialect.roles), replica, min_size=1, max_size=3))
        for role in {"Master", "Launcher"} & roles.keys() if dialect.kind != "TFJob" else ():
            roles[role]["replicas"] = 1
        spec = {dialect.replicas: roles, **draw(some(OWN.get(dialect.name, ())))}
        if dialect.run_policy is None:
            spec |= policies
        elif policies:
            spec[dialect.run_policy] = policies
        if dialect.name == "tfjob-v1":  # else it could be of either
            spec.setdefault("runPolicy", {"backoffLimit": 0})
        if dialect.name == "tfjob-v1-flat" and not policies:
            spec["backoffLimit"] = 0
    metadata = {"name": "study", "labels": {"kueue.x-k8s.io/queue-name": "q"}}
    return {"apiVersion": dialect.api_version, "kind": dialect.kind, "metadata": metadata, "spec": spec}


@given(data=st.data(), source=st.sampled_from(tuple(DIALECTS)), to=st.sampled_from(tuple(DIALECTS)))
def test_there_and_back(data: st.DataObject, source: str, to: str) -> None:
    manifest = data.draw(manifests(DIALECTS[source]))
    assert SCHEMAS[source].findings(manifest) == []
    before = deepcopy(manifest)
    there = convert(manifest, to)
    assert manifest == before
    assert {f.code for f in there.findings} <= CODES.keys()
    assert [str(f) for f in SCHEMAS[to].findings(there.data)] == []
    dialect = detect(there.data, to)
    assert dialect is not None
    assert dialect.name == to
    again = convert(there.data, to)
    if there.findings == ():
        back = convert(there.data, source)
        assert back.findings == ()
        assert back.data == manifest
    assert again.data == there.data
    assert again.findings == ()
    if source == to:
        assert there.findings == ()
        assert there.data == manifest


ODD: tuple[Any, ...] = (None, True, 0, -1, 1.5, "", "x", [], [None], {}, {"a": 1}, [{}], {"spec": {}})


@given(data=st.data())
def test_nothing_trips_it_over(data: st.DataObject) -> None:
    dialect = DIALECTS[data.draw(st.sampled_from(sorted(DIALECTS)))]
    manifest = data.draw(manifests(dialect))
    node: Any = manifest
    for _ in range(data.draw(st.integers(0, 8))):
        keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()):
            node[key] = deepcopy(data.draw(st.sampled_from(ODD)))
        node = node[key]
    for to in DIALECTS:
        convert(manifest, to)
