"""What a job's pods would run on one machine."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from dlaasgen.by_hand import Task, container, expanded, local, script, tasks
from dlaasgen.errors import ImageError

ARGS = ["python", "/opt/tf-benchmarks/x.py", "--model=$(MODEL)"]


def pod(*args: str, **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"labels": {"dlaasgen/cell": "c"}},
        "spec": {"containers": [{"name": "tensorflow", "image": "i@sha256:1", "args": list(args or ARGS), **more}]},
    }


def tfjob(**roles: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    replicas = {role: {"replicas": n, "template": template} for role, (n, template) in roles.items()}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {"name": "j"},
        "spec": {"tfReplicaSpecs": replicas},
    }


def test_a_cluster_stands_on_loopback_with_worker_0_last() -> None:
    found = tasks(tfjob(PS=(1, pod()), Worker=(2, pod())), {"DLAASGEN_CELL": "c"}, 100)
    assert [t.name for t in found] == ["j-ps-0", "j-worker-1", "j-worker-0"]
    config = json.loads(found[-1].environment["TF_CONFIG"])
    assert config["cluster"] == {"ps": ["127.0.0.1:100"], "worker": ["127.0.0.1:101", "127.0.0.1:102"]}
    assert config["task"] == {"type": "worker", "index": 0}
    assert found[0].environment["DLAASGEN_CELL"] == "c"
    assert found[0].environment["DLAASGEN_IMAGE"] == "i@sha256:1"


def test_alone_a_job_or_a_single_task_has_no_cluster() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": pod()}}
    both = tfjob(PS=(1, pod()), Worker=(2, pod()))
    ps_only = tfjob(PS=(1, pod()))
    for found in (
        tasks(job, {}, 1),
        tasks(both, {}, 1, alone=True),
        tasks(ps_only, {}, 1, alone=True),
        tasks(tfjob(Worker=(1, pod())), {}, 1),
    ):
        assert [t.name for t in found] == ["j-worker-0"]
        assert "TF_CONFIG" not in found[0].environment


def test_the_environment_is_what_can_be_known_without_a_cluster() -> None:
    env = [
        {"name": "MODEL", "value": "alexnet"},
        {"name": "BOTH", "value": "$(MODEL)-$(NONE)-$$(MODEL)"},
        {"name": "CELL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['dlaasgen/cell']"}}},
        {"name": "GONE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['x']"}}},
        {"name": "JOB", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"value": "nameless"},
    ]
    template = pod(env=env, resources={"limits": {"memory": "2Gi"}}, command=["/bin/x", "$(MODEL)"])
    template["spec"]["containers"].insert(0, {"name": "side", "image": "other", "args": ["y"]})
    (task,) = tasks(tfjob(Worker=(1, template)), {}, 1)
    assert {k: v for k, v in task.environment.items() if not k.startswith("DLAASGEN")} == {
        "MODEL": "alexnet",
        "BOTH": "alexnet-$(NONE)-$(MODEL)",
        "CELL": "c",
        "JOB": "j",
    }
    assert (task.entrypoint, task.memory) == (("/bin/x", "alexnet"), 2 * 1024**3)
    assert task.arguments[-1] == "--model=alexnet"


def test_a_trainjob_says_its_container_itself() -> None:
    trainer = {"image": "i", "command": ["python", "t.py"], "numNodes": 2, "env": [{"name": "A", "value": "b"}]}
    manifest = {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": {"name": "j"},
        "spec": {"runtimeRef": {"name": "r"}, "trainer": trainer},
    }
    found = tasks(manifest, {}, 5)
    assert [t.name for t in found] == ["j-worker-1", "j-worker-0"]
    assert found[0].environment["A"] == "b"
    assert found[0].entrypoint == ("python", "t.py")


def test_the_images_launcher_is_ours_on_this_machine_and_the_pods_names_are_not_told_of() -> None:
    hosts = {"name": "WORKER_HOSTS", "value": "j-node-0-0.j:1,j-node-0-1.j:1"}
    trainer = {"command": ["/opt/launcher.py"], "args": ["python", "t.py"], "numNodes": 2, "env": [hosts]}
    manifest = {"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": "TrainJob", "spec": {"trainer": trainer}}
    for alone in (True, False):
        task = tasks(manifest, {}, 5, alone=alone)[-1]
        assert "WORKER_HOSTS" not in task.environment
        assert local(task, "/l.py", "python3", None) == ["python3", "/l.py", "python", "t.py"]


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ({}, "error[I120]: a manifest cannot be run by hand; expected a TFJob, TrainJob or Job with a command"),
        ({"apiVersion": "v1", "kind": "Service"}, "error[I120]: a Service cannot be run by hand; expected a TFJob, "
         "TrainJob or Job with a command"),
        (tfjob(Worker=(1, {"spec": {"containers": [{"image": "i"}]}})),
         "error[I120]: the container of j-worker-0 has neither command nor args"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_told(manifest: dict[str, Any], said: str) -> None:
    with pytest.raises(ImageError) as caught:
        tasks(manifest, {}, 1)
    assert str(caught.value) == said


ODD = Task("j-worker-0", "i", None, ("python", "/opt/tf-benchmarks/x.py", "--a=$(id) `x` 'y'"), {"A": "b; c"}, 5)


def test_what_is_printed_is_what_a_shell_reads_back() -> None:
    line = local(ODD, "/l.py", "python3", "/b c")
    assert line == ["python3", "/l.py", "python", "/b c/x.py", "--a=$(id) `x` 'y'"]
    assert shlex.split(script([(ODD, line, True)])) == ["env", "A=b; c", *line]
    assert local(ODD, "/l.py", "python3", None)[3] == "/opt/tf-benchmarks/x.py"
    assert local(Task("t", "i", ("/bin/x",), ("y",)), "/l.py", "python3", None) == ["/bin/x", "y"]
    assert script([(Task("t", "i", None, ()), ["true"], True)]) == "true"
    several = script([(ODD, ["a b"], False), (Task("n o", "i", None, ()), ["c"], False)])
    assert several == "'a b' > j-worker-0.log 2>&1 &\nc > 'n o.log' 2>&1 &\nwait"


def test_a_container_may_do_little_and_has_the_pods_limits() -> None:
    line = container(ODD, "docker")
    assert line[:8] == ["docker", "run", "--rm", "--name", "j-worker-0", "--read-only", "--tmpfs", "/tmp"]  # noqa: S108
    assert line[-6:-3] == ["--env", "A=b; c", "i"]
    assert line[line.index("--memory") + 1] == "5"
    assert "--network" not in line
    own = Task("t", "i", ("/bin/x", "y"), ("z",), {"TF_CONFIG": "{}"})
    assert container(own, "podman")[-5:] == ["--entrypoint", "/bin/x", "i", "y", "z"]
    assert "host" in container(own, "podman")


def test_words_are_expanded_as_kubernetes_does() -> None:
    assert expanded("$(A)$(B)$$(A)$A", {"A": "1"}) == "1$(B)$(A)$A"
