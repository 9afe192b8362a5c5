"""The errors by which dlaasgen ends, and the exit code of each. No I/O here.

Exit codes: 0 done; 1 the rendered tree has drifted (`render --check`); 2 wrong command line; 3 a matrix file is wrong;
4 a prototype or its parameters are wrong; 5 a check found errors; 6 the tree cannot be written (locked, foreign, I/O);
7 logs cannot be read, or the store cannot be read or written; 8 kubectl is missing, or the cluster refused or does not
answer; 9 an image cannot be found, locked, built or run; 10 not all jobs have succeeded; 11 time is up before all jobs
have ended; 70 a defect in dlaasgen; 130 interrupted.
`tests/unit/test_errors.py` proves that no code is used twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlaasgen.findings import Finding


class DlaasgenError(Exception):
    """The base: carries findings (all of them, not only the first) and an exit code."""

    exit_code = 70

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(f) for f in self.findings))


class DriftError(DlaasgenError):
    """The rendered tree is not what the matrix says."""

    exit_code = 1


class UsageError(DlaasgenError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2


class MatrixError(DlaasgenError):
    """A matrix file cannot be read or means nothing."""

    exit_code = 3


class PrototypeError(DlaasgenError):
    """A prototype is wrong, cannot be found, or was given wrong parameters."""

    exit_code = 4


class CheckError(DlaasgenError):
    """A manifest does not pass the checks."""

    exit_code = 5


class TreeError(DlaasgenError):
    """The rendered tree cannot be read or written."""

    exit_code = 6


class StoreError(DlaasgenError):
    """Logs cannot be read, or the store of results cannot be read or written."""

    exit_code = 7


class ClusterError(DlaasgenError):
    """kubectl is missing, or the cluster refused or does not answer."""

    exit_code = 8


class ImageError(DlaasgenError):
    """An image cannot be found, locked, built or run."""

    exit_code = 9


class JobError(DlaasgenError):
    """All jobs have ended, and not all of them well."""

    exit_code = 10


class WaitError(DlaasgenError):
    """Time is up before all jobs have ended."""

    exit_code = 11
