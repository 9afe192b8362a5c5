"""Results: from readings to status, reason, metrics and mismatches."""

from __future__ import annotations

import pytest

from dlaasgen.logs.events import LauncherRecord, LogReading
from dlaasgen.results import PodLog
from dlaasgen.results_mismatches import printed_model, workers_of
from logs import one, result

HEADER = (
    b"TensorFlow:  2.21\nModel:       alexnet\nMode:        training\nSingleSess:  False\nBatch size:  %d global\n"
    b"             8 per device\nNum batches: 20\nDevices:     ['/job:worker/replica:0/task:%d/cpu:0']\n"
    b"Data format: NHWC\nOptimizer:   sgd\nVariables:   parameter_server\nSync:        %b\n==========\n"
)
STEP = b"%d\timages/sec: %.1f +/- 0.1 (jitter = 0.1)\t7.000\n"
TOTAL = b"-" * 64 + b"\ntotal images/sec: %.2f\n" + b"-" * 64 + b"\n"


def log(index: int, *rest: bytes, sync: bytes = b"True", workers: int = 2) -> PodLog:
    return PodLog(one(HEADER % (8 * workers, index, sync) + b"".join(rest)), "worker", index, f"sha256:{index}")


def test_asynchronous_workers_differ_a_little() -> None:
    found = result(log(1, TOTAL % 15.0, sync=b"False"), log(0, TOTAL % 14.0, sync=b"False"))
    assert found.metrics["images_per_second"].value == 14.0
    assert found.metrics["images_per_second_spread"].value == 1.0
    assert "totals-differ" in found.flags
    assert found.logs == ("sha256:1", "sha256:0")
    close = result(log(1, TOTAL % 14.01, sync=b"False"), log(0, TOTAL % 14.0, sync=b"False"))
    assert "totals-differ" not in close.flags


def test_a_chief_goes_first() -> None:
    chief = PodLog(one(HEADER % (16, 0, b"True") + TOTAL % 9.0), "master", 0)
    assert result(log(0, TOTAL % 8.0), chief).metrics["images_per_second"].value == 9.0


def test_workers_without_a_cluster_are_added() -> None:
    single = b"Batch size:  8 global\n             8 per device\nDevices:     ['/cpu:0']\nVariables:   independent\n"
    found = result(*(PodLog(one(single + TOTAL % rate), "worker", n) for n, rate in enumerate((5.0, 6.0))), workers=2)
    assert found.metrics["images_per_second"].value == 11.0
    assert "independent-workers" in found.flags
    assert [(one.what, one.found) for one in found.mismatches] == [("workers", "1")]


def test_a_worker_without_a_total() -> None:
    step = STEP % (10, 7.0)
    in_step = result(log(0, step, TOTAL % 14.0), log(1, step))
    assert (in_step.status, in_step.reason) == ("succeeded", "")
    assert "worker-without-total" in in_step.flags
    apart = result(log(0, step, TOTAL % 14.0, sync=b"False"), log(1, step, sync=b"False"))
    assert (apart.status, apart.reason) == ("incomplete", "no total of worker 1")
    assert apart.metrics["images_per_second"].value == 14.0


def test_a_job_that_was_killed_says_where_its_workers_were() -> None:
    found = result(log(0, STEP % (10, 7.0)), log(1, STEP % (10, 8.0)))
    assert (found.status, found.reason) == (
        "incomplete", "worker 0: the log ends after step 10 of 20, without a total",
    )  # fmt: skip
    assert found.metrics["images_per_second"].value == 15.0
    half = result(log(0, STEP % (10, 7.0)), log(1))
    assert "images_per_second" not in half.metrics
    assert result(log(0)).reason == "the log ends in stage started, without a step"
    assert "logs-missing" in result(log(0)).flags
    assert result(STEP % (10, 7.0)).status == "incomplete"


def test_one_session_for_all_workers() -> None:
    header = (
        b"SingleSess:  True\nBatch size:  16 global\n             8 per device\n"
        b"Devices:     ['job:worker/replica:0/task0/cpu:0', 'job:worker/replica:0/task1/cpu:0']\n"
    )
    found = result(header + b"Step\tImg/sec\ttotal_loss\n" + STEP % (10, 14.0), workers=2)
    assert found.metrics["images_per_second"].value == 14.0
    assert found.mismatches == ()


