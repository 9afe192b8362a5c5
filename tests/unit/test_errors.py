from __future__ import annotations

import re

from dlaasgen import errors
from dlaasgen.findings import Finding


def every_error() -> list[type[errors.DlaasgenError]]:
    found = [errors.DlaasgenError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return found


def test_each_kind_of_error_has_an_exit_code_of_its_own() -> None:
    codes = {kind.__name__: kind.exit_code for kind in every_error()}
    assert len(set(codes.values())) == len(codes), codes


def test_no_error_ends_like_success_or_like_a_signal() -> None:
    assert all(0 < kind.exit_code < 126 for kind in every_error())


def test_the_exit_codes_are_documented_where_they_are_defined() -> None:
    told = {int(code) for code in re.findall(r"\b(\d+) ", (errors.__doc__ or "").split("Exit codes:")[1])}
    assert {kind.exit_code for kind in every_error()} <= told


def test_an_error_keeps_all_its_findings_and_says_each_on_a_line() -> None:
    findings = [Finding("M101", "no axes"), Finding("M102", "no name", file="m.yaml", line=3)]
    error = errors.MatrixError(iter(findings))
    assert error.findings == tuple(findings)
    assert str(error) == "error[M101]: no axes\nm.yaml:3: error[M102]: no name"
