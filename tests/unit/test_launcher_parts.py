"""The launcher's parts that need no process: which task it is, which flags that makes; what the file may use."""

from __future__ import annotations

import ast
import json
import runpy
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = ROOT / "images" / "launcher.py"
PARTS = runpy.run_path(str(FILE), run_name="launcher")
BENCHMARK = ["python", "/opt/tf-benchmarks/scripts/tf_cnn_benchmarks/tf_cnn_benchmarks.py", "--model=alexnet"]
ROLES = {"ps": ["p-0:2222"], "worker": ["w-0:2222", "w-1:2222"]}


def flags(env: Mapping[str, str], *command: str) -> list[str]:
    line = [*(command or BENCHMARK)]
    found: list[str] = PARTS["cluster_flags"](line, PARTS["read_task"](env))
    return found


def configured(roles: Mapping[str, Any], role: str, index: int) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": roles, "task": {"type": role, "index": index}})}


PS_WORKERS = ["--ps_hosts=p-0:2222", "--worker_hosts=w-0:2222,w-1:2222"]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, []),
        ({"TF_CONFIG": ""}, []),
        ({"TF_CONFIG": "{}"}, []),
        (configured({"worker": ["w-0:2222"]}, "worker", 0), []),
        (configured(ROLES, "worker", 1), ["--job_name=worker", *PS_WORKERS, "--task_index=1"]),
        (configured(ROLES, "PS", 0), ["--job_name=ps", *PS_WORKERS, "--task_index=0"]),
        (configured(ROLES, "ps", 0), ["--job_name=ps", *PS_WORKERS, "--task_index=0"]),
        (configured({**ROLES, "evaluator": ["e-0:1"]}, "evaluator", 0), []),
        (
            configured({**ROLES, "chief": ["c-0:2222"]}, "chief", 0),
            ["--job_name=worker", "--ps_hosts=p-0:2222", "--worker_hosts=c-0:2222,w-0:2222,w-1:2222", "--task_index=0"],
        ),
        (
            configured({**ROLES, "master": ["c-0:2222"]}, "worker", 0),
            ["--job_name=worker", "--ps_hosts=p-0:2222", "--worker_hosts=c-0:2222,w-0:2222,w-1:2222", "--task_index=1"],
        ),
        (
            {"PS_HOSTS": "p-0:2222", "WORKER_HOSTS": "w-0:2222,w-1:2222", "JOB_NAME": "ps", "TASK_INDEX": "0"},
            ["--job_name=ps", *PS_WORKERS, "--task_index=0"],
        ),
        (
            {"WORKER_HOSTS": "w-0:2222,w-1:2222", "JOB_COMPLETION_INDEX": "1"},
            ["--job_name=worker", "--worker_hosts=w-0:2222,w-1:2222", "--task_index=1"],
        ),
        (
            {"PET_NNODES": "2", "PET_NODE_RANK": "1", "PET_MASTER_ADDR": "j-node-0-0.j", "PET_MASTER_PORT": "29400"},
            ["--job_name=worker", "--worker_hosts=j-node-0-0.j:29400,j-node-0-1.j:29400", "--task_index=1"],
        ),
        ({"PET_NNODES": "1", "PET_MASTER_ADDR": "localhost"}, []),
        ({"PET_NNODES": "3", "PET_NODE_RANK": "2", "PET_MASTER_ADDR": "j-master-0"}, []),
        ({"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4"}, []),
    ],
)
def test_the_place_in_the_cluster_becomes_flags(env: dict[str, str], expected: list[str]) -> None:
    assert flags(env) == expected


def test_flags_that_the_command_has_are_left_alone() -> None:
    found = flags(configured(ROLES, "worker", 0), *BENCHMARK, "--job_name=worker", "--task_index", "7")
    assert found == PS_WORKERS


@pytest.mark.parametrize("update", ["horovod", "independent", "replicated"])
def test_what_refuses_cluster_flags_gets_none(update: str) -> None:
    assert flags(configured(ROLES, "worker", 0), *BENCHMARK, f"--variable_update={update}") == []


def test_a_chief_can_be_the_controller() -> None:
    roles = {"chief": ["c-0:1"], "worker": ["w-0:1", "w-1:1"]}
    line = [*BENCHMARK, "--variable_update=distributed_all_reduce"]
    common = ["--worker_hosts=w-0:1,w-1:1", "--controller_host=c-0:1"]
    assert flags(configured(roles, "chief", 0), *line) == ["--job_name=controller", *common, "--task_index=0"]
    assert flags(configured(roles, "worker", 1), *line) == ["--job_name=worker", *common, "--task_index=1"]


def test_any_other_command_gets_no_flags() -> None:
    assert flags(configured(ROLES, "worker", 0), "python", "train.py") == []


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"PS_HOSTS": "a:1", "JOB_NAME": "worker"}, "environment: there is no worker 0 among 0"),
        ({"WORKER_HOSTS": "a:1,,b:2"}, "'' is no address (host:port) of worker"),
        ({"WORKER_HOSTS": "a:1,b:2", "TASK_INDEX": "one"}, "index: 'one' is no index"),
        ({"PET_NNODES": "two", "PET_MASTER_ADDR": "j-0"}, "PET_NNODES: 'two' is no index"),
        ({"PET_NNODES": "2", "PET_MASTER_ADDR": "10.1.2.3"}, "PET_MASTER_ADDR: '10.1.2.3' does not name node 0 of 2"),
        ({"PET_NNODES": "2", "PET_MASTER_ADDR": "j-0.j"}, "PET: it does not say which task this is"),
        ({"PMI_RANK": "-1"}, "PMI_RANK: '-1' is no index"),
        ({"TF_CONFIG": '{"cluster": {"": []}}'}, "'' is no role"),
    ],
)
def test_what_contradicts_itself_is_refused(env: dict[str, str], message: str) -> None:
    with pytest.raises(PARTS["RefusedError"]) as caught:
        PARTS["read_task"](env)
    assert str(caught.value) == message


def test_records_stay_short() -> None:
    text = "x" * 5000
    assert PARTS["cut"]({"command": [text]}) == {"command": ["x" * 1000 + "... (5000 characters)"]}


def test_python_36_can_read_it() -> None:
    for file in (FILE, *(ROOT / "images" / "standin").rglob("*.py")):
        ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_it_needs_the_standard_library_only_writes_no_file_and_uses_no_shell() -> None:
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    names = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {(n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names <= sys.stdlib_module_names
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        assert not any(k.arg in ("shell", "mode") for k in call.keywords), call.lineno
        if isinstance(call.func, ast.Name) and call.func.id == "open":
            assert len(call.args) == 1, "opened for reading"


def test_the_manual_tells_every_setting_field_and_code() -> None:
    manual = (ROOT / "docs" / "reference" / "launcher.md").read_text(encoding="utf-8")
    text = FILE.read_text(encoding="utf-8")
    words = {f"DLAASGEN_{name}` | {value:g} " for name, value in PARTS["SETTINGS"].items()}
    words |= {f"| {PARTS[name]} |" for name in ("CONFIG", "RETRY")}
    tree = ast.parse(text)
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name in ("finish", "start_of")):
        for table in (n for n in ast.walk(function) if isinstance(n, ast.Dict)):
            words |= {f"`{key.value!s}`" for key in table.keys if isinstance(key, ast.Constant)}
    words |= {
        f"`{word}`" for word in ("completed", "clients-ended", "peer-gone", "peer-missing", "terminated", "killed")
    }
    assert sorted(word for word in words if word not in manual) == []
