from __future__ import annotations

import json

import pytest

from dlaasgen.joining import Job, Known
from dlaasgen.launch_records import HEAD, Claim, claimed, job_of, placed
from dlaasgen.origins import Origin
from logs import PREFIXES, result

JOB = Job("nightly-a-1", "7", "nightly", "a")
OTHER = Job("weekly-a-1", "7", "weekly", "a")
KNOWN = Known({j.job: j for j in (JOB, OTHER)}, {}, {"a": [JOB.job, OTHER.job]})


def record(**values: object) -> bytes:
    told = {"event": "start", "format": 1, "launch": "0" * 16, "task": {"role": "worker", "index": 2}, **values}
    return b"dlaasgen-launcher: " + json.dumps(told).encode()


@pytest.mark.parametrize("prefix", sorted(set(PREFIXES) - {"launcher3", "docker"}))
def test_a_record_is_read_behind_any_prefix(prefix: str) -> None:
    data = b"a warning\n" + PREFIXES[prefix](record(job="nightly-a-1", matrix=None, cell="a")) + b"\nModel: x\n"
    assert claimed(data) == Claim("nightly-a-1", "", "a", "", "worker", 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Model: resnet50\n",
        b"dlaasgen-launcher: {\n",
        b"dlaasgen-launcher: []\n",
        record(event="end", cell="a"),
        record(),
        record(job="x" * 301),
        record(event="end") + b"\n" + record(job="nightly-a-1"),
        b"x\n" * HEAD + record(job="nightly-a-1"),
    ],
)
def test_what_is_no_claim(data: bytes) -> None:
    assert claimed(data) is None


@pytest.mark.parametrize("task", [None, {"role": None, "index": -1}, {"role": 7, "index": True}])
def test_a_task_that_is_none(task: object) -> None:
    assert claimed(record(job="j", task=task)) == Claim("j")


@pytest.mark.parametrize(
    ("claim", "job"),
    [
        (None, None),
        (Claim("nightly-a-1"), JOB),
        (Claim("nightly-a-1", "nightly", "a", "7"), JOB),
        (Claim("nightly-a-1", "nightly", "b"), None),
        (Claim("nightly-a-1", run="8"), None),
        (Claim("unheard-of", "nightly", "a"), None),
        (Claim("../../etc", cell="/"), None),
        (Claim(cell="a"), None),
        (Claim(cell="a", matrix="weekly"), OTHER),
        (Claim(cell="a", matrix="weekly", run="8"), None),
        (Claim(cell="b"), None),
        (Claim("nightly-a-2", "nightly", "a", "by-hand"), Job("nightly-a-2", "by-hand", "nightly", "a")),
        (Claim("nightly-a-2", "", "a", "by-hand"), None),
        (Claim("nightly-a-2", "nightly", "b", "by-hand"), None),
        (Claim("Nightly <a>", "nightly", "a", "by-hand"), None),
    ],
)
def test_a_claim_names_a_job_of_the_trees_or_nothing(claim: Claim | None, job: Job | None) -> None:
    assert job_of(claim, KNOWN) == job


def test_a_record_says_the_task() -> None:
    origin = Origin("file:x", "x", "worker", 5)
    assert placed(origin, Claim("j", role="ps", number=1), JOB) == Origin("file:x", JOB.job, "ps", 1)
    assert placed(origin, Claim("j", number=1), JOB) == Origin("file:x", JOB.job, "worker", 5)


def test_a_record_against_the_cell_is_a_mismatch() -> None:
    log = record(job="nightly-a-1", matrix="nightly", cell="b", run="7") + b"\nModel:       resnet50\n"
    found = result(log, matrix="nightly", cell="a", run="7")
    assert [(m.what, m.expected, m.found) for m in found.mismatches] == [
        ("cell", "a", "b"),
        ("job", "job", "nightly-a-1"),
    ]
