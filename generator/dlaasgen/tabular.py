"""Rows as text: a table for terminals, CSV, OpenMetrics. No I/O here.

CSV is RFC 4180, with what a spreadsheet would take for a formula set in a leading apostrophe.
OpenMetrics: https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from dlaasgen.formats import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dlaasgen.queries import Row

_LONG = 60
# So many documents become JSON together.
_AT_ONCE = 100
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def shown(value: Any) -> str:
    """A value as people read it: numbers to four significant places, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """A line for each row, numbers to the right."""
    cells = [[_short(safe(shown(row.get(name)))) for name in columns] for row in rows]
    right = [all(isinstance(row.get(n), int | float | None) for row in rows) for n in columns]
    heads = [safe(name) for name in columns]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(heads))]
    lines = []
    for line in [heads, *cells]:
        parts = [
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """RFC 4180, with a heading."""
    lines = [columns, *([_plain(row.get(name)) for name in columns] for row in rows)]
    return "".join(",".join(map(_quoted, line)) + "\r\n" for line in lines)


def json_list(documents: Iterable[Any]) -> Iterator[str]:
    """A JSON list in pieces, in the form of `formats.json_text`."""
    start = "["
    rest = iter(documents)
    while part := list(islice(rest, _AT_ONCE)):
        # A list of its own, without its brackets.
        yield f"{start}{_quiet(orjson.dumps(part, option=orjson.OPT_INDENT_2).decode())[1:-2]}"
        start = ","
    yield "[]\n" if start == "[" else "\n]\n"


def json_lines(documents: Iterable[Any]) -> Iterator[str]:
    """JSON Lines: an object a line."""
    for document in documents:
        yield f"{_quiet(orjson.dumps(document).decode())}\n"


def openmetrics(rows: Sequence[Row]) -> str:
    """A gauge for each metric, with a sample for each job; the cell's axes are labels `axis_...`."""
    families: dict[str, list[str]] = {}
    for row in rows:
        told = row.read().document
        labels = {name: told[name] or "" for name in ("job", "matrix", "cell", "run")}
        labels |= {f"axis_{_name(axis)}": value for axis, value in row.axes.items()}
        text = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
        states = families.setdefault("dlaasgen_job_status", [])
        states.append(f'dlaasgen_job_status{{{text},status="{_escaped(told["status"])}"}} 1')
        for metric, said in told["metrics"].items():
            if said["value"] is not None:
                name = f"dlaasgen_{_name(metric)}"
                families.setdefault(name, []).append(f"{name}{{{text}}} {float(said['value'])!r}")
    lines = []
    for name in sorted(families):
        lines += [f"# TYPE {name} gauge", *families[name]]
    return "\n".join([*lines, "# EOF", ""])


def _quiet(text: str) -> str:
    """JSON in which nothing is left that a terminal would obey."""
    # orjson has escaped all of ASCII's control characters but one.
    if text.isascii() and "\x7f" not in text:
        return text
    return "\n".join(line if line.isprintable() else _escaped_json(line) for line in text.split("\n"))


def _escaped_json(line: str) -> str:
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."


def _plain(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text


def _name(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
