"""Report of one run, in Markdown and in one HTML page. No I/O here.

Everything that comes from logs and manifests is text: escaped in both forms. The page asks for nothing from anywhere,
runs no script, and its Content-Security-Policy says so to the browser.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from dlaasgen import charts
from dlaasgen.findings import counted
from dlaasgen.formats import safe
from dlaasgen.queries import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dlaasgen.queries import Row

BARS = 200
LINES = 16
REPLICAS = "replicas"
_STATES = ("succeeded", "incomplete", "failed", "no-data")
_HEADS = ("Cell", "Status", "Images/s", "Loss", "Workers", "Said")


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one run, in the order of their cells."""

    run: str
    rows: Sequence[Row]

    @property
    def title(self) -> str:
        """The matrices and the run."""
        matrices = sorted({row.document["matrix"] for row in self.rows} - {""})
        name = ", ".join(matrices) or "Results"
        return safe(f"{name}, run {self.run}" if self.run else name)

    @property
    def summary(self) -> str:
        """How many jobs there are of each status."""
        states = [row.document["status"] for row in self.rows]
        told = [f"{states.count(state)} {state}" for state in _STATES if state in states]
        return f"{counted(len(states), 'job')}: {', '.join(told)}" if told else "no jobs"

    @property
    def bad(self) -> list[Row]:
        """Jobs that did not succeed, or whose log speaks against their cell."""
        return [row for row in self.rows if row.document["status"] != "succeeded" or row.document["mismatches"]]


def markdown(report: Report) -> str:
    """A table of the cells, and what those that failed said last."""
    lines = [f"# {_md(report.title)}", "", f"{report.summary}.", ""]
    lines += [f"| {' | '.join(_HEADS)} |", "|---|---|---:|---:|---:|---|"]
    lines += [f"| {' | '.join(_md(text) for text in _cells(row))} |" for row in report.rows]
    if report.bad:
        lines += ["", "## Failed, incomplete or mismatched"]
    for row in report.bad:
        lines += ["", f"### {_md(_name(row))}", "", *(f"- {_md(said)}" for said in _complaints(row))]
        text = _tail(row)
        if text:
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
            lines += ["", f"{fence}text", text, fence]
    return "\n".join([*lines, ""])


def html(report: Report, styles: str, version: str) -> str:
    """One page: works offline, and on a phone; dark where the reader's system is."""
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(report.title)}</title><style>{styles}</style></head><body><main>",
        f"<h1>{escape(report.title)}</h1><ul class=tiles>{''.join(_tiles(report))}</ul>",
        _section("Throughput", _throughput(report)),
        _section(f"Scaling over {REPLICAS}", _scaling(report)),
        _section("Results by cell", _table(report)),
        _section("Failed, incomplete or mismatched", "".join(map(_failure, report.bad))),
        f"<footer>dlaasgen {escape(version)}</footer></main></body></html>\n",
    ]
    return "".join(parts)


