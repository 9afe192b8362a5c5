"""Many jobs at once, on nodes of kwok: E2E_JOBS says how many (100; bench/cluster.py measures 1,000)."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from e2e import kwok
from e2e.cluster.settings import CONTEXT

if TYPE_CHECKING:
    from e2e.kube import Kube
    from e2e.study import Study
    from support import Result

pytestmark = pytest.mark.outside
JOBS = int(os.environ.get("E2E_JOBS", "100"))


def test_many_jobs_are_applied_watched_and_finished(study: Study, kube: Kube) -> None:
    jobs = study.render(
        params={"model": "trivial", "replicas": 1, "cpu": kwok.CPU, "ps_cpu": kwok.CPU},
        axes={"batch_size": [*range(1, JOBS + 1)]},
        id="b{{ batch_size }}",
    )
    assert len(jobs) == JOBS

    def tell(name: str, *args: str) -> Result:
        return kube.run("dlaasgen", name, study.tree(), "--context", CONTEXT, *args)

    with kwok.nodes(kube):
        assert tell("apply").ok().out == f"{JOBS} created\n"
        states = [row["state"] for row in tell("status", "--output", "json").ok().data]
        assert len(states) == JOBS
        assert not {"absent", "failed", "stuck"} & set(states)
        told = tell("wait", "--timeout", str(60 + JOBS)).ok().out
        assert told.splitlines()[-1] == f"{JOBS} succeeded"
        rows = tell("status", "--output", "json").ok().data
        assert {row["cell"]: (row["job"], row["state"]) for row in rows} == {
            cell: (job, "succeeded") for cell, job in jobs.items()
        }
        assert tell("apply").ok().out == f"{JOBS} unchanged\n"
        assert json.loads(tell("delete", "--output", "json").ok().out)[0]["outcome"] == "deleted"
        kube.wait("no job is left", lambda: not kube.list("TFJob"))
