"""Findings in the forms that people and machines read."""

from __future__ import annotations

import json

import pytest

from dlaasgen.findings import Finding
from dlaasgen.formats import as_dict, json_text, safe, summary, to_github, to_json, to_sarif, to_table

FULL = Finding("P201", "not pinned", "warning", "a b.yaml", 3, 5, "spec.image", "cell-1", "'x'", "a digest", "pin it")
BARE = Finding("M101", "50% wrong\r\n::error::x", file="m,1:2.yaml")
NOTE = Finding("K108", "not checked\x1b[2J", "note", path="kind")


def test_json_leaves_out_what_says_nothing() -> None:
    assert as_dict(NOTE) == {"code": "K108", "severity": "note", "message": "not checked\x1b[2J", "path": "kind"}
    assert json.loads(to_json([FULL, BARE])) == [as_dict(FULL), as_dict(BARE)]
    assert list(as_dict(FULL)) == [
        "code", "severity", "message", "file", "line", "column", "path", "cell", "found", "expected", "hint",
    ]  # fmt: skip


def test_a_table_cannot_drive_the_terminal() -> None:
    assert to_table([FULL, NOTE]).splitlines() == [
        "a b.yaml:3:5: spec.image: warning[P201]: not pinned; found 'x'; expected a digest; pin it",
        "kind: note[K108]: not checked\\x1b[2J",
        "1 warning, 1 note",
    ]
    assert safe("a\x9b\u202e\U000e0001") == "a\\x9b\\u202e\\U000e0001"


def test_the_summary_counts() -> None:
    assert summary([]) == "no findings"
    assert summary([BARE, BARE, NOTE]) == "2 errors, 1 note"


def test_github_commands_hold_one_message_each() -> None:
    assert to_github([FULL, BARE, NOTE]).splitlines() == [
        "::warning file=a b.yaml,line=3,col=5,title=dlaasgen P201::spec.image: not pinned; found 'x'; expected a "
        "digest; pin it",
        "::error file=m%2C1%3A2.yaml,title=dlaasgen M101::50%25 wrong%0D%0A::error::x",
        "::notice title=dlaasgen K108::kind: not checked\x1b[2J",
    ]


def test_sarif_has_what_its_readers_need() -> None:
    log = json.loads(to_sarif([FULL, BARE, NOTE], {"P201": ("Image not pinned", "A tag can be moved.")}))
    assert log["version"] == "2.1.0"
    assert log["$schema"].startswith("https://")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == ["K108", "M101", "P201"]
    assert rules[2]["shortDescription"] == {"text": "Image not pinned"}
    assert rules[2]["fullDescription"] == {"text": "A tag can be moved."}
    assert rules[2]["help"] == {"text": "A tag can be moved.\n\n`dlaasgen explain P201` says this as well."}
    assert [r["level"] for r in run["results"]] == ["warning", "error", "note"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
    first, second, third = run["results"]
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a%20b.yaml"},
                "region": {"startLine": 3, "startColumn": 5},
            },
            "logicalLocations": [{"fullyQualifiedName": "spec.image"}],
        }
    ]
    place = {"artifactLocation": {"uri": "m%2C1%3A2.yaml"}, "region": {"startLine": 1}}
    assert second["locations"] == [{"physicalLocation": place}]
    assert "locations" not in third


def test_sarif_without_findings_is_a_clean_run() -> None:
    (run,) = json.loads(to_sarif([], {}))["runs"]
    assert run["results"] == []


def test_a_region_without_a_column() -> None:
    (run,) = json.loads(to_sarif([Finding("R110", "drift", file="a", line=2)], {}))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 2}


@pytest.mark.parametrize(("file", "uri"), [("a b.yaml", "a%20b.yaml"), ("/x/a:b.yaml", "file:///x/a%3Ab.yaml")])
def test_a_file_is_a_relative_uri_or_a_whole_one(file: str, uri: str) -> None:
    (run,) = json.loads(to_sarif([Finding("R110", "drift", file=file)], {}))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_json_has_nothing_that_a_terminal_would_obey() -> None:
    value = {"a": "é日🎉", "b\x9b31m": ["\x7f", "\u202e", "\U000e0001", "\x1b", "\n"]}
    text = json_text(value)
    assert text.replace("\n", "").isprintable()
    assert "é日🎉" in text
    assert json.loads(text) == value
    assert json_text(["é"]) == '[\n  "é"\n]'
