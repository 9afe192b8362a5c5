"""`check --output sarif` as its readers see it: the official schema, Microsoft's Multitool, GitHub's own rules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft7Validator

from support import environment

if TYPE_CHECKING:
    from support import Run

TOOL = Path(sys.prefix) / "sarif"
MULTITOOL = TOOL / "Sarif.Multitool"
pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(not MULTITOOL.exists(), reason="what judges SARIF is not here: run `make sarif-tool`"),
]

MATRIX = """
apiVersion: dlaasgen/v1
name: bad
prototype: tfjob
params: {data_format: NCHW}
axes: {model: [resnet50, alexnet], image: ["busybox:latest"]}
"""
MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: Ärger, labels: {a: "b c"}}
spec: {contaners: [], hostPath: 7}
"""


def judged(log: Path) -> set[str]:
    """The rules that the Multitool says are broken."""
    verdict = log.with_suffix(".verdict")
    line = [str(MULTITOOL), "validate", str(log), "--rule-kind", "Sarif;Ghas", "--output", str(verdict)]
    subprocess.run(
        line, env=environment(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1"), check=True, capture_output=True, timeout=120
    )
    (run,) = json.loads(verdict.read_text(encoding="utf-8-sig"))["runs"]
    return {result["ruleId"] for result in run["results"]}


def valid(log: Path) -> Any:
    """A log that neither schema nor Multitool objects to."""
    document = json.loads(log.read_text())
    schema = json.loads((TOOL / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    assert [error.message for error in Draft7Validator(schema).iter_errors(document)] == []
    assert judged(log) <= {"SARIF2005"}  # says that the tool names no home page; it has none
    return document


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "matrix").mkdir()
    (tmp_path / "prototypes").mkdir()
    (tmp_path / "matrix" / "bad study.yaml").write_text(MATRIX)
    (tmp_path / "mine.yaml").write_text(MANIFEST)
    return tmp_path


@pytest.mark.parametrize("name", ["matrix/bad study.yaml", "mine.yaml", "matrix", "."])
def test_every_result_is_valid_and_in_a_file_that_is_there(dlaasgen: Run, here: Path, name: str) -> None:
    said = dlaasgen("check", name, "--output", "sarif", cwd=here)
    log = here / "log.sarif"
    log.write_text(said.out)
    (run,) = valid(log)["runs"]
    assert run["results"]
    for result in run["results"]:
        (location,) = result["locations"]
        assert (here / unquote(location["physicalLocation"]["artifactLocation"]["uri"])).is_file()
        assert location["physicalLocation"]["region"]["startLine"] >= 1


def test_an_absolute_name_is_a_uri(dlaasgen: Run, here: Path) -> None:
    said = dlaasgen("check", here / "mine.yaml", "--output", "sarif", cwd=Path("/"))
    log = here / "log.sarif"
    log.write_text(said.out)
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in valid(log)["runs"][0]["results"]}
    assert len(uris) == 1


def test_nothing_found_is_valid_too(dlaasgen: Run, root: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.sarif"
    log.write_text(dlaasgen("check", "matrix/nightly.yaml", "--output", "sarif", cwd=root).ok().out)
    assert valid(log)["runs"][0]["results"] == []


def test_what_is_wrong_is_seen(here: Path) -> None:
    log = here / "log.sarif"
    region = {"startLine": 0}
    physical = {"artifactLocation": {"uri": "mine.yaml"}, "region": region}
    result = {"message": {"text": "Told."}, "locations": [{"physicalLocation": physical}]}
    run = {"tool": {"driver": {"name": "x"}}, "results": [result]}
    log.write_text(json.dumps({"version": "2.1.0", "runs": [run]}))
    assert "JSON1008" in judged(log)
