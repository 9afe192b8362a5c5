"""dlaasgen collect from Loki: a server of the test's own, over HTTP, which answers as Loki does."""

from __future__ import annotations

import io
import signal
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.adapters.store import logs as log_store
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import opened
from dlaasgen.errors import StoreError
from dlaasgen.pipeline import collect as pipeline
from dlaasgen.pipeline.collect import Asked
from lokis import Loki, serving
from support import command, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dlaasgen.pipeline.collect import Collected
    from support import Run

pytestmark = pytest.mark.outside

HOUR = 3600 * 10**9
# Far enough back for what counts as late.
START = (time.time_ns() // 10**9 - 86400) * 10**9
POD = {"namespace": "dlaas", "pod": "nightly-c1-x-worker-0", "container": "tensorflow"}
LABELS = {
    "dlaasgen_matrix": "nightly", "dlaasgen_cell": "c1", "dlaasgen_run": "7", "axis_dlaasgen_model": "resnet50",
    "training_kubeflow_org_job_name": "nightly-c1-x", "training_kubeflow_org_replica_type": "worker",
    "training_kubeflow_org_replica_index": "0",
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[Loki]:
    with serving() as served:
        yield served


@pytest.fixture
def collect(server: Loki, tmp_path: Path) -> Callable[..., Collected]:
    """Collect in this process: what the command does, less its printing."""

    def run(query: str = '{namespace="dlaas"}', since: str | None = None, until: str | None = None) -> Collected:
        asked = Asked([server.url], str(tmp_path / "s.db"), jobs=1, query=query, since=since, until=until)
        return pipeline.collect(asked, io.BytesIO(), None, lambda _: None)

    return run


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[], dict[str, list[str]]]:
    """What the store has of each place: the lines of its log, without their times."""

    def read() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        with opened(str(tmp_path / "s.db")) as database, database.read() as connection:
            for place in result_store.listed(database):
                raw = b"".join(log_store.read(connection, place["digest"])).decode()
                assert place["key"] not in found, "two logs of one place"
                found[place["key"]] = [line.split("Z ", 1)[1] for line in raw.splitlines()]
        return found

    return read


def test_logs_are_joined_by_their_labels(server: Loki, dlaasgen: Run, tmp_path: Path) -> None:
    texts = ["TensorFlow:  2.21", "Model:       resnet50", "Step\tImg/sec\ttotal_loss", "one\ntwo"]
    for n, text in enumerate(texts):
        server.push(START + n, {**POD, **LABELS, "stream": "stdout" if n % 2 else "stderr"}, text)
    server.push(START + 2, {"namespace": "dlaas", "app": "other"}, "of nobody")
    server.push(START + 2, {"namespace": "other", "pod": "x"}, "not asked for")
    env = {"LOKI_USERNAME": "me", "LOKI_PASSWORD": "secret", "LOKI_ORG_ID": "team|other"}
    line = ("collect", "--from", server.url, "--query", '{namespace="dlaas"}', "--store", "s.db", "-o", "json")
    said = dlaasgen(*line, cwd=tmp_path, env=env).ok()
    assert (said.data["logs"], said.data["new"], len(said.data["unmatched"])) == (2, 2, 1)
    assert said.data["failed"] == []
    assert "secret" not in said.out + said.err
    assert server.headers[-1]["Authorization"] == "Basic bWU6c2VjcmV0"
    assert server.headers[-1]["X-Scope-Orgid"] == "team|other"
    places = dlaasgen("store", "logs", "--store", "s.db", "-o", "json", cwd=tmp_path).ok().data
    told = {(p["job"], p["role"], p["number"], p["pod"], p["container"], p["cell"]) for p in places}
    assert told == {
        ("nightly-c1-x", "worker", 0, "nightly-c1-x-worker-0", "tensorflow", "c1"),
        ("app=other,namespace=dlaas", "worker", 0, "", "", None),
    }
    digest = next(p["digest"] for p in places if p["pod"])
    raw = dlaasgen("store", "log", "--digest", digest, "--store", "s.db", cwd=tmp_path).ok().out
    when = datetime.fromtimestamp(START // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    lines = ["TensorFlow:  2.21", "Model:       resnet50", "Step\tImg/sec\ttotal_loss", "one", "two"]
    assert raw.splitlines() == [f"{when}.{min(n, 3):09}Z {text}" for n, text in enumerate(lines)]
    again = dlaasgen(*line, cwd=tmp_path, env=env).ok().data
    assert (again["new"], again["results"]) == (0, 0)


def test_the_results_are_those_of_the_same_log_in_a_file(
    server: Loki, collect: Callable[..., Collected], dlaasgen: Run, tmp_path: Path, root: Path
) -> None:
    sample = root / "examples/logs/nightly/alexnet-bs128-w3-eigen-worker-0.log"
    name = "nightly-alexnet-bs128-w3-eigen-worker-0"
    for n, line in enumerate(sample.read_text(encoding="utf-8").splitlines()):
        server.push(START + n * 10**6, {**POD, "pod": name}, line)
    (tmp_path / "files").mkdir()
    (tmp_path / f"files/{name}.log").write_bytes(sample.read_bytes())
    dlaasgen("collect", "--from", "files", "--store", "f.db", cwd=tmp_path).ok()
    assert collect().results == 1
    figures = []
    for store in ("s.db", "f.db"):
        (result,) = dlaasgen("results", "--store", store, "-o", "json", cwd=tmp_path).ok().data
        figures.append((result["job"], result["status"], result["metrics"]["images_per_second"]))
    assert figures[0] == figures[1]
    assert figures[0][1] == "succeeded"


def test_a_log_that_grows_is_gone_on_with(
    server: Loki, collect: Callable[..., Collected], stored: Callable[[], dict[str, list[str]]]
) -> None:
    key = "loki:dlaas/nightly-c1-x-worker-0//tensorflow/0"
    for n in range(10):
        server.push(START + n * HOUR, POD, f"line {n}")
    assert collect().new == 1
    for n in range(10, 14):
        server.push(START + n * HOUR, POD, f"line {n}")
    asked = len(server.asked)
    assert collect().new == 1
    # Only the end of the log is asked for, and whether there is more before its first line.
    ranges = [int(query["start"]) for path, query in server.asked[asked:] if path.endswith("query_range")]
    assert ranges[1:] == [START + 7 * HOUR]
    assert stored() == {key: [f"line {n}" for n in range(14)]}
    # What Loki throws away stays.
    del server.lines[:9]
    server.push(START + 14 * HOUR, POD, "line 14")
    assert collect().new == 1
    assert stored() == {key: [f"line {n}" for n in range(15)]}
    del server.lines[:4]
    assert collect(since="10h").new == 0
    # What lies before what was asked for the first time is had when it is asked for.
    server.push(START - 20 * HOUR, POD, "early")
    assert collect(since="30h").new == 0
    assert collect().new == 1


def test_an_earlier_end_takes_nothing_away(
    server: Loki, collect: Callable[..., Collected], stored: Callable[[], dict[str, list[str]]]
) -> None:
    for n in range(10):
        server.push(START + n * HOUR, POD, f"line {n}")
    until = datetime.fromtimestamp((START + 9 * HOUR) // 10**9, UTC).isoformat()
    assert collect(until=until).new == 1
    assert [len(lines) for lines in stored().values()] == [9]
    assert collect().new == 1
    assert collect(until=until).new == 0
    assert [len(lines) for lines in stored().values()] == [10]


def test_pods_that_only_the_lines_name_are_told_apart(
    server: Loki, collect: Callable[..., Collected], stored: Callable[[], dict[str, list[str]]]
) -> None:
    server.metadata = {"k8s_pod_name", "detected_level"}
    own = {"k8s_namespace_name": "dlaas", "service_name": "x"}
    for n in range(6):
        labels = {**own, "k8s_pod_name": f"job-worker-{n % 2}", "detected_level": f"{n}"}
        server.push(START + n, labels, f"line {n}")
    server.push(START + 6, {**own, "app": "y"}, "of no pod")
    query = '{k8s_namespace_name="dlaas"} |= `in`'
    assert collect(query=query).new == 3
    assert {query["query"] for path, query in server.asked if path.endswith("query_range")} == {
        '{k8s_namespace_name="dlaas", app="", k8s_namespace_name="dlaas", service_name="x"} |= `in`',
        '{k8s_namespace_name="dlaas", app="y", k8s_namespace_name="dlaas", service_name="x"} |= `in`',
    }
    expected = {
        "loki:dlaas/job-worker-0//" + "/0": ["line 0", "line 2", "line 4"],
        "loki:dlaas/job-worker-1//" + "/0": ["line 1", "line 3", "line 5"],
        "loki:app=y,k8s_namespace_name=dlaas,service_name=x": ["of no pod"],
    }
    assert stored() == expected
    server.push(START + 7, {**own, "k8s_pod_name": "job-worker-1"}, "line 7")
    assert collect(query=query).new == 1
    del server.lines[:4]
    assert collect(query=query).new == 0
    expected["loki:dlaas/job-worker-1//" + "/0"].append("line 7")
    assert stored() == expected


def test_a_files_name_tells_one_restart_from_another(
    server: Loki, collect: Callable[..., Collected], stored: Callable[[], dict[str, list[str]]]
) -> None:
    uid = "6b1f2c3d-0000-4000-8000-00000000beef"
    folder = f"/var/log/pods/dlaas_{POD['pod']}_{uid}/tensorflow"
    for n, name in enumerate(["0.log", "1.log", "1.log.20261124-101112"]):
        server.push(START + n, {**POD, "filename": f"{folder}/{name}"}, name)
    collect()
    assert stored() == {
        f"loki:dlaas/{POD['pod']}/{uid}/tensorflow/0": ["0.log"],
        f"loki:dlaas/{POD['pod']}/{uid}/tensorflow/1": ["1.log", "1.log.20261124-101112"],
    }


def missing(folder: Path) -> list[str]:
    with opened(str(folder / "s.db")) as database:
        return [row["key"] for row in result_store.not_had(database)]


def test_a_server_that_goes_away_in_the_middle_is_told_and_the_next_time_goes_on(
    server: Loki,
    collect: Callable[..., Collected],
    stored: Callable[[], dict[str, list[str]]],
    tmp_path: Path,
) -> None:
    for n in range(4):
        server.push(START + n, {**POD, "pod": f"job-worker-{n}"}, f"line {n}")
    server.refuse = [(200, b'{"data": [{"namespace": "dlaas", "pod": "job-worker-0", "container": "tensorflow"}, '
                      b'{"namespace": "dlaas", "pod": "job-worker-1", "container": "tensorflow"}]}', {}),
                     (403, b"no", {})]  # fmt: skip
    said = collect()
    with pytest.raises(StoreError, match="403 no; 1 more were not asked for"):
        pipeline.raise_failed(said)
    assert stored() == {}
    assert missing(tmp_path) == ["loki:dlaas/job-worker-0//tensorflow/0"]
    assert collect().new == 4
    assert missing(tmp_path) == []


def test_following_goes_on_while_the_server_is_away_and_ends_with_ctrl_c(
    server: Loki, stored: Callable[[], dict[str, list[str]]], tmp_path: Path
) -> None:
    server.push(time.time_ns() - 60 * 10**9, POD, "one")
    line = [command("dlaasgen"), "collect", "--from", server.url, "--query", '{namespace="dlaas"}', "--store", "s.db"]
    process = subprocess.Popen(
        [*line, "--follow", "--interval", "1"],
        cwd=tmp_path,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert "1 log, 1 of them new" in said
        server.refuse = [(403, b"for a moment", {})]
        assert any("for a moment" in process.stdout.readline() for _ in range(20))
        server.push(time.time_ns() - 10**9, POD, "two")
        assert any("2 of them new" in process.stdout.readline() for _ in range(40))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert "Traceback" not in process.stdout.read()
    finally:
        process.kill()
        process.communicate()
    assert list(stored().values()) == [["one", "two"]]
    starts: list[Any] = [int(query["start"]) for path, query in server.asked if path.endswith("series")]
    assert starts[-1] > starts[0] + 100 * HOUR
