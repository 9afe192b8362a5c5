"""Report: the results of one run as Markdown and as one HTML page."""

from __future__ import annotations

import os
from importlib import resources
from typing import TYPE_CHECKING

from dlaasgen import __version__, reports
from dlaasgen.adapters import text_files
from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean
from dlaasgen.pipeline.results import query

if TYPE_CHECKING:
    from collections.abc import Sequence


def report(store: str, run: str, out: str, where: str | None = None) -> list[str]:
    """Write report.md and report.html into a folder; their paths. Raises UsageError when the store has no such run."""
    rows = query(store, where)
    chosen = [row for row in rows if row.document["run"] == run]
    if not chosen:
        raise UsageError([_none(run, sorted({row.document["run"] for row in rows}), where)])
    told = reports.Report(run, chosen)
    styles = resources.files("dlaasgen").joinpath("templates/report.css").read_text(encoding="utf-8")
    texts = {"report.md": reports.markdown(told), "report.html": reports.html(told, styles, __version__)}
    return [text_files.write(os.path.join(out, name), text) for name, text in texts.items()]


def _none(run: str, runs: Sequence[str], where: str | None) -> Finding:
    """What to say when a run has no results: which runs there are."""
    if not runs:
        fits = "no result fits --where" if where else "the store has no results"
        return Finding("C132", f"{fits}: there is none of run {run!r}", hint="`dlaasgen results` lists them")
    near = did_you_mean(run, runs)
    if near is None and not runs[0]:
        near = "'' are the results of logs that no tree knows, or whose tree has no run"
    known = ", ".join(repr(name) for name in runs[:20])
    return Finding("C132", f"there is no result of run {run!r}", expected=f"one of {known}", hint=near)
