"""The bench's table: rows, their verdicts, and their forms."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEAD = ("measured", "beside it", "took", "it took", "figure", "spread", "target", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One line. A figure is the median of `figures`: of ratios of runs made one after the other, of MiB, or of seconds.

    ours, theirs  seconds of each run, where the figure is made of them
    target, aim   the most that the figure may be, and what it would better be; None where nothing is promised
    skipped       why there is no figure
    """

    measured: str
    beside: str = ""
    unit: str = "x"
    figures: Sequence[float] = ()
    ours: Sequence[float] = ()
    theirs: Sequence[float] = ()
    target: float | None = None
    aim: float | None = None
    skipped: str | None = None

    @property
    def figure(self) -> float | None:
        """The median, or None when there is none."""
        return median(self.figures) if self.figures else None

    @property
    def verdict(self) -> str:
        """pass, MISS, or nothing; a star when the aim is met too."""
        if self.figure is None or self.target is None:
            return ""
        if self.figure > self.target:
            return "MISS"
        return "pass *" if self.aim is not None and self.figure <= self.aim else "pass"

    def as_json(self) -> dict[str, Any]:
        """Everything, with figure and verdict."""
        return {**asdict(self), "figure": self.figure, "verdict": self.verdict}


def ratio(
    measured: str,
    beside: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    target: float | None = None,
    aim: float | None = None,
) -> Row:
    """A row of the ratios of runs that were made one after the other."""
    figures = tuple(o / t for o, t in zip(ours, theirs, strict=True))
    return Row(measured, beside, "x", figures, tuple(ours), tuple(theirs), target, aim)


def load(document: Mapping[str, Any]) -> list[Row]:
    """The rows in a file of results."""
    names = Row.__dataclass_fields__
    return [Row(**{k: v for k, v in row.items() if k in names}) for row in document["rows"]]


def cells_of(row: Row) -> tuple[str, ...]:
    """A row's texts, in the order of HEAD."""
    if row.skipped is not None:
        return (row.measured, row.beside, "", "", "skipped", "", _target(row), row.skipped)
    low, high = (min(row.figures), max(row.figures)) if row.figures else (0.0, 0.0)
    return (
        row.measured,
        row.beside,
        seconds(row.ours),
        seconds(row.theirs),
        number(row.figure, row.unit),
        f"{number(low)}-{number(high)}" if len(row.figures) > 1 else "",
        _target(row),
        row.verdict,
    )


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    text = f"<= {number(row.target, row.unit)}"
    return text if row.aim is None else f"{text}, aim {number(row.aim, row.unit)}"


def seconds(times: Sequence[float]) -> str:
    """The median of some times."""
    return f"{median(times):.3g} s" if times else ""


def number(value: float | None, unit: str = "") -> str:
    """A figure: three digits, whole from 100 on; `x` follows at once, other units after a blank."""
    if value is None:
        return ""
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text + (unit if unit in ("", "x") else f" {unit}")


def as_text(rows: Sequence[Row]) -> str:
    """The table for a terminal."""
    lines = [HEAD, *(cells_of(r) for r in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEAD))]
    return "\n".join("  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def as_markdown(rows: Sequence[Row]) -> str:
    """The table for docs/performance.md."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(t.replace("|", "\\|").replace("<", "&lt;") for t in cells_of(r)) + " |" for r in rows]
    return "\n".join(lines)
