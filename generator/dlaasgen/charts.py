"""Charts as SVG: bars and lines, without scripts or styles of their own; a page's classes colour them. No I/O here.

Series are told apart by colour, by the form of their points, and in a legend; every mark says its numbers when it is
pointed at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOURS = 8
_WIDTH = 960
_ROW = 24
_LONGEST = 44
_HEIGHT = 340
# An axis ends at so many times the largest value at most.
_ROOM = 2.5
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 24, 12, 44


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its label; `series` chooses its colour, `pale` says that it does not count like the others."""

    label: str
    value: float
    series: int = 0
    note: str = ""
    pale: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points (x, y) in the order of x; those at an x of `hollow` do not count like the others."""

    label: str
    points: Sequence[tuple[float, float]]
    hollow: frozenset[float] = frozenset()


def number(value: float) -> str:
    """A number as a chart or table says it: about three significant digits, thousands apart."""
    size = abs(value)
    if value == 0 or size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.2g}"


def bars(chart: Sequence[Bar], title: str, unit: str) -> str:
    """Horizontal bars from zero, one a row."""
    top = _nice(max((bar.value for bar in chart), default=0.0))
    left = 16 + 7 * max((len(_short(bar.label)) for bar in chart), default=0)
    room = _WIDTH - left - 80
    height = len(chart) * _ROW + 30
    parts = [_open(title, height)]
    for tick in _ticks(top):
        x = left + tick / top * room
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{height - 26}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{height - 10}" text-anchor="middle">{number(tick)}</text>')
    parts.append(f'<text class="tick" x="{_WIDTH}" y="{height - 10}" text-anchor="end">{escape(unit)}</text>')
    for row, bar in enumerate(chart):
        y = row * _ROW
        wide = max(bar.value / top * room, 1.0)
        said = f"{bar.label}: {number(bar.value)} {unit}{', ' if bar.note else ''}{bar.note}"
        colour = f"s{bar.series % COLOURS}{' pale' if bar.pale else ''}"
        parts.append(
            f"<g><title>{escape(said)}</title>"
            f'<text class="label" x="{left - 10}" y="{y + 16}" text-anchor="end">{escape(_short(bar.label))}</text>'
            f'<rect class="{colour}" x="{left}" y="{y + 4}" width="{wide:.1f}" height="{_ROW - 8}" rx="2"/>'
            f'<text class="value" x="{left + wide + 6:.1f}" y="{y + 16}">{number(bar.value)}</text></g>'
        )
    return "".join([*parts, "</svg>"])


def lines(chart: Sequence[Line], title: str, x_name: str, unit: str) -> str:
    """Lines over whole numbers from zero upwards, with the dashed ideal of each: its first point, scaled with x."""
    xs = sorted({x for line in chart for x, _ in line.points})
    most = max((y for line in chart for _, y in line.points), default=0.0)
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    low, last = (xs[0], xs[-1]) if xs else (0.0, 1.0)
    # There is room for the ideals, unless what was measured would be lost below them.
    ideals = [y * last / x for x, y in (line.points[0] for line in chart) if x > 0]
    top = _nice(max(most, min(max(ideals, default=0.0), _ROOM * most)))

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + (x - low) / ((last - low) or 1) * wide, _TOP + high - y / top * high

    parts = [_open(title, _HEIGHT)]
    for tick in _ticks(top):
        _, y = at(low, tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    for x in xs:
        across, down = at(x, 0)
        parts.append(f'<text class="tick" x="{across:.1f}" y="{down + 18:.1f}" text-anchor="middle">{x:g}</text>')
    middle = _LEFT + wide / 2
    parts.append(f'<text class="tick" x="{middle:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(x_name)}</text>')
    for index, line in enumerate(chart):
        colour = index % COLOURS
        first_x, first_y = line.points[0]
        far = min(last, top * first_x / first_y) if first_x > 0 and first_y > 0 else first_x
        (a, b), (c, d) = at(first_x, first_y), at(far, first_y * far / first_x if first_x else first_y)
        parts.append(f'<line class="ideal l{colour}" x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}"/>')
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (at(*point) for point in line.points))
        parts.append(f'<polyline class="line l{colour}" points="{path}"/>')
        for x, y in line.points:
            said = f"{line.label}, {x:g} {x_name}: {number(y)} {unit}"
            parts.append(f"<g><title>{escape(said)}</title>{_mark(index, *at(x, y), hollow=x in line.hollow)}</g>")
    return "".join([*parts, "</svg>"])


def legend(labels: Sequence[str], *, marks: bool = False) -> str:
    """What each colour, and with `marks` each form of point, stands for."""
    items = []
    for index, label in enumerate(labels):
        mark = (
            _mark(index, 8, 8)
            if marks
            else f'<rect class="s{index % COLOURS}" x="2" y="2" width="12" height="12" rx="2"/>'
        )
        items.append(f'<li><svg class="key" viewBox="0 0 16 16" aria-hidden="true">{mark}</svg>{escape(label)}</li>')
    return f'<ul class="legend">{"".join(items)}</ul>'


def _open(title: str, height: int) -> str:
    return f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">'


def _mark(index: int, x: float, y: float, *, hollow: bool = False) -> str:
    """A point: a circle, square, triangle or diamond."""
    colour = f"hollow l{index % COLOURS}" if hollow else f"s{index % COLOURS}"
    form = (index // 2 + index // COLOURS) % 4  # other ones when the colours begin again
    if form == 0:
        return f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    if form == 1:
        return f'<rect class="{colour}" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"/>'
    corners = [(0, -6), (6, 5), (-6, 5)] if form == 2 else [(0, -6), (6, 0), (0, 6), (-6, 0)]
    return f'<polygon class="{colour}" points="{" ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners)}"/>'


def _nice(value: float) -> float:
    """The next round number: what an axis ends at."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if value <= step * power * (1 + 1e-9))


def _ticks(top: float) -> list[float]:
    return [top * part / 4 for part in range(5)]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