def test_horovod_lists_a_device_for_each_rank() -> None:
    log = (
        b"Batch size:  32 global\n8 per device\nDevices:     ['horovod/cpu:0', 'horovod/cpu:1']\nVariables:   horovod\n"
    )
    assert workers_of(one(log)) == 4
    devices = b"Batch size:  32 global\n8 per device\nDevices:     ['/gpu:0', '/gpu:1']\n"
    assert workers_of(one(devices)) == 2
    assert workers_of(one(b"Batch size:  32 global\n8 per device\nDevices:     nonsense(\n")) == 4
    assert workers_of(one(b"Batch size:  32 global\n8 per device\nDevices:     7\n")) == 4
    assert workers_of(one(b"Batch size:  32 global\n")) is None
    assert workers_of(one(b"Batch size:  4 global\n8 per device\n")) is None


def test_the_cause_of_a_failure_is_not_its_echo() -> None:
    echo, real = b"tensorflow.errors.UnavailableError: Socket closed\n", b"ValueError: bad\n"
    found = result(log(0, echo), log(1, real))
    assert (found.status, found.reason) == ("failed", "worker 1: ValueError: bad")
    assert result(log(0, echo)).reason.endswith("Socket closed")
    server = PodLog(one(b"MemoryError\n"), "ps", 0)
    assert result(log(0), server).reason == "ps 0: MemoryError"
    finished = result(log(0, TOTAL % 5.0, b"ValueError: at the end\n"))
    assert (finished.status, finished.reason) == ("succeeded", "")


def test_the_reason_is_in_the_parameter_servers_log_when_the_workers_say_nothing() -> None:
    server = PodLog(one(b"ValueError: Invalid model name 'resnet5000'\n"), "ps", 0, exit_code=1)
    reason = "ValueError: Invalid model name 'resnet5000'"
    assert (result(server).status, result(server).reason) == ("failed", reason)
    # The operator then ends the workers, which wait for it.
    for silent in (PodLog(LogReading(), "worker", 0), PodLog(LogReading(), "worker", 0, exit_code=143)):
        found = result(silent, server)
        assert (found.status, found.reason) == ("failed", f"ps 0: {reason}")
        assert found.tail == (reason,)
    crashed = PodLog(LogReading(), "worker", 0, exit_code=137)
    ended = PodLog(LogReading(), "ps", 0, exit_code=143)
    assert result(crashed, ended).reason == "worker 0: exit code 137 (SIGKILL; out of memory?)"


@pytest.mark.parametrize(
    ("code", "reason"),
    [(137, "exit code 137 (SIGKILL; out of memory?)"), (143, "exit code 143 (SIGTERM)"), (2, "exit code 2")],
)
def test_exit_codes(code: int, reason: str) -> None:
    assert result(PodLog(LogReading(), "worker", 0, exit_code=code)).reason == reason


def test_an_exit_code_after_the_total_is_told() -> None:
    whole = log(0, TOTAL % 5.0, workers=1)
    found = result(PodLog(whole.reading, "worker", 0, exit_code=143))
    assert (found.status, found.flags) == ("succeeded", ("exit-code",))
    assert result(PodLog(whole.reading, "worker", 0, exit_code=0)).flags == ()


def test_a_container_that_was_started_again() -> None:
    first = PodLog(log(0, b"MemoryError\n", workers=1).reading, "worker", 0, "a")
    second = PodLog(log(0, TOTAL % 5.0, workers=1).reading, "worker", 0, "b", attempt=1)
    found = result(second, first)
    assert (found.status, found.logs, "restarted" in found.flags) == ("succeeded", ("b", "a"), True)
    empty = PodLog(LogReading(), "worker", 0, "c", attempt=2)
    assert result(empty, first, second).status == "succeeded"


def test_nothing_in_a_log() -> None:
    assert result(PodLog(LogReading(), "worker", 0)).reason == "the log is empty"
    assert (
        result(b"total images/sec: x\n").reason == "no line of the benchmark's in 1 line, of which 1 could not be read"
    )


