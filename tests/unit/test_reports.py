from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from dlaasgen import charts, reports
from dlaasgen.queries import Row
from dlaasgen.reports import Report

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>|`[a](javascript:x)\x1b[31m&amp;"


def row(
    cell: str = "c",
    rate: float | None = 10.0,
    *,
    status: str = "succeeded",
    axes: dict[str, str] | None = None,
    **more: Any,
) -> Row:
    metrics = {} if rate is None else {"images_per_second": {"value": rate, "unit": "images/s", "direction": "higher"}}
    document = {
        "job": f"j-{cell}", "matrix": "nightly", "cell": cell, "run": "1", "status": status, "reason": "",
        "stage": None, "workers": [{}], "mismatches": [], "metrics": metrics, "manifest_digest": "", "tail": [], **more,
    }  # fmt: skip
    chosen = axes or {"model": cell}
    params = {"replicas": int(chosen["replicas"])} if "replicas" in chosen else {}
    return Row(document, chosen, params)


MISMATCH = {"what": "batch_size", "expected": "32", "found": "16"}
SCALING = [
    row(f"{model}-{n}", rate, axes={"model": model, "replicas": str(n)})
    for model, rates in {"a": (10, 19, 25), "b": (5, 5, 5)}.items()
    for n, rate in zip((1, 2, 3), rates, strict=True)
]


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def page(*rows: Row, run: str = "1") -> str:
    return reports.html(Report(run, rows), "b{color:red}", "1.0")


def test_the_title_names_matrices_and_run() -> None:
    assert Report("1", [row()]).title == "nightly, run 1"
    assert Report("", [row()]).title == "nightly"
    assert Report("", [row(matrix="")]).title == "Results"
    assert Report("7", []).title == "Results, run 7"


def test_the_summary_counts() -> None:
    assert Report("1", [row(), row(status="failed"), row()]).summary == "3 jobs: 2 succeeded, 1 failed"
    assert Report("1", []).summary == "no jobs"


def test_markdown_has_a_table_and_the_last_lines_of_what_failed() -> None:
    failed = row("x", None, status="failed", reason="ValueError: no", tail=["one", "```", "three"])
    text = reports.markdown(Report("1", [row("a|b", loss=1), failed, row("m", mismatches=[MISMATCH], tail=["kept"])]))
    assert "| a\\|b | succeeded | 10.0 |  | 1 |  |" in text
    assert "````text\none\n```\nthree\n````" in text
    assert "mismatch: batch\\_size is 16, the cell's is 32" in text
    assert "kept" not in text
    assert "Failed" not in reports.markdown(Report("1", [row()]))


