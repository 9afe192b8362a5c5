"""Laws of rows: they lead back to the findings, and do not depend on their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.findings import Finding
from dlaasgen.findings_rows import findings_of, rows_of

if TYPE_CHECKING:
    from random import Random

CELLS = ["a-1", "b-2", "c-3"]


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    cell = draw(st.sampled_from([None, "a-1", "b-2", "c-3"]))
    file = draw(st.sampled_from([None, "m.yaml", f"m/jobs/{cell}.yaml", f"m/jobs/{cell}_1-service.yaml"]))
    texts = st.sampled_from([None, "x", "y"])
    return Finding(
        draw(st.sampled_from(["P101", "P201"])),
        draw(st.sampled_from(["told", "told otherwise"])),
        draw(st.sampled_from(["error", "warning", "note"])),
        file,
        draw(st.sampled_from([None, 1, 2])),
        path=draw(st.sampled_from(["", "spec"])),
        cell=cell,
        found=draw(texts),
        expected=draw(texts),
        hint=draw(texts),
    )


some = st.lists(findings(), unique=True, max_size=12)


@given(some)
def test_rows_lead_back_to_the_findings(found: list[Finding]) -> None:
    assert set(findings_of(rows_of(found, CELLS), CELLS)) == set(found)


@given(some, st.randoms())
def test_rows_do_not_depend_on_the_order_of_findings(found: list[Finding], random: Random) -> None:
    rows = rows_of(found, CELLS)
    random.shuffle(found)
    assert rows_of(found, CELLS) == rows
    assert rows_of(findings_of(rows, CELLS), CELLS) == rows


def test_what_all_cells_have_is_one_row() -> None:
    found = [Finding("P201", "told", "warning", f"m/jobs/{c}.yaml", path="spec", cell=c) for c in CELLS]
    row = {"code": "P201", "severity": "warning", "message": "told", "file": "m/jobs/{cell}.yaml", "path": "spec"}
    assert rows_of(found, CELLS) == [{**row, "cells": "*"}]
    assert rows_of(found[1:], CELLS) == [{**row, "cells": CELLS[1:]}]
    assert findings_of(rows_of(found, CELLS), CELLS) == found
