"""Report: the results of one run as Markdown and as one HTML page."""

from __future__ import annotations

import os
from importlib import resources

from dlaasgen import __version__, reports
from dlaasgen.adapters import text_files
from dlaasgen.errors import UsageError
from dlaasgen.findings import Finding, did_you_mean
from dlaasgen.pipeline.results import query


def report(store: str, run: str, out: str, where: str | None = None) -> list[str]:
    """Write report.md and report.html into a folder; their paths. Raises UsageError when the store has no such run."""
    rows = query(store, where)
    chosen = [row for row in rows if row.document["run"] == run]
    if not chosen:
        runs = sorted({row.document["run"] for row in rows})
        near = did_you_mean(run, runs)
        known = ", ".join(repr(name) for name in runs[:20]) or "none"
        raise UsageError([Finding("C132", f"there is no result of run {run!r}", expected=f"one of {known}", hint=near)])
    told = reports.Report(run, chosen)
    styles = resources.files("dlaasgen").joinpath("templates/report.css").read_text(encoding="utf-8")
    texts = {"report.md": reports.markdown(told), "report.html": reports.html(told, styles, __version__)}
    return [text_files.write(os.path.join(out, name), text) for name, text in texts.items()]
