"""dlaasgen collect from Loki: a server of the test's own, over HTTP, which answers as Loki does."""

from __future__ import annotations

import io
import signal
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.adapters import loki
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import opened
from dlaasgen.errors import StoreError, UsageError
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
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


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


def read(server: Loki, limit: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    monkeypatch.setattr(loki, "LIMIT", limit)
    lost: list[str] = []
    found = loki.Loki(server.url).entries('{pod=~".+"}', START, START + HOUR, lost.append)
    return [entry.line for entry in found], lost


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7, 10, 24, 40])
@pytest.mark.parametrize("same", [1, 2, 3, 5])
def test_nothing_twice_and_nothing_missing_whatever_the_page(
    server: Loki, limit: int, same: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = [{"pod": "a"}, {"pod": "b"}]
    for n in range(20):
        server.push(START + n // same, labels[n % 2], f"line {n:02}")
    # The same words, at the same time, from two pods, and again a moment later.
    for n in range(4):
        server.push(START + 10 + n // 2, labels[n % 2], "again")
    lines, lost = read(server, limit, monkeypatch)
    assert (sorted(lines), lost) == (sorted(line for _, _, line in server.lines), [])
    # The lines of one instant come in the same order every time.
    assert read(server, limit + 1, monkeypatch)[0] == lines


def test_the_last_line_of_a_range_is_had_and_its_end_is_not(server: Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in (START - 1, START, START + HOUR - 1, START + HOUR):
        server.push(at, {"pod": "a"}, str(at - START))
    for limit in (1, 2, 3):
        assert read(server, limit, monkeypatch)[0] == ["0", str(HOUR - 1)]


def test_an_instant_with_more_lines_than_the_server_gives_is_told(
    server: Loki, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(18):
        server.push(START + n // 9, {"pod": "a"}, f"line {n:02}")
    server.most = 4
    lines, lost = read(server, 4, monkeypatch)
    assert lines == [f"line {n:02}" for n in (*range(4), *range(9, 13))]
    assert [f"at {START + n} ns" in words for n, words in enumerate(lost)] == [True, True]


def test_a_smaller_limit_range_or_answer_of_the_server_is_kept_to(
    server: Loki, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(60):
        server.push(START + n * 10**9, {"pod": "a"}, f"line {n:02}")
    server.most, server.longest, server.largest = 23, 600 * 10**9, 90
    lines, lost = read(server, 50, monkeypatch)
    assert (lines, lost) == ([f"line {n:02}" for n in range(60)], [])
    # What is refused once is not asked for again.
    assert len(server.asked) < 60 / 10 + 3600 / 600 * 2 + 6
    assert len(loki.Loki(server.url).series('pod=~".+"', START, START + HOUR)) == 1


def test_what_the_server_cannot_give_in_parts_is_told(server: Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    server.push(START, {"pod": "a"}, "x" * 100)
    server.largest = 50
    with pytest.raises(loki.Unavailable, match="a line that is too large"):
        read(server, 50, monkeypatch)
    server.longest = 10**9
    with pytest.raises(loki.Unavailable, match="less than 60 s at once"):
        read(server, 50, monkeypatch)


def test_an_answer_that_is_too_large_is_asked_for_in_parts(server: Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(40):
        server.push(START + n, {"pod": "a"}, f"{n:02}" + "x" * 100)
    monkeypatch.setattr(loki, "LARGEST", 2000)
    lines, lost = read(server, 32, monkeypatch)
    assert ([int(line[:2]) for line in lines], lost) == (list(range(40)), [])


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


def test_a_busy_server_is_left_alone_for_as_long_as_it_says(
    server: Loki, quick: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.push(START, {"pod": "a"}, "x")
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    server.refuse = [
        (429, b"too many", {"Retry-After": "7"}),
        (503, b"", {"Retry-After": date}),
        (500, b"", {"Retry-After": "soon"}),
    ]
    assert read(server, 10, monkeypatch) == (["x"], [])
    assert quick == [7.0, 1.0, 2.0]
    server.away = True
    with pytest.raises(StoreError, match="does not answer: 503 no healthy upstream"):
        read(server, 10, monkeypatch)
    assert len(quick) == 3 + 5


def test_a_server_that_is_not_there_is_told(quick: list[float]) -> None:
    with pytest.raises(StoreError, match=r"C145.*does not answer.*refused"):
        loki.Loki("loki+http://127.0.0.1:9").series('a="b"', START, START + 1)
    assert quick


@pytest.mark.parametrize(("status", "body", "said"), [
    (401, b"no org id", "LOKI_ORG_ID"), (403, b"", "LOKI_BEARER_TOKEN"), (302, b"", "302"),
    (404, b"not found", "404 not found"),
    (400, b"parse error at line 1", "parse error"),
])  # fmt: skip
def test_a_refusal_is_told(server: Loki, status: int, body: bytes, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.refuse = [(status, body, {"Location": "http://127.0.0.1:9/elsewhere"})]
    with pytest.raises(StoreError) as caught:
        read(server, 10, monkeypatch)
    assert said in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"data": {"resultType": "streams", "result": [{"stream": 1}]}}'])
def test_an_answer_of_another_form_is_told(server: Loki, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    server.body = body
    with pytest.raises(StoreError, match="another form"):
        read(server, 10, monkeypatch)
    server.body = b'{"data": {"resultType": "matrix", "result": []}}'
    with pytest.raises(UsageError, match="the query gives no lines"):
        read(server, 10, monkeypatch)
    server.body = b'{"data": [1]}'
    with pytest.raises(StoreError, match="another form"):
        loki.Loki(server.url).series('a="b"', START, START + 1)


def test_warnings_are_told(server: Loki, monkeypatch: pytest.MonkeyPatch) -> None:
    server.warnings = ["partial result"]
    assert read(server, 10, monkeypatch) == ([], ["Loki warns: partial result"])


def test_a_token_may_lie_in_a_file(server: Loki, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    monkeypatch.setenv("LOKI_BEARER_TOKEN_FILE", str(tmp_path / "token"))
    read(server, 10, monkeypatch)
    monkeypatch.delenv("LOKI_BEARER_TOKEN_FILE")
    monkeypatch.setenv("LOKI_BEARER_TOKEN", "other")
    read(server, 10, monkeypatch)
    assert [told["Authorization"] for told in server.headers] == ["Bearer secret", "Bearer other"]


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
