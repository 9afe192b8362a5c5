"""Expand matrix files into cells, without a prototype."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlaasgen.adapters import matrix_files
from dlaasgen.errors import MatrixError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.cells import Cell
    from dlaasgen.findings import Finding


@dataclass(frozen=True, slots=True)
class Expanded:
    """One matrix's cells, in order, and what there is to say of its rules."""

    matrix: str
    cells: list[Cell]
    findings: tuple[Finding, ...]


def expand(paths: Sequence[str], selectors: Sequence[str]) -> list[Expanded]:
    """The cells of every matrix that `paths` name, reduced to those that `selectors` choose."""
    from dlaasgen.cells import expand_with_notes, select

    expanded = []
    faults: list[Finding] = []
    for file in matrix_files.find(paths):
        try:
            data = matrix_files.read_text(file)
            matrix = matrix_files.read_bytes(data, file)
            with matrix_files.located(data, file):
                expansion = expand_with_notes(matrix)
        except MatrixError as error:
            faults += error.findings
            continue
        cells = list(expansion.cells)
        expanded.append(
            Expanded(matrix.name, select(cells, selectors) if selectors else cells, tuple(expansion.findings))
        )
    if faults:
        raise MatrixError(faults)
    return expanded


def explain(paths: Sequence[str], cell: str) -> list[str]:
    """Which rules made a cell, or took it away, in every matrix that `paths` name."""
    from dlaasgen.cells import explain as explain_cell

    lines: list[str] = []
    unknown: list[Finding] = []
    for file in matrix_files.find(paths):
        data = matrix_files.read_text(file)
        matrix = matrix_files.read_bytes(data, file)
        try:
            with matrix_files.located(data, file):
                lines += explain_cell(matrix, cell)
        except UsageError as error:
            unknown += error.findings
    if not lines:
        raise UsageError(unknown)
    return lines
