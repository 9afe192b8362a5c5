"""The real samples, one by one: what a person reads in them is what the result says."""

from __future__ import annotations

import json

import pytest

from dlaasgen.results import PodLog
from dlaasgen.results_json import from_json, to_json
from logs import SAMPLES, one, result, sample

SINGLE = {
    # name: status, total, steps, last rate, loss, batch
    "single_alexnet": ("succeeded", 28.20, 20, 28.2, None, "16"),
    "single_resnet50": ("succeeded", 5.00, 20, 5.0, 8.169, "2"),
    "single_trivial_acc": ("succeeded", 2349.22, 3, 2425.1, None, "32"),
    "mkl_nchw_alexnet": ("succeeded", 20.17, 10, 20.3, None, "4"),
    "launcher_single_resnet50": ("succeeded", 4.65, 3, 4.7, 7.966, "2"),
    "interrupted_sigterm": ("incomplete", 3.6, 10, 3.6, 8.083, "2"),
}


@pytest.mark.parametrize("name", SINGLE)
def test_one_process(name: str) -> None:
    status, total, steps, rate, loss, batch = SINGLE[name]
    reading = one(sample(name))
    assert reading.header["per device"] == batch
    assert reading.lines.unread == 0
    found = result(sample(name))
    assert (found.status, found.metrics["images_per_second"].value) == (status, total)
    assert (found.workers[0].steps, found.workers[0].rate, found.metrics["loss"].value) == (steps, rate, loss)
    assert ("nan-loss" in found.flags) == (loss is None)
    assert found.metrics["images_per_second"].unit == "images/s"
    assert found.metrics["images_per_second"].direction == "higher"
    assert found.environment["tensorflow"] == "2.21"


@pytest.mark.parametrize(
    ("stem", "totals", "batch"), [("dist_alexnet", (15.64, 15.65), 8), ("launcher_dist_trivial", (606.67, 606.58), 32)]
)
def test_a_job_of_two_workers_counts_its_total_once(stem: str, totals: tuple[float, float], batch: int) -> None:
    tasks = (("worker", 1), ("ps", 0), ("worker", 0))
    pods = [PodLog(one(sample(f"{stem}_{role}{index}")), role, index) for role, index in tasks]
    found = result(*pods, parameters={"batch_size": batch, "replicas": 2, "data_format": "NHWC"})
    assert found.status == "succeeded"
    assert found.metrics["images_per_second"].value == totals[0]
    assert found.metrics["images_per_second_spread"].value == pytest.approx(abs(totals[0] - totals[1]))
    assert [(w.role, w.index, w.total) for w in found.workers] == [("worker", 0, totals[0]), ("worker", 1, totals[1])]
    assert found.mismatches == ()
    assert found.stage == "done"


def test_a_failure_tells_its_reason_and_its_last_lines() -> None:
    found = result(sample("fail_bad_model"))
    assert found.status == "failed"
    assert found.reason == "ValueError: Invalid model name 'resnet5000' for dataset 'imagenet'"
    assert found.tail[-1] == found.reason
    assert "images_per_second" not in found.metrics


def test_a_log_that_was_ended_says_where() -> None:
    found = result(sample("interrupted_sigterm"))
    assert found.reason == "the log ends after step 10 of 100, without a total"
    assert found.stage == "steps"
    assert "rate-from-steps" in found.flags
    assert [point[:2] for point in found.workers[0].series][:2] == [(1, 2.7), (2, 3.1)]


def test_a_buffered_log_that_was_lost_has_no_data() -> None:
    found = result(sample("dist_alexnet_ps0"))
    assert found.status == "no-data"
    assert "PYTHONUNBUFFERED=1" in found.reason
    found = result(PodLog(one(sample("dist_alexnet_ps0")), "ps", 0))
    assert (found.status, found.reason) == ("no-data", "there is no log of a worker")
    assert (result().status, result().reason) == ("no-data", "there is no log")


def test_the_old_launcher_tells_whose_log_it_is() -> None:
    logs = [sample(f"launcher_dist_trivial_{task}") for task in ("ps0", "worker1", "worker0")]
    found = result(*logs)
    assert [(worker.role, worker.index) for worker in found.workers] == [("worker", 0), ("worker", 1)]
    assert "buffered" in found.flags
    assert found.metrics["run_seconds"].value == pytest.approx(50 * 64 / 606.67, abs=1e-6)


def test_a_log_in_the_wrong_cell_is_flagged() -> None:
    logs = [sample(f"launcher_dist_trivial_{task}") for task in ("worker0", "worker1")]
    found = result(*logs, parameters={"model": "resnet50", "batch_size": 16, "replicas": 3, "data_format": "NCHW"})
    assert [(one.what, one.expected, one.found) for one in found.mismatches] == [
        ("model", "resnet50", "trivial"),
        ("batch_size", "16", "32"),
        ("workers", "3", "2"),
        ("data_format", "NCHW", "NHWC"),
    ]
    assert "logs-missing" not in found.flags
    assert "logs-missing" in result(logs[0], workers=3).flags


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.log")))
def test_every_result_is_json_and_comes_back(name: str) -> None:
    data = to_json(result(sample(name)))
    again = to_json(from_json(json.loads(json.dumps(data, allow_nan=False))))
    assert json.dumps(again) == json.dumps(data)
