"""The shipped prototypes: one name means one thing in all of them, and every parameter does what its header says."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.adapters.jsonnet import Library, engine, evaluate
from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
from dlaasgen.checks import Checker, Context

if TYPE_CHECKING:
    from dlaasgen.prototypes import Parameter

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Library([str(ROOT / "prototypes")])
PROTOTYPES = {name: LIBRARY.prototype(name) for name in LIBRARY.names()}
IMAGE = "example.com/benchmark@sha256:" + "0" * 64
SHAPE = {"sockets": 2, "cores_per_socket": 18}
# What a cell must give, or gives to have a job of several pods.
GIVEN: dict[str, Any] = {
    "image": IMAGE,
    "model": "resnet50",
    "batch_size": 32,
    "command": ["run", "{model}", "{batch_size}", "{data_dir}", "{other}"],
    "replicas": 2,
}


def objects(name: str, by: str = "rjsonnet", /, **params: Any) -> list[dict[str, Any]]:
    """What a prototype returns for a cell, as a list."""
    prototype = PROTOTYPES[name]
    cell = {k: v for k, v in GIVEN.items() if k in prototype.parameters} | params
    assert prototype.faults(cell) == []
    cell |= {"name": "job", "labels": {}, "annotations": {}}
    (value,) = json.loads(evaluate(LIBRARY, name, prototype.defaults, [cell], engine(by), json.dumps))
    return value if isinstance(value, list) else [value]


def pods(job: Any) -> list[dict[str, Any]]:
    """The specs of pods in a job, and the metadata of their templates: whatever has containers."""
    if isinstance(job, list):
        return [pod for value in job for pod in pods(value)]
    if not isinstance(job, dict):
        return []
    own = (
        [job["spec"] | {"labels": job.get("metadata", {}).get("labels")}] if "containers" in job.get("spec", ()) else []
    )
    return own + [pod for value in job.values() for pod in pods(value)]


def words(name: str, **params: Any) -> list[str]:
    """Command and arguments of the container that has the longest, which runs the benchmark."""
    job = objects(name, **params)[0]
    trainer = [job["spec"]["trainer"]] if "trainer" in job["spec"] else []
    containers = trainer + [c for pod in pods(job) for c in pod["containers"]]
    return max(([*c.get("command", ()), *c.get("args", ())] for c in containers), key=len)


def environments(name: str, **params: Any) -> list[list[dict[str, Any]]]:
    """The variables of each container that runs something."""
    job = objects(name, **params)[0]
    holders = [job["spec"]["trainer"]] if "trainer" in job["spec"] else [c for p in pods(job) for c in p["containers"]]
    return [holder["env"] for holder in holders]


def env(name: str, **params: Any) -> dict[str, str]:
    variables = environments(name, **params)[0]
    found = {v["name"]: v["value"] if "value" in v else v["valueFrom"]["fieldRef"]["fieldPath"] for v in variables}
    assert len(found) == len(variables)
    return found


def having(*parameters: str) -> list[str]:
    return [n for n, p in PROTOTYPES.items() if set(parameters) <= set(p.parameters)]


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
def test_the_deadline_is_of_pods_where_an_operator_ends_jobs_and_of_the_job_elsewhere(name: str) -> None:
    for params in ({}, everything(name)):
        seconds = params.get("deadline_seconds", 7200)
        (job, *_) = objects(name, **params)
        if job["kind"] in {"Job", "TrainJob"}:
            assert job["spec"]["activeDeadlineSeconds"] == seconds
            assert json.dumps(job).count("activeDeadlineSeconds") == 1
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


TUNED = having("mkl", "sockets")
BENCHMARK = having("mkl", "num_batches")


@pytest.mark.parametrize("name", TUNED)
def test_threads_follow_from_the_shape(name: str) -> None:
    intra = "36" if name == "single-node" else "32"
    variables = env(name, mkl=True, **SHAPE)
    assert variables["OMP_NUM_THREADS"] == intra
    assert variables["KMP_AFFINITY"] == "granularity=fine,verbose,compact,1,0"
    assert variables["KMP_BLOCKTIME"] == "0"
    if name in BENCHMARK:
        assert {f"--num_intra_threads={intra}", "--num_inter_threads=2", "--mkl=true"} < set(
            words(name, mkl=True, **SHAPE)
        )


@pytest.mark.parametrize("name", TUNED)
@pytest.mark.parametrize("params", [SHAPE, {"mkl": True}, {"mkl": True, "sockets": 2}, {"mkl": True, "sockets": None}])
def test_without_a_shape_or_without_onednn_nothing_is_derived(name: str, params: dict[str, Any]) -> None:
    assert not [v for v in env(name, **params) if v.startswith(("OMP_", "KMP_"))]
    assert not [w for w in words(name, **params) if "threads" in w or "kmp" in w]


@pytest.mark.parametrize("name", TUNED)
def test_what_is_derived_can_be_said_otherwise(name: str) -> None:
    given = {"num_intra_threads": 7, "kmp_affinity": "none", "kmp_blocktime": 1, "mkl": True, **SHAPE}
    variables = env(name, **given)
    assert (variables["OMP_NUM_THREADS"], variables["KMP_AFFINITY"], variables["KMP_BLOCKTIME"]) == ("7", "none", "1")
    if name in BENCHMARK:
        flags = set(words(name, num_inter_threads=3, **given))
        assert {"--num_intra_threads=7", "--num_inter_threads=3", "--kmp_affinity=none", "--kmp_blocktime=1"} < flags
        assert env(name, kmp_blocktime=1, mkl=True)["KMP_BLOCKTIME"] == "1"


@pytest.mark.parametrize("name", TUNED)
@pytest.mark.parametrize("shape", [{}, SHAPE])
def test_openmp_can_have_other_threads(name: str, shape: dict[str, Any]) -> None:
    given = {"omp_num_threads": 5, "num_intra_threads": 9, "mkl": True, **shape}
    assert env(name, **given)["OMP_NUM_THREADS"] == "5"
    assert ("OMP_NUM_THREADS" in env(name, omp_num_threads=5)) is (name not in BENCHMARK)
    if name in BENCHMARK:
        assert {"--num_intra_threads=9", "--mkl=true"} < set(words(name, **given))
        # Without --mkl the benchmark leaves the variables alone: they say all that it would have said.
        found = words(name, data_format="NHWC", **given)
        assert not [w for w in found if w.startswith(("--mkl", "--kmp"))]
        assert "--num_intra_threads=9" in found
        variables = env(name, data_format="NHWC", **given)
        assert (variables["OMP_NUM_THREADS"], variables["KMP_BLOCKTIME"]) == ("5", "0")
        assert variables["KMP_AFFINITY"] == "granularity=fine,verbose,compact,1,0"
        assert env(name, data_format="NHWC", kmp_blocktime=1, **given)["KMP_BLOCKTIME"] == "1"


@pytest.mark.parametrize("name", TUNED)
def test_a_node_keeps_a_core_a_socket_for_threads(name: str) -> None:
    assert env(name, mkl=True, sockets=2, cores_per_socket=2)["OMP_NUM_THREADS"] in ("2", "4")


@pytest.mark.parametrize("name", BENCHMARK)
def test_the_image_decides_the_order_of_dimensions(name: str) -> None:
    assert "--data_format=NHWC" in words(name)
    assert "--data_format=NCHW" in words(name, mkl=True)
    assert "--data_format=NHWC" in words(name, mkl=True, data_format="NHWC")
    assert env(name)["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert env(name, mkl=True)["TF_ENABLE_ONEDNN_OPTS"] == "1"


@pytest.mark.parametrize("name", BENCHMARK)
def test_flags_are_passed_on(name: str) -> None:
    given = {"num_warmup_batches": 0, "learning_rate": 0.5, "random_seed": 1, "data_dir": "/d", "data_name": "cifar10"}
    found = words(name, **given, num_intra_threads=2, flags={"xla": True, "weight_decay": 0.5})
    assert [w for w in found if w.partition("=")[0] in ("--xla", "--weight_decay")] == [
        "--weight_decay=0.5",
        "--xla=true",
    ]
    assert {
        "--num_warmup_batches=0",
        "--init_learning_rate=0.5",
        "--tf_random_seed=1",
        "--num_intra_threads=2",
        "--data_dir=/d",
        "--data_name=cifar10",
    } < set(found)
    assert "--mkl=true" not in found


@pytest.mark.parametrize("name", PROTOTYPES)
@pytest.mark.parametrize("params", [{}, {"env": {"MORE": 1}}, {"mkl": True, "sockets": 2, "cores_per_socket": 4}])
def test_every_container_knows_its_cell(name: str, params: dict[str, Any]) -> None:
    labels = {"DLAASGEN_CELL": "cell", "DLAASGEN_MATRIX": "matrix", "DLAASGEN_RUN": "run"}
    found = environments(name, **params)
    assert found
    for variables in found:
        assert {v["name"]: v["valueFrom"] for v in variables if "valueFrom" in v} == {
            variable: {"fieldRef": {"fieldPath": f"metadata.labels['dlaasgen/{label}']"}}
            for variable, label in labels.items()
        }


@pytest.mark.parametrize("name", PROTOTYPES)
def test_variables_can_be_replaced(name: str) -> None:
    variables = env(name, env={"PYTHONUNBUFFERED": "0", "NUMBER": 1, "ON": True})
    assert (variables["PYTHONUNBUFFERED"], variables["NUMBER"], variables["ON"]) == ("0", "1", "true")


@pytest.mark.parametrize(("name", "model"), [("dlaas-resnet50", "resnet50"), ("dlaas-alexnet", "alexnet")])
def test_the_tutorials_benchmarks_need_no_parameter(name: str, model: str) -> None:
    assert PROTOTYPES[name].faults({}) == []
    assert {
        f"--model={model}",
        "--batch_size=32",
        "--variable_update=parameter_server",
        "--local_parameter_device=cpu",
        "--init_learning_rate=0.0001",
        "--tf_random_seed=8286",
        "--device=cpu",
        "--data_format=NHWC",
    } < set(words(name))


def test_all_reduce_has_no_servers() -> None:
    assert list(objects("tfjob-allreduce")[0]["spec"]["tfReplicaSpecs"]) == ["Worker"]
    assert {"--variable_update=collective_all_reduce", "--all_reduce_spec=collective"} < set(words("tfjob-allreduce"))


@pytest.mark.parametrize("name", ["tfjob-allreduce", "trainjob"])
def test_a_single_worker_reduces_with_nobody(name: str) -> None:
    alone = words(name, replicas=1)
    assert "--variable_update=parameter_server" in alone
    assert not [word for word in alone if word.startswith("--all_reduce_spec")]


def test_a_trainjob_knows_its_cluster() -> None:
    assert env("trainjob", replicas=2, port=99)["WORKER_HOSTS"] == "job-node-0-0.job:99,job-node-0-1.job:99"
    assert env("trainjob", env={"WORKER_HOSTS": "a:1"})["WORKER_HOSTS"] == "a:1"


LAUNCHED = [name for name in BENCHMARK if name != "mpijob"]


@pytest.mark.parametrize("name", LAUNCHED)
def test_the_benchmark_runs_under_the_launcher(name: str) -> None:
    (job, *_) = objects(name)
    holders = [job["spec"]["trainer"]] if "trainer" in job["spec"] else [c for p in pods(job) for c in p["containers"]]
    for holder in holders:
        # A TrainJob's runtime may have a command, which only another one replaces.
        assert holder.get("command") == (["/opt/launcher.py"] if name == "trainjob" else None)
        assert holder["args"][:2] == ["python", "/opt/tf-benchmarks/scripts/tf_cnn_benchmarks/tf_cnn_benchmarks.py"]


def test_mpirun_runs_under_the_entrypoint_and_sshd_does_not() -> None:
    launcher, worker = (p["containers"][0] for p in pods(objects("mpijob")[0]))
    assert (launcher.get("command"), launcher["args"][0]) == (None, "mpirun")
    assert (worker["command"][0], worker.get("args")) == ("/usr/sbin/sshd", None)


@pytest.mark.parametrize("name", having("entrypoint"))
def test_a_command_of_ones_own_can_be_given_to_the_entrypoint(name: str) -> None:
    for entrypoint, field in (("replace", "command"), ("keep", "args")):
        for pod in pods(objects(name, entrypoint=entrypoint)):
            given = {k: v for k, v in pod["containers"][0].items() if k in ("command", "args")}
            assert given == {field: ["run", "resnet50", "32", "{data_dir}", "{other}"]}


def test_mpirun_starts_a_process_a_worker_and_passes_variables_on() -> None:
    found = words("mpijob", replicas=3, env={"MORE": "1"})
    assert found[found.index("-np") + 1] == "3"
    passed = {found[n + 1] for n, word in enumerate(found) if word == "-x"}
    assert passed == {"LD_LIBRARY_PATH", "PATH", *env("mpijob", env={"MORE": "1"})}
    assert "--variable_update=horovod" in found


def test_a_pytorchjob_has_a_master_and_the_rest() -> None:
    for replicas, roles in ((1, {"Master": 1}), (3, {"Master": 1, "Worker": 2})):
        found = objects("pytorchjob", replicas=replicas)[0]["spec"]["pytorchReplicaSpecs"]
        assert {role: r["replicas"] for role, r in found.items()} == roles


def test_a_command_is_filled_in() -> None:
    given = ["run", "{model}-{batch_size}", "{replicas} {size}", "{unknown}", "{data_dir}"]
    found = words("command", command=given, values={"size": 8}, data_dir="/d")
    assert found == ["run", "resnet50-32", "2 8", "{unknown}", "/d"]


def test_a_command_of_several_workers_has_names_for_them() -> None:
    assert len(objects("command", replicas=1)) == 1
    job, service = objects("command", replicas=2)
    assert (job["spec"]["completionMode"], job["spec"]["completions"], job["spec"]["parallelism"]) == ("Indexed", 2, 2)
    assert job["spec"]["template"]["spec"]["subdomain"] == service["metadata"]["name"] == "job"
    assert service["spec"]["selector"] == {"batch.kubernetes.io/job-name": "job"}
