"""From the readings of a job's logs to its result: status, reason, metrics, mismatches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlaasgen.logs.reading import PARSER_VERSION
from dlaasgen.results import NO_DATA, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.results import JobFacts, PodLog


def result_of(job: JobFacts, logs: Sequence[PodLog]) -> Result:
    """The result of a job."""
    return Result(
        job=job.job,
        matrix=job.matrix,
        cell=job.cell,
        run=job.run,
        status=NO_DATA,
        parameters=job.parameters,
        manifest_digest=job.manifest_digest,
        logs=tuple(log.digest for log in logs),
        parser=PARSER_VERSION,
    )