def test_roles_from_what_the_log_says() -> None:
    server = one(b"Running parameter server 3\n")
    assert result(PodLog(server)).reason == "there is no log of a worker"
    record = LauncherRecord("start", {"task": {"role": "evaluator", "index": "x"}})
    assert result(PodLog(LogReading(launcher=(record,)))).workers[0].role == "evaluator"
    assert result(PodLog(LogReading(launcher=(record,)))).workers[0].index is None
    empty = LauncherRecord("command", {"flags": {}})
    assert result(PodLog(LogReading(launcher=(empty,)))).workers[0].role == "worker"
    ranks = [one(b"[1,%d]<stdout>:total images/sec: 5.00\n" % n) for n in (1, 0)]
    assert [worker.index for worker in result(*map(PodLog, ranks)).workers] == [0, 1]


def test_another_programs_metrics() -> None:
    from dlaasgen.logs.patterns import Pattern
    from dlaasgen.logs.reading import read_log

    (reading,) = read_log(b"rate 5\n", [Pattern("rate", "rate ([0-9x]+)", "1/s", "higher")])
    found = result(PodLog(reading))
    assert (found.status, found.metrics["rate"].value, found.metrics["rate"].unit) == ("succeeded", 5.0, "1/s")
    (reading,) = read_log(b"rate x\n", [Pattern("rate", "rate ([0-9x]+)")])
    assert result(PodLog(reading)).metrics["rate"].value is None


def test_durations() -> None:
    def at(second: int, line: bytes) -> bytes:
        return b"2026-11-24T07:44:%02d.5Z %b\n" % (second, line)

    log = (
        at(0, b"TensorFlow:  2.21") + at(1, b"Running warm up") + at(5, b"Done warm up") + at(9, b"Done with training")
    )
    values = {name: metric.value for name, metric in result(log).metrics.items()}
    assert values == {"warm_up_seconds": 4.0, "run_seconds": 4.0, "log_seconds": 9.0}
    buffered = b"".join(
        at(9, line) for line in (b"TensorFlow:  2.21", b"Initializing graph", b"Running warm up", b"Done warm up")
    )
    found = result(buffered)
    assert ("buffered" in found.flags, set(found.metrics)) == (True, {"log_seconds"})


@pytest.mark.parametrize(
    ("flag", "printed"),
    [
        ("lenet", "lenet5"), ("resnet50", "resnet50"), ("official_resnet50", "official_resnet_50_v1"),
        ("official_resnet50_v2", "official_resnet_50_v2"), ("ncf", "official_ncf"), ("nasnetlarge", "nasnet"),
    ],
)  # fmt: skip
def test_models_are_printed_under_other_names(flag: str, printed: str) -> None:
    assert printed_model(flag) == printed
    assert result(b"Model:       %b\n" % printed.encode(), parameters={"model": flag}).mismatches == ()


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"batch_size": 8, "replicas": 2, "model": "alexnet", "num_batches": 20.0, "data_format": "NHWC"}, []),
        ({"batch_size": "8", "cross_replica_sync": True, "optimizer": "sgd"}, []),
        ({"batch_size": 16}, [("batch_size", "16", "8")]),
        ({"num_batches": 100}, [("num_batches", "100", "20")]),
        ({"cross_replica_sync": False}, [("cross_replica_sync", "False", "True")]),
        ({"optimizer": "adam", "variable_update": "parameter_server"}, [("optimizer", "adam", "sgd")]),
        ({"batch_size": 0, "optimizer": None, "model": 5, "data_format": ""}, []),
        ({"flags": {"num_batches": 10}, "num_batches": 20}, [("num_batches", "10", "20")]),
        ({"flags": None, "workers": 3}, [("workers", "3", "2")]),
        ({"data_format": [1]}, []),
    ],
)
def test_mismatches(parameters: dict[str, object], expected: list[tuple[str, str, str]]) -> None:
    found = result(log(0, TOTAL % 5.0), parameters=parameters)
    assert [(one.what, one.expected, one.found) for one in found.mismatches] == expected


def test_logs_of_unknown_workers_stay_apart() -> None:
    assert [worker.total for worker in result(TOTAL % 5.0, TOTAL % 6.0).workers] == [5.0, 6.0]
    assert result(b"MemoryError\n", b"x\n").reason == "worker: MemoryError"