def test_markdown_takes_hostile_text_for_text() -> None:
    text = reports.markdown(Report("1", [row(HOSTILE, None, status="failed", reason=HOSTILE, tail=[HOSTILE])]))
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tags = {tag for tag, _ in Tags(rendered).seen}
    assert tags <= {"h1", "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "pre", "code"}
    assert "\x1b" not in text


def test_the_page_takes_hostile_text_for_text() -> None:
    hostile = row(HOSTILE, 1.0, status="failed", reason=HOSTILE, tail=[HOSTILE], axes={HOSTILE: HOSTILE})
    text = page(hostile, row(HOSTILE + "2", 2.0, axes={HOSTILE: "other"}), run=HOSTILE)
    seen = Tags(text).seen
    assert not {tag for tag, _ in seen} & {"script", "img", "a", "iframe", "link", "object", "form"}
    assert not any(name.startswith("on") or name in {"src", "href", "style"} for _, attrs in seen for name in attrs)
    assert "\x1b" not in text


def test_the_page_allows_its_own_style_and_nothing_else() -> None:
    seen = Tags(page(row())).seen
    policy = next(attrs["content"] for tag, attrs in seen if attrs.get("http-equiv") == "Content-Security-Policy")
    digest = "V9Oz+zbjVETlSADEK+P0tMv84dq81LghXgXp1x7Zl/U="
    assert re.sub(r"sha256-[^']+", "sha256-", str(policy)) == (
        "default-src 'none'; style-src 'sha256-'; base-uri 'none'; form-action 'none'"
    )
    assert len(digest) == len(str(policy).split("sha256-")[1].split("'")[0])


def test_the_page_draws_what_there_is() -> None:
    assert "<svg" not in page(row(rate=None))
    assert "Scaling" not in page(row(), row("d"))
    text = page(*SCALING)
    assert text.count("<polyline") == 2
    assert "model a" in text
    assert "Hollow" not in text
    assert "Pale" not in text
    doubtful = row("a-4", 30, axes={"model": "a", "replicas": "4"}, mismatches=[MISMATCH])
    assert "Hollow" in page(*SCALING, doubtful)
    assert "Pale" in page(*SCALING, doubtful)


def test_jobs_that_did_not_succeed_are_no_points_of_a_line() -> None:
    failed = row("a-4", 30, axes={"model": "a", "replicas": "4"}, status="incomplete")
    assert page(*SCALING, failed).count("<circle") == page(*SCALING).count("<circle")


def test_only_as_much_is_drawn_as_can_be_read() -> None:
    many = [row(f"{m}-{n}", 1.0, axes={"model": str(m), "replicas": str(n)}) for m in range(120) for n in (1, 2)]
    text = page(*many)
    assert "The first 200 of 240 are drawn." in text
    assert "The first 16 of 120 are drawn." in text
    assert text.count("<tr>") == 241


def test_lines_of_one_axis_have_a_name() -> None:
    assert "</svg>all</li>" in page(*[row(str(n), n, axes={"replicas": str(n)}) for n in (1, 2)])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234.4, "1,234"), (99.96, "100.0"), (12.34, "12.3"), (5, "5.00"), (0.001234, "0.0012"), (-250, "-250")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert charts.number(value) == text


@pytest.mark.parametrize(
    "svg",
    [
        charts.bars([], "t", "u"),
        charts.bars([charts.Bar("a" * 60, 1e6, 9), charts.Bar("<b>", 0.0, note="n", pale=True)], "t", "u"),
        charts.lines([], "t", "x", "u"),
        charts.lines([charts.Line("a", [(0, 0), (1, 2)])], "t", "x", "u"),
        charts.lines([charts.Line(str(n), [(1, n), (4, 3 * n)], frozenset({4})) for n in range(1, 10)], "t", "x", "u"),
        charts.lines([charts.Line("one", [(2, 1)])], "t", "x", "u"),
    ],
)
def test_charts_are_well_formed_and_within_their_frame(svg: str) -> None:
    tree = ET.fromstring(svg)  # noqa: S314 - our own
    _, _, width, height = map(float, tree.attrib["viewBox"].split())
    for mark in tree.iter():
        for name in ("x", "x1", "x2", "cx"):
            assert -1 <= float(mark.get(name, 0)) <= width + 1
        for name in ("y", "y1", "y2", "cy"):
            assert -8 <= float(mark.get(name, 0)) <= height


def test_an_axis_ends_at_a_round_number() -> None:
    assert [charts._nice(value) for value in (0, 0.7, 1, 1.2, 7, 12, 99, 250)] == [1, 0.8, 1, 1.5, 8, 15, 100, 300]


def test_what_the_smallest_job_promises_is_within_the_axis_unless_little_came_of_it() -> None:
    def ideal(*points: tuple[float, float]) -> tuple[float, float]:
        """Where the dashed line ends."""
        mark = next(m for m in ET.fromstring(charts.lines([charts.Line("a", points)], "t", "x", "u")).iter()  # noqa: S314
                    if m.get("class", "").startswith("ideal"))  # fmt: skip
        return float(mark.attrib["x2"]), float(mark.attrib["y2"])

    right, top = 936.0, 12.0
    across, up = ideal((1, 10), (4, 20))
    assert across == right
    assert up >= top
    # At 2.5 times the most that was measured the axis ends, and the line with it.
    across, up = ideal((1, 10), (16, 12))
    assert across < right
    assert up == top


def test_lines_of_one_colour_have_marks_of_their_own() -> None:
    assert len({charts._mark(n, 0, 0) for n in range(reports.LINES)}) == reports.LINES
