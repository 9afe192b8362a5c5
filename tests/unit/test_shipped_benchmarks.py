"""What the shipped prototypes run: threads, flags, variables, and the benchmark under its launcher."""

from __future__ import annotations

from typing import Any

import pytest

from shipped import PROTOTYPES, SHAPE, env, environments, having, objects, pods, words

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
