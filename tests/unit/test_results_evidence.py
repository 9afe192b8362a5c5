"""Results of jobs whose logs do not tell all: what Kubernetes says comes in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dlaasgen.evidence import Evidence, Exit
from dlaasgen.logs.events import LogReading
from dlaasgen.results import JobFacts, PodLog
from dlaasgen.results_evidence import explained
from dlaasgen.results_json import from_json, to_json
from dlaasgen.results_status import result_of
from logs import one

STEP = b"10\timages/sec: 7.0 +/- 0.1 (jitter = 0.1)\t7.000\n"
TOTAL = b"-" * 64 + b"\ntotal images/sec: 5.00\n" + b"-" * 64 + b"\n"


def pod(number: int = 0, state: str = "pending", reason: str = "", message: str = "", **more: Any) -> Evidence:
    name = f"j-worker-{number}"
    told = {"role": "worker", "number": number, "created": "2026-11-24T07:00:00Z", **more}
    return Evidence(f"pod:n/{name}/u{number}", "Pod", name, state, reason, message, **told)


def job(state: str, reason: str = "", message: str = "", created: str = "1") -> Evidence:
    return Evidence("job:n/TFJob/j/u", "TFJob", "j", state, reason, message, created=created)


def log(number: int, data: bytes, *, key: str | None = None, role: str = "worker") -> PodLog:
    return PodLog(
        one(data) if data else LogReading(),
        role,
        number,
        pod=f"pod:n/j-worker-{number}/u{number}" if key is None else key,
    )


def judged(logs: list[PodLog], *evidence: Evidence) -> tuple[str, str]:
    found = result_of(JobFacts("j"), logs, evidence)
    assert from_json(to_json(found)) == found
    return found.status, found.reason


NO_CPU = ("Unschedulable", "1 Insufficient cpu.")
LATE = job("failed", "TFJobFailed", "it was active longer than specified deadline")


@pytest.mark.parametrize(
    ("evidence", "status", "reason"),
    [
        ([], "no-data", "there is no log"),
        ([pod(0, "running")], "no-data", "there is no log"),
        ([pod(0, "pending")], "no-data", "worker 0: pending"),
        ([pod(0, "pending", *NO_CPU)], "no-data", "worker 0: Unschedulable: 1 Insufficient cpu."),
        ([pod(n, "pending", *NO_CPU) for n in range(5)], "no-data",
         "worker 0, worker 1, worker 2 and 2 more: Unschedulable: 1 Insufficient cpu."),
        ([pod(0, "pending", "ContainerCreating"), pod(1, "pending", *NO_CPU)], "no-data",
         "worker 1: Unschedulable: 1 Insufficient cpu.; worker 0: ContainerCreating"),
        ([pod(0, "pending", "ContainerCreating", gone=True)], "no-data",
         "worker 0: ContainerCreating (the pod was deleted)"),
        ([pod(0, "failed", "Evicted", "low on memory", outside=True)], "failed", "worker 0: Evicted: low on memory"),
        ([pod(0, "pending", *NO_CPU), LATE], "failed",
         "worker 0: Unschedulable: 1 Insufficient cpu.; "
         "the TFJob failed: TFJobFailed: it was active longer than specified deadline"),
        ([LATE], "failed", "the TFJob failed: TFJobFailed: it was active longer than specified deadline"),
        ([job("failed", "Old", created="0"), job("running")], "no-data",
         "the TFJob has no pods: its operator has not said anything yet"),
        ([job("succeeded")], "no-data", "the TFJob succeeded, and there is no log of it"),
        ([job("succeeded"), pod(0, "succeeded")], "no-data", "the TFJob succeeded, and there is no log of it"),
        ([job("running"), pod(0, "running")], "no-data", "there is no log"),
        ([job("pending", "Suspended", "by Kueue")], "no-data", "the TFJob has no pods: Suspended: by Kueue"),
        # A pod was made again: only the last one counts.
        ([pod(0, "failed", "Evicted"), pod(0, "pending", *NO_CPU, created="2026-11-24T08:00:00Z")], "no-data",
         "worker 0: Unschedulable: 1 Insufficient cpu."),
        ([Evidence("pod:n/x/u", "Pod", "x", "pending", "ErrImagePull", "refused")], "no-data",
         "x: ErrImagePull: refused"),
    ],
)  # fmt: skip
def test_jobs_without_any_log(evidence: list[Evidence], status: str, reason: str) -> None:
    assert judged([], *evidence) == (status, reason)


def test_logs_that_end_early_are_explained_by_the_job() -> None:
    logs = [log(0, STEP)]
    ends = "the log ends after step 10, without a total"
    assert judged(logs, pod(0, "running")) == ("incomplete", ends)
    assert judged(logs, pod(0, "running"), LATE) == ("failed", f"the TFJob failed: {LATE.words}; {ends}")
    status, reason = judged(logs, pod(0, "running"), pod(1, "pending", *NO_CPU))
    assert (status, reason) == ("incomplete", f"worker 1: Unschedulable: 1 Insufficient cpu.; {ends}")
    assert judged([log(0, b"", role="ps")], pod(1, "pending", *NO_CPU))[1].startswith("worker 1: Unschedulable")


def test_what_a_failed_log_says_comes_first() -> None:
    logs = [log(0, b"ValueError: bad\n")]
    failed = job("failed", "TFJobFailed", "1 Worker replica(s) failed")
    assert judged(logs, pod(0, "failed", "Error", "exit code 1"), failed) == ("failed", "ValueError: bad")
    waits = pod(1, "pending", *NO_CPU)
    assert judged(logs, waits, LATE)[1] == f"ValueError: bad; worker 1: {waits.words}; the TFJob failed: {LATE.words}"


def test_a_job_that_has_its_total_needs_no_explanation() -> None:
    assert judged([log(0, TOTAL)], LATE, pod(1, "failed", "Evicted")) == ("succeeded", "")


def test_a_log_from_elsewhere_is_the_tasks() -> None:
    assert judged([log(0, STEP, key="")], pod(0, "pending", *NO_CPU))[0] == "incomplete"
    assert "Unschedulable" not in judged([log(0, STEP, key="")], pod(0, "pending", *NO_CPU))[1]


def test_how_the_container_of_a_log_ended() -> None:
    plain = log(0, STEP, key="")
    assert explained(plain, None, "c") is plain
    ended = pod(0, "failed", "Error", "exit code 137", exits=(Exit("c", 0, 137, "OOMKilled"),))
    killed = explained(plain, ended, "c")
    assert (killed.pod, killed.exit_code, killed.said) == (ended.key, 137, "OOMKilled")
    assert judged([killed], ended) == ("failed", "OOMKilled (exit code 137)")
    assert explained(plain, ended, "other").exit_code is None
    assert explained(replace(plain, attempt=1), ended, "c").exit_code is None
    crashed = explained(plain, pod(0, "failed", exits=(Exit("c", 0, 2, "Error"),)), "c")
    assert (crashed.exit_code, crashed.said) == (2, "")
    assert judged([crashed])[1] == "exit code 2"
    late = pod(0, "failed", "DeadlineExceeded", "Pod was active too long", outside=True)
    assert judged([explained(plain, late, "c")], late) == ("failed", "DeadlineExceeded: Pod was active too long")


def test_a_result_shows_what_did_not_go_as_it_should() -> None:
    evidence = [pod(0, "pending", *NO_CPU), pod(1, "running"), job("succeeded")]
    assert result_of(JobFacts("j"), [], evidence).kubernetes == (evidence[0],)
