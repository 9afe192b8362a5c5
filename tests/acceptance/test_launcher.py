"""The launcher in a cluster of real processes on loopback: waiting, deaths, silence."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from launching import LAUNCHER, QUICK, Launch, benchmark, clean, cluster, each, free_ports, pythons, tf_config, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = pytest.mark.outside
BOTH = pythons()


@contextlib.contextmanager
def job(
    ps: int,
    workers: int,
    *,
    env: dict[str, str] | None = None,
    python: str = sys.executable,
    flags: tuple[str, ...] = (),
) -> Iterator[dict[str, Launch]]:
    """All tasks of a cluster on loopback, started at once."""
    roles = cluster(ps, workers)
    with contextlib.ExitStack() as stack:
        yield {
            f"{role}-{n}": stack.enter_context(
                Launch(*benchmark(python, *flags), env={**tf_config(roles, role, n), **(env or {})}, python=python)
            )
            for role, count in (("ps", ps), ("worker", workers))
            for n in range(count)
        }


@pytest.mark.parametrize("python", BOTH)
def test_a_cluster_runs_to_the_end_and_so_does_its_parameter_server(python: str) -> None:
    with job(1, 2, python=python) as tasks:
        assert dict(each(tasks)) == {"ps-0": 0, "worker-0": 0, "worker-1": 0}
    assert tasks["ps-0"].end["reason"] == "clients-ended"
    assert tasks["ps-0"].end["signal"] == "SIGTERM"
    assert tasks["worker-0"].end["reason"] == "completed"
    start = tasks["worker-1"].records[0]
    assert start["event"] == "start"
    assert start["task"] == {"role": "worker", "index": 1, "source": "TF_CONFIG"}
    assert start["cluster"] == {"ps": 1, "worker": 2}
    assert [part.split("=")[0] for part in start["command"][-4:]] == [
        "--job_name", "--ps_hosts", "--worker_hosts", "--task_index",
    ]  # fmt: skip
    assert b"Batch size:  64 global" in tasks["worker-0"].output
    assert b"total images/sec: " in tasks["worker-1"].output
    assert b"Starting worker 0" in tasks["worker-0"].err


def test_a_cluster_of_plain_variables_and_one_of_trainers(tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and util-linux's unshare for names of its own")
    roles = cluster(1, 2)
    plain = {"PS_HOSTS": roles["ps"][0], "WORKER_HOSTS": ",".join(roles["worker"])}
    with contextlib.ExitStack() as stack:
        tasks = {
            f"{role}-{n}": stack.enter_context(
                Launch(*benchmark(), env={**plain, "JOB_NAME": role, "TASK_INDEX": str(n)})
            )
            for role, n in (("ps", 0), ("worker", 0), ("worker", 1))
        }
        assert set(dict(each(tasks)).values()) == {0}
    assert tasks["worker-1"].records[0]["task"] == {"role": "worker", "index": 1, "source": "environment"}
    assert tasks["ps-0"].end["reason"] == "clients-ended"

    # As Trainer sets them for torch: node 0's name tells the others'. Names of pods are looked up in a file.
    (tmp_path / "hosts").write_text("".join(f"127.0.1.{n + 1} j-node-0-{n}.j\n" for n in range(2)))
    named = 'mount --bind "$0" /etc/hosts && exec "$@"'
    pet = {"PET_NNODES": "2", "PET_MASTER_ADDR": "j-node-0-0.j", "PET_MASTER_PORT": str(free_ports(1)[0])}
    line = [*benchmark(sys.executable, "--variable_update=collective_all_reduce")]
    for rank in range(2):
        env = {**clean(), **QUICK, **pet, "PET_NODE_RANK": str(rank)}
        inside: list[str | Path] = [
            "unshare",
            "--mount",
            "sh",
            "-c",
            named,
            tmp_path / "hosts",
            sys.executable,
            LAUNCHER,
            *line,
        ]
        done = subprocess.run(inside, env=env, capture_output=True, check=False, timeout=30)
        assert done.returncode == 0, done.stderr
        start = json.loads(done.stdout.partition(b"\n")[0].removeprefix(b"dlaasgen-launcher: "))
        assert start["task"] == {"role": "worker", "index": rank, "source": "PET"}
        hosts = ",".join(f"j-node-0-{n}.j:{pet['PET_MASTER_PORT']}" for n in range(2))
        assert start["command"][-3:] == ["--job_name=worker", f"--worker_hosts={hosts}", f"--task_index={rank}"]
        assert b"Batch size:  64 global" in done.stdout


@pytest.mark.parametrize("name", ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"])
def test_a_rank_under_mpirun_gets_nothing_and_waits_for_nobody(name: str) -> None:
    line = [*benchmark(sys.executable, "--variable_update=horovod")]
    with Launch(*line, env={name: "1", "OMPI_COMM_WORLD_SIZE": "2"}) as launch:
        assert launch.ended() == 0
    assert (launch.records[0]["task"], launch.records[0]["command"]) == (
        {"role": "rank", "index": 1, "source": "MPI"},
        line,
    )


def test_a_worker_whose_peer_was_killed_ends_by_its_deadline() -> None:
    with job(1, 2, env={"STANDIN_STEP": "0.1", "DLAASGEN_PEER_LOST": "0.6"}, flags=("--num_batches=1000",)) as tasks:
        wait_for(tasks["worker-0"], b"\n10\timages/sec")
        tasks["worker-1"].kill()
        assert tasks["worker-0"].ended() == 138
        assert tasks["ps-0"].ended() == 0
    end = tasks["worker-0"].end
    assert end["reason"] == "peer-gone"
    assert end["retryable"] is True
    assert end["message"].endswith("worker-1")
    assert tasks["ps-0"].end["reason"] == "clients-ended"


def test_a_worker_goes_on_when_another_has_ended_and_it_still_has_output() -> None:
    roles = cluster(0, 2)
    talk = "import time\nfor n in range(12):\n    print(n)\n    time.sleep(0.1)"
    with (
        Launch(sys.executable, "-c", talk, env={**tf_config(roles, "worker", 0), "DLAASGEN_PEER_LOST": "0.4"}) as busy,
        Launch("sleep", "0.2", env=tf_config(roles, "worker", 1)) as short,
    ):
        assert short.ended() == 0
        assert busy.ended() == 0


def test_a_worker_whose_parameter_server_was_killed_may_be_retried() -> None:
    with job(1, 1, env={"STANDIN_STEP": "0.05"}, flags=("--num_batches=1000",)) as tasks:
        wait_for(tasks["worker-0"], b"\n1\timages/sec")
        time.sleep(0.2)  # one look at the peers
        tasks["ps-0"].kill()
        assert tasks["worker-0"].ended() == 138
    end = tasks["worker-0"].end
    assert (end["reason"], end["child_exit_code"]) == ("peer-gone", 1)
    assert end["message"] == "the command failed (1) when ps-0 was gone"


def test_a_bad_model_is_not_worth_a_retry() -> None:
    with job(1, 1, env={"DLAASGEN_PEER_TIMEOUT": "0.6"}, flags=("--model=resnet5000",)) as tasks:
        assert dict(each(tasks)) == {"ps-0": 1, "worker-0": 138}
    assert tasks["ps-0"].end["reason"] == "failed"
    assert b"Invalid model name" in tasks["ps-0"].err
    assert tasks["worker-0"].end["reason"] == "peer-missing"
    with Launch(*benchmark(sys.executable, "--model=resnet5000")) as alone:
        assert alone.ended() == 1
    assert (alone.end["reason"], alone.end["retryable"]) == ("failed", False)


@pytest.mark.parametrize(
    ("role", "trouble"), [("ps", "nowhere.invalid does not resolve"), ("worker", "does not listen")]
)
def test_a_peer_that_never_comes_is_named(role: str, trouble: str) -> None:
    roles = cluster(1, 2)
    if role == "ps":
        roles["worker"][1] = "nowhere.invalid:2222"
    with Launch("true", env={**tf_config(roles, role, 0), "DLAASGEN_PEER_TIMEOUT": "0.3"}) as launch:
        assert launch.ended() == 138
    assert [r["event"] for r in launch.records] == ["start", "waiting", "end"]
    assert launch.end["reason"] == "peer-missing"
    assert trouble in launch.end["message"]
    assert launch.end["child_exit_code"] is None
    assert trouble in launch.records[1]["peers"][0]


@pytest.mark.parametrize("python", BOTH)
@pytest.mark.parametrize(
    ("command", "codes"),
    [(["sleep", "0.1"], (0, 0)), (["/nowhere/at/all"], (127, 127))],
    ids=["short", "not-started"],
)
def test_a_server_counts_workers_that_live_shorter_than_it_looks(
    python: str, command: list[str], codes: tuple[int, int]
) -> None:
    roles = cluster(1, 2)
    env = {"DLAASGEN_POLL": "0.5", "DLAASGEN_PS_LINGER": "0.1", "DLAASGEN_PEER_TIMEOUT": "15"}
    listen = (
        f"import socket, time; s = socket.create_server(('127.0.0.1', {roles['ps'][0].split(':')[1]})); time.sleep(60)"
    )
    with contextlib.ExitStack() as stack:
        line = [sys.executable, "-c", listen]
        ps = stack.enter_context(Launch(*line, env={**tf_config(roles, "ps", 0), **env}, python=python))
        workers = [
            stack.enter_context(Launch(*command, env={**tf_config(roles, "worker", n), **env}, python=python))
            for n in range(2)
        ]
        assert tuple(worker.ended() for worker in workers) == codes
        assert ps.ended(12) == 0
    assert (ps.end["reason"], ps.end["message"]) == ("clients-ended", "all 2 clients have ended")
    assert max(worker.end["duration_seconds"] for worker in workers) < 0.45


def test_a_signal_ends_the_showing_of_a_port_and_the_code_stays_the_commands() -> None:
    roles = cluster(1, 1)
    port = int(roles["ps"][0].rpartition(":")[2])
    env = {**tf_config(roles, "worker", 0), "DLAASGEN_POLL": "30"}
    with socket.create_server(("127.0.0.1", port)), Launch("sh", "-c", "exit 3", env=env) as launch:
        wait_for(launch, b'"event": "end"')
        launch.process.send_signal(signal.SIGTERM)
        assert launch.ended(10) == 3


def test_a_server_whose_workers_never_come_ends_by_its_deadline() -> None:
    env = {**tf_config(cluster(1, 2), "ps", 0), "DLAASGEN_PEER_TIMEOUT": "0.5"}
    with Launch("sleep", "60", env=env) as launch:
        assert launch.ended(10) == 138
    assert launch.end["reason"] == "peer-missing"
    assert launch.end["message"].endswith("worker-0, worker-1")


def test_who_opens_no_port_is_not_missed() -> None:
    line = [*benchmark(sys.executable, "--num_batches=4", "--variable_update=replicated")]
    env = {"DLAASGEN_PEER_TIMEOUT": "0.2", "STANDIN_STEP": "0.3"}
    with Launch(*line, env={**tf_config(cluster(0, 2), "worker", 0), **env}) as launch:
        assert launch.ended() == 0
    pet = {"PET_NNODES": "2", "PET_MASTER_ADDR": "j-master-0", "PET_MASTER_PORT": "23456", "PET_NODE_RANK": "1"}
    with Launch("sleep", "1", env={**pet, **env}) as launch:
        assert launch.ended() == 0
    assert launch.records[0]["task"] == {"role": "worker", "index": 1, "source": "PET"}


def test_a_worker_that_never_comes_is_named_once_the_command_is_silent() -> None:
    env = {**tf_config(cluster(0, 2), "worker", 0), "DLAASGEN_PEER_TIMEOUT": "0.4"}
    with Launch("sleep", "60", env=env) as launch:
        assert launch.ended() == 138
    assert launch.end["reason"] == "peer-missing"
    assert launch.end["message"].endswith("worker-1")
    assert launch.end["signal"] == "SIGTERM"


WAITING = "while sleep 0.05; do echo 'CreateSession still waiting for response from worker: /job:x' >&2; done"


@pytest.mark.parametrize("python", BOTH)
def test_words_of_waiting_are_no_sign_of_progress(python: str) -> None:
    env = {**tf_config(cluster(0, 2), "worker", 0), "DLAASGEN_PEER_TIMEOUT": "0.5"}
    with Launch("sh", "-c", WAITING, env=env, python=python) as launch:
        assert launch.ended(15) == 138
    assert (launch.end["reason"], b"still waiting" in launch.err) == ("peer-missing", True)


def test_without_a_parameter_server_a_worker_ends_whatever_it_prints() -> None:
    roles = cluster(1, 1)
    env = {**tf_config(roles, "worker", 0), "DLAASGEN_PEER_LOST": "0.5"}
    server = socket.create_server(("127.0.0.1", int(roles["ps"][0].rpartition(":")[2])))
    with Launch("sh", "-c", "while sleep 0.05; do echo more; done", env=env) as launch:
        wait_for(launch, b"\nmore\n")
        server.close()
        assert launch.ended(15) == 138
    assert (launch.end["reason"], launch.end["message"].rpartition(" ")[2]) == ("peer-gone", "ps-0")