def _section(title: str, inside: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{inside}</section>" if inside else ""


def _wide(inside: str) -> str:
    """What is moved sideways where the screen is narrow: smaller, it could not be read."""
    return f'<div class="wide">{inside}</div>'


def _tiles(report: Report) -> list[str]:
    states = [row.document["status"] for row in report.rows]
    counts = [("jobs", "", len(states)), *((state, f" {state}", states.count(state)) for state in _STATES)]
    return [f'<li class="tile{kind}"><b>{count}</b> {name}</li>' for name, kind, count in counts if count]


def _throughput(report: Report) -> str:
    measured = [row for row in report.rows if _rate(row) is not None]
    if not measured:
        return ""
    axis = _main_axis(measured)
    kinds = list(dict.fromkeys(row.axes.get(axis, "") for row in measured))
    chart = [
        charts.Bar(_name(row), _rate(row) or 0.0, kinds.index(row.axes.get(axis, "")), _state(row), pale=_doubtful(row))
        for row in measured[:BARS]
    ]
    key = charts.legend([safe(kind) for kind in kinds]) if len(kinds) > 1 else ""
    more = f"<p>The first {BARS} of {len(measured)} are drawn.</p>" if len(measured) > BARS else ""
    pale = "<p>Pale: unfinished, or the log speaks against the cell.</p>" if any(bar.pale for bar in chart) else ""
    return key + _wide(charts.bars(chart, "Images per second by cell", "images/s")) + pale + more


def _scaling(report: Report) -> str:
    groups: dict[str, dict[float, list[float]]] = {}
    doubtful: dict[str, set[float]] = {}
    for row in report.rows:
        rate, replicas = _rate(row), row.params.get(REPLICAS)
        if rate is None or not isinstance(replicas, int | float) or row.document["status"] != "succeeded":
            continue
        label = safe(", ".join(f"{axis} {value}" for axis, value in row.axes.items() if axis != REPLICAS))
        groups.setdefault(label, {}).setdefault(float(replicas), []).append(rate)
        if _doubtful(row):
            doubtful.setdefault(label, set()).add(float(replicas))
    told = [
        charts.Line(
            label,
            [(x, sum(rates) / len(rates)) for x, rates in sorted(points.items())],
            frozenset(doubtful.get(label, ())),
        )
        for label, points in groups.items()
        if len(points) > 1
    ]
    if not told:
        return ""
    more = f"<p>The first {LINES} of {len(told)} are drawn.</p>" if len(told) > LINES else ""
    shown = told[:LINES]
    key = charts.legend([line.label or "all" for line in shown], marks=True)
    chart = charts.lines(shown, "Images per second over replicas", REPLICAS, "images/s")
    hollow = " Hollow: the log speaks against the cell." if any(line.hollow for line in shown) else ""
    note = f"<p>Images per second of the whole job. Dashed: what the smallest job promises.{hollow}</p>"
    return key + _wide(chart) + note + more


def _table(report: Report) -> str:
    heads = "".join(f"<th scope=col>{head}</th>" for head in _HEADS)
    body = []
    for row in report.rows:
        cell, state, *numbers, said = (escape(text) for text in _cells(row))
        figures = "".join(f"<td class=number>{text}</td>" for text in numbers)
        body.append(
            f'<tr><th scope=row>{cell}</th><td><span class="state {state}">{state}</span></td>'
            f"{figures}<td>{said}</td></tr>"
        )
    return _wide(f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>")


def _failure(row: Row) -> str:
    said = "".join(f"<li>{escape(text)}</li>" for text in _complaints(row))
    last = f"<pre>{escape(text)}</pre>" if (text := _tail(row)) else ""
    state = row.document["status"]
    return (
        f'<article><h3>{escape(_name(row))} <span class="state {escape(state)}">{escape(state)}</span></h3>'
        f"<ul>{said}</ul>{last}</article>"
    )


def _cells(row: Row) -> tuple[str, ...]:
    told = row.document
    loss = told["metrics"].get("loss", {}).get("value")
    rate = _rate(row)
    return (
        _name(row),
        told["status"],
        "" if rate is None else charts.number(rate),
        "" if loss is None else charts.number(loss),
        str(len(told["workers"])),
        safe("; ".join(_complaints(row))),
    )


def _complaints(row: Row) -> list[str]:
    told = row.document
    said = [safe(told["reason"])] if told["reason"] else []
    wrong = [f"mismatch: {m['what']} is {m['found']}, the cell's is {m['expected']}" for m in told["mismatches"]]
    return said + [safe(text) for text in wrong]


def _state(row: Row) -> str:
    return f"{row.document['status']}{', mismatch' if row.document['mismatches'] else ''}"


def _doubtful(row: Row) -> bool:
    return _state(row) != "succeeded"


def _tail(row: Row) -> str:
    """The last lines of a job that did not succeed; one that only mismatches says all in its header."""
    if row.document["status"] == "succeeded":
        return ""
    return "\n".join(safe(line) for line in row.document.get("tail", ()))


def _name(row: Row) -> str:
    return safe(str(row.values["cell_id"]))


def _rate(row: Row) -> float | None:
    value: Any = row.document["metrics"].get(RATE, {}).get("value")
    return None if value is None else float(value)


def _main_axis(rows: Sequence[Row]) -> str:
    """The axis whose values the colours tell apart: the first with more than one and few enough."""
    axes = dict.fromkeys(axis for row in rows for axis in row.axes)
    number: Callable[[str], int] = lambda axis: len({row.axes.get(axis, "") for row in rows})  # noqa: E731
    return next((axis for axis in axes if axis != REPLICAS and 1 < number(axis) <= charts.COLOURS), "")


def _md(text: str) -> str:
    """Text that Markdown takes for nothing but text, in a table as well."""
    flat = " ".join(text.split())
    return re.sub(
        r"([\\`*_{}\[\]()#+!|~$-])", r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
