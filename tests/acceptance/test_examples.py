"""Every file of tests/examples: accepted, or rejected with exactly the lines of the .txt file beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlaasgen import cells_codes
from dlaasgen.adapters import matrix_files
from dlaasgen.errors import MatrixError
from dlaasgen.matrix_codes import CODES

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
ACCEPT = sorted((EXAMPLES / "accept").glob("*.yaml"))
REJECT = sorted((EXAMPLES / "reject").glob("*.yaml"))


def stem(file: Path) -> str:
    return file.stem


def refusal(file: Path) -> MatrixError:
    with pytest.raises(MatrixError) as caught:
        matrix_files.read_bytes(file.read_bytes(), file.name)
    return caught.value


@pytest.mark.parametrize("file", ACCEPT, ids=stem)
def test_accepted(file: Path) -> None:
    matrix = matrix_files.read(str(file))
    assert matrix.name
    assert matrix.axes or matrix.include


@pytest.mark.parametrize("file", REJECT, ids=stem)
def test_rejected_with_these_lines(file: Path, request: pytest.FixtureRequest) -> None:
    told = f"{refusal(file)}\n"
    expected = file.with_suffix(".txt")
    if request.config.getoption("--update-golden"):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", REJECT, ids=stem)
def test_findings_are_one_line_each_in_the_order_of_the_file(file: Path) -> None:
    findings = refusal(file).findings
    assert [len(str(f).splitlines()) for f in findings] == [1] * len(findings)
    assert all(
        str(f).isprintable() and f.code in {**CODES, **cells_codes.CODES} and f.file == file.name for f in findings
    )
    places = [(f.line or 0, f.column or 0) for f in findings]
    assert places == sorted(places)
    assert len(set(map(str, findings))) == len(findings)


def test_every_text_belongs_to_a_file() -> None:
    assert {f.stem for f in (EXAMPLES / "reject").glob("*.txt")} == {f.stem for f in REJECT}


def test_every_code_has_an_example_or_a_test_of_its_own() -> None:
    shown = {finding.code for file in REJECT for finding in refusal(file).findings}
    # M116 is about two files, M160 and M161 about the lock beside one (tests/unit/test_images_lock.py).
    assert set(CODES) - shown == {"M116", "M160", "M161"}


@pytest.mark.parametrize("file", [*ACCEPT, *REJECT], ids=stem)
def test_the_pure_python_parser_agrees(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def outcome() -> object:
        try:
            return matrix_files.read_bytes(file.read_bytes(), file.name)
        except MatrixError as error:
            return [finding.code for finding in error.findings]

    first = outcome()
    monkeypatch.delattr("yaml.CSafeLoader", raising=False)
    assert outcome() == first
