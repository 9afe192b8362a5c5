"""Findings in the forms that people and machines read. No I/O here.

table   for a terminal: one finding a line
json    a list of objects, the fields of Finding that say something
sarif   SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/
github  workflow commands, which GitHub shows beside the line:
        https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from dlaasgen import __version__
from dlaasgen.findings import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlaasgen.findings import Finding

_FIELDS = ("code", "severity", "message", "file", "line", "column", "path", "cell", "found", "expected", "hint")


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding as JSON: its fields in a fixed order, without those that say nothing."""
    values = ((name, getattr(finding, name)) for name in _FIELDS)
    return {name: value for name, value in values if value not in (None, "")}


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each severity: "2 errors, 1 warning"."""
    counts = Counter(f.severity for f in findings)
    parts = [counted(n, s) for s in ("error", "warning", "note") if (n := counts[s])]
    return ", ".join(parts) or "no findings"


def to_table(findings: Sequence[Finding]) -> str:
    """A line for each finding, as tools print diagnostics, and a summary."""
    return "\n".join([*(safe(str(f)) for f in findings), summary(findings)])


def to_json(findings: Sequence[Finding]) -> str:
    """A list of objects."""
    return json_text([as_dict(f) for f in findings])


def to_sarif(findings: Sequence[Finding], codes: Mapping[str, tuple[str, str]]) -> str:
    """A SARIF log of one run. `codes`: code -> (title, explanation)."""
    used = sorted({f.code for f in findings})
    rules = [_rule(code, *codes.get(code, (code, code))) for code in used]
    run = {
        "tool": {"driver": {"name": "dlaasgen", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(f, used.index(f.code)) for f in findings],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json_text(log)


def _rule(code: str, title: str, explanation: str) -> dict[str, Any]:
    """A rule, with all that GitHub's code scanning asks for."""
    return {
        "id": code,
        "shortDescription": {"text": title},
        "fullDescription": {"text": explanation},
        "help": {"text": f"{explanation}\n\n`dlaasgen explain {code}` says this as well."},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": _words(finding)},
    }
    if finding.file is not None:
        region = {"startLine": finding.line or 1}  # code scanning shows nothing without a line
        if finding.column is not None:
            region["startColumn"] = finding.column
        location: dict[str, Any] = {
            "physicalLocation": {"artifactLocation": {"uri": _uri(finding.file)}, "region": region}
        }
        if finding.path:
            location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
        result["locations"] = [location]
    return result


def _uri(file: str) -> str:
    """A file's name as a URI reference: relative to where dlaasgen ran, or absolute when the name is."""
    path = re.sub(r"[^A-Za-z0-9._~/-]", _percent, file.replace("\\", "/"))
    return f"file://{path}" if path.startswith("/") else path


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogatepass"))


def _words(finding: Finding) -> str:
    """The finding without its place, severity and code."""
    parts = [finding.message]
    parts += [f"{name} {value}" for name in ("found", "expected") if (value := getattr(finding, name)) is not None]
    if finding.hint is not None:
        parts.append(finding.hint)
    head = f"{finding.path}: " if finding.path else ""
    return head + "; ".join(parts)


_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def to_github(findings: Sequence[Finding]) -> str:
    """One workflow command a finding. What it says cannot end the command or begin another."""
    return "\n".join(_command(f) for f in findings)


def _command(finding: Finding) -> str:
    values = {"file": finding.file, "line": finding.line, "col": finding.column, "title": f"dlaasgen {finding.code}"}
    shown = ",".join(f"{name}={_property(str(value))}" for name, value in values.items() if value is not None)
    return f"::{_COMMANDS[finding.severity]} {shown}::{_data(_words(finding))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def json_text(value: Any) -> str:
    """JSON for programs and people: nothing in it that a terminal would obey, which JSON itself allows above U+001F."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def safe(text: str) -> str:
    """Text without control characters: what a matrix or manifest holds must not drive the terminal."""
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character.isprintable() or character in "\n\t":
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
