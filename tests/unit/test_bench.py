"""The speed suite's own sums and words. Nothing here measures time."""

from __future__ import annotations

import json
import runpy
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen.adapters import matrix_files
from dlaasgen.cells import expand
from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BENCH = ROOT / "bench"
MODULES = ("measure", "parts", "peers", "project", "study", "table")


def script(name: str) -> Any:
    return SimpleNamespace(**runpy.run_path(str(BENCH / f"{name}.py")))


@pytest.fixture(autouse=True)
def _on_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The scripts find each other as they do when bench.py is run, and leave no names behind."""
    monkeypatch.syspath_prepend(str(BENCH))
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


def test_the_command_line_has_the_defaults_that_the_docs_tell() -> None:
    given = script("bench").arguments([])
    assert (given.quick, given.rounds, given.large_rounds, given.only, given.markdown) == (False, 5, 3, [], False)
    assert given.json == BENCH / "results.json"
    assert given.dlaasgen.name == "dlaasgen"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--rounds", "0"], "argument --rounds: 0 is less than 1"),
        (["--only", "warm"], "--only warm: not one of cold, peers, again, check, one, large, start, logs, flood"),
    ],
)
def test_wrong_arguments_are_told(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        script("bench").arguments(argv)
    assert caught.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"bench.py: error: {message}"


@pytest.mark.parametrize("cells", [1_000, 2_000])
def test_a_study_has_as_many_cells_as_asked_for(cells: int) -> None:
    matrix = matrix_files.read_bytes(script("study").matrix(cells).encode(), "bench.yaml")
    assert len(expand(matrix)) == cells


def test_a_changed_study_differs_in_exactly_one_cell() -> None:
    study = script("study")
    plain, changed = (
        {c.id: dict(c.params) for c in expand(matrix_files.read_bytes(text.encode(), "bench.yaml"))}
        for text in (study.matrix(1_000), study.matrix(1_000, 200))
    )
    assert plain.keys() == changed.keys()
    assert [changed[i] for i in plain if plain[i] != changed[i]] == [
        {**plain["vgg11-bs8-w5-t2-mkl"], "num_batches": 200}
    ]


@pytest.mark.parametrize("cells", [0, 999, 1_500])
def test_a_study_of_another_size_is_refused(cells: int) -> None:
    with pytest.raises(ValueError, match=f"^{cells} cells: the bench's matrices have a multiple of 1,000$"):
        script("study").matrix(cells)


def test_a_ratio_is_the_median_of_pairs_not_the_ratio_of_medians() -> None:
    row = script("table").ratio("it", "other", [2.0, 9.0, 3.0], [1.0, 3.0, 3.0])
    assert row.figures == (2.0, 3.0, 1.0)
    assert row.figure == 2.0


@pytest.mark.parametrize(
    ("figure", "target", "aim", "verdict"),
    [
        (1.0, 2, 1, "pass *"),
        (1.1, 2, 1, "pass"),
        (2.0, 2, None, "pass"),
        (2.1, 2, 1, "MISS"),
        (9.0, None, None, ""),
    ],
)
def test_a_verdict_compares_with_target_and_aim(
    figure: float, target: float | None, aim: float | None, verdict: str
) -> None:
    assert script("table").Row("it", figures=(figure,), target=target, aim=aim).verdict == verdict


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.234, "x", "1.23x"),
        (123.4, "MiB", "123 MiB"),
        (0.0456, "s", "0.0456 s"),
        (12345.6, "", "12346"),
        (None, "", ""),
    ],
)
def test_figures_have_three_digits(value: float | None, unit: str, text: str) -> None:
    assert script("table").number(value, unit) == text


def test_the_table_for_a_terminal_and_for_the_docs() -> None:
    table = script("table")
    rows = [
        table.ratio("cold", "cp | -r", [3.0, 5.0], [1.0, 1.0], 4, 3),
        table.Row("cold", "Go", target=0.4, skipped="Go is not installed"),
        table.Row("its memory", unit="MiB", figures=(97.5,), target=250),
    ]
    assert table.as_text(rows).splitlines() == [
        "measured    beside it  took  it took  figure    spread  target",
        "cold        cp | -r    4 s   1 s      4x        3-5     <= 4x, aim 3x  pass",
        "cold        Go                        skipped           <= 0.4x        Go is not installed",
        "its memory                            97.5 MiB          <= 250 MiB     pass",
    ]
    assert table.as_markdown(rows).splitlines() == [
        "| measured | beside it | took | it took | figure | spread | target |  |",
        "|---|---|---|---|---|---|---|---|",
        "| cold | cp \\| -r | 4 s | 1 s | 4x | 3-5 | &lt;= 4x, aim 3x | pass |",
        "| cold | Go |  |  | skipped |  | &lt;= 0.4x | Go is not installed |",
        "| its memory |  |  |  | 97.5 MiB |  | &lt;= 250 MiB | pass |",
    ]


def test_results_are_read_back_as_they_were_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench, table = script("bench"), script("table")
    rows = [table.ratio("cold", "cp -r", [3.0], [1.0], 4, 3), table.Row("x", skipped="no git")]
    file = tmp_path / "results.json"
    machine = {"system": "Linux", "machine": "x86_64", "cores": 2, "python": "3.11.7", "load": 0.1}
    document = {"machine": machine, "cells": 10_000, "rounds": 5, "rows": [r.as_json() for r in rows]}
    file.write_text(json.dumps(document), encoding="utf-8")
    assert bench.main(["--markdown", "--json", str(file)]) == 0
    head = "10,000 cells, 5 rounds; Linux x86_64, 2 cores, Python 3.11.7, load 0.1 when it began."
    assert capsys.readouterr().out == f"{head}\n\n{table.as_markdown(rows)}\n"


def test_memory_is_read_from_the_kernels_words() -> None:
    text = "55d0-7ffc ---p 00000000 00:00 0    [rollup]\nRss:    9000 kB\nPss:    4000 kB\nPss_Dirty:  10 kB\n"
    assert script("measure").parse_rollup(text) == (4000, 9000)
    assert script("measure").parse_rollup("") == (0, 0)


@pytest.mark.outside
def test_a_command_that_fails_gives_no_figure(tmp_path: Path) -> None:
    measure = script("measure")
    command = measure.Command(["sh", "-c", "echo first >&2; echo last >&2; exit 3"], {}, tmp_path)
    with pytest.raises(measure.Failure, match=r"^sh ended with status 3: last$"):
        measure.timed(command)


@pytest.mark.outside
def test_commands_are_run_in_turn_and_once_more_uncounted(tmp_path: Path) -> None:
    measure = script("measure")
    order: list[str] = []
    commands = {
        name: measure.Command(["sh", "-c", ":"], {}, tmp_path, lambda name=name: order.append(name)) for name in "ab"
    }
    times = measure.alternate(commands, 2)
    assert {name: len(t) for name, t in times.items()} == {"a": 2, "b": 2}
    assert sorted(order[:2]) == sorted(order[2:4]) == sorted(order[4:]) == ["a", "b"]


@pytest.mark.outside
def test_memory_counts_the_processes_that_a_command_starts(tmp_path: Path) -> None:
    measure = script("measure")
    peak = measure.memory(measure.Command(["sh", "-c", "sleep 1 & sleep 1; wait"], {}, tmp_path))
    assert peak.processes >= 2
    assert 0 < peak.pss <= peak.rss
