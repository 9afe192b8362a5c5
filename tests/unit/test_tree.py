"""The tree as data: an index that comes back, a README that nothing in it can break, and differences."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dlaasgen.canonical import dump
from dlaasgen.findings import Finding
from dlaasgen.findings_rows import rows_of
from dlaasgen.tree import Drift, Entry, Index, compare, dump_index, kustomization, load_index, owned
from dlaasgen.tree_readme import readme

if TYPE_CHECKING:
    from markdown_it.token import Token

INDEX = Index(
    matrix="nightly",
    source="matrix/nightly.yaml",
    prototype="tfjob",
    dialect="tfjob-v1",
    inputs={"matrix": "00", "prototypes/tfjob.jsonnet": "11"},
    options={"run": "1", "format": "yaml", "select": []},
    params={"namespace": "dlaas", "env": {"A": "é\u2028", "n": 1e-05}},
    entries=[
        Entry(
            "a-bs32", "nightly-a-01234567", {"model": "a", "bs": "32"}, {"model": "a", "bs": 32}, {"jobs/a.yaml": "d"}
        ),
        Entry(
            "b-r2", "nightly-b-89abcdef", {"model": "b"}, {"model": "b", "mkl": True}, {"jobs/b.yaml": "d"}, repeat=2
        ),
    ],
    files={"README.md": "e"},
    findings=[{"code": "P201", "message": "m"}],
)


def test_the_index_comes_back() -> None:
    assert load_index(json.loads(dump_index(INDEX))) == INDEX
    empty = replace(INDEX, entries=[], findings=[], params={})
    assert load_index(json.loads(dump_index(empty))) == empty


def test_the_index_has_a_line_for_each_cell() -> None:
    assert (
        dump_index(replace(INDEX, findings=[]))
        == """\
{
  "apiVersion": "dlaasgen/v1",
  "kind": "Index",
  "matrix": "nightly",
  "source": "matrix/nightly.yaml",
  "prototype": "tfjob",
  "dialect": "tfjob-v1",
  "options": {"run":"1","format":"yaml","select":[]},
  "inputs": {"matrix":"00","prototypes/tfjob.jsonnet":"11"},
  "params": {"namespace":"dlaas","env":{"A":"é\u2028","n":0.00001}},
  "files": {"README.md":"e"},
  "findings": [
  ],
  "cells": [
    {"id":"a-bs32","job":"nightly-a-01234567","axes":{"model":"a","bs":"32"},"params":{"model":"a","bs":32},"files":{"jobs/a.yaml":"d"}},
    {"id":"b-r2","job":"nightly-b-89abcdef","axes":{"model":"b"},"params":{"model":"b","mkl":true},"files":{"jobs/b.yaml":"d"},"repeat":2}
  ]
}
"""
    )


def changed(**fields: Any) -> Any:
    return {**json.loads(dump_index(INDEX)), **fields}


def cell(**fields: Any) -> Any:
    return [{"id": "a", "job": "j", "axes": {}, "params": {}, "files": {}, **fields}]


@pytest.mark.parametrize(
    "document",
    [
        None, [], {}, "text", 1, changed(apiVersion="dlaasgen/v2"), changed(kind="List"), changed(matrix=1),
        changed(source=None), changed(inputs=[]), changed(options=None), changed(params=[]), changed(files=[]),
        changed(files="x"), changed(findings={}), changed(findings=[1]), changed(cells=None), changed(cells=1),
        changed(cells=[1]), changed(cells=[[]]), changed(cells={"a": 1}), changed(cells=cell(id=1)),
        changed(cells=cell(files=[])), changed(cells=cell(axes="x")), changed(cells=cell(repeat="2")),
        changed(cells=cell(repeat=True)),
        {k: v for k, v in changed().items() if k != "files"},
    ],
)  # fmt: skip
def test_what_is_no_index(document: object) -> None:
    assert load_index(document) is None


def test_what_an_index_owns() -> None:
    assert owned(INDEX) == {"README.md": "e", "jobs/a.yaml": "d", "jobs/b.yaml": "d"}


def test_kustomization() -> None:
    text = kustomization(["jobs/b.yaml", "jobs/a.yaml"])
    assert yaml.safe_load(text) == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["jobs/b.yaml", "jobs/a.yaml"],
    }


@given(
    st.lists(
        st.from_regex(r"jobs/[a-z0-9.-]{1,5}(_1-service)?\.(yaml|json)", fullmatch=True)
        | st.sampled_from(["jobs/a b.yaml", "jobs/a.yaml\n- x", "on", "a: b"]),
        max_size=5,
    )
)
def test_a_kustomization_is_canonical_yaml(files: list[str]) -> None:
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    assert kustomization(iter(files)) == dump({**head, "resources": files})


def test_differences() -> None:
    drift = compare({"b": "1", "a": "1", "c": "1", "d": "1"}, {"c": "2", "d": "1", "z": "1", "y": "1"})
    assert drift == Drift(missing=("a", "b"), changed=("c",), extra=("y", "z"))
    assert not compare({"a": "1"}, {"a": "1"})
    for part in ("missing", "changed", "extra"):
        assert Drift(**{part: ("a",)})


def test_the_readme() -> None:
    finding = Finding("P201", "the image has no digest", "warning", cell="a-bs32", found="x:1", hint="add @sha256:...")
    other = Finding("P101", "all | of it", file="m.yaml", line=3)
    last = Finding("P102", "nothing more")
    assert (
        readme(replace(INDEX, findings=rows_of([finding, other, last], [])))
        == """\
# nightly

Generated by dlaasgen from `matrix/nightly.yaml`: do not edit. `dlaasgen render matrix/nightly.yaml` writes it anew.

2 cells, prototype `tfjob`, dialect `tfjob-v1`, run `1`.

| parameter of every cell | value |
|---|---|
| namespace | dlaas |
| env | {"A": "é ", "n": 1e-05} |

| cell | model | bs | mkl | job |
|---|---|---|---|---|
| [a-bs32](jobs/a.yaml) | a | 32 |  | nightly-a-01234567 |
| [b-r2](jobs/b.yaml) | b |  | true | nightly-b-89abcdef |

## Findings

| code | severity | where | finding |
|---|---|---|---|
| P101 | error | m.yaml:3 | all \\| of it |
| P102 | error | all cells | nothing more |
| P201 | warning | a-bs32 | the image has no digest; found x:1; add @sha256:... |
"""
    )


def test_the_readme_of_a_matrix_without_parameters_or_findings() -> None:
    text = readme(replace(INDEX, params={}, findings=[]))
    assert "parameter of every cell" not in text
    assert text.endswith("\n## Findings\n\nNone.\n")


def test_the_readme_says_which_value_an_id_stands_for() -> None:
    params: list[dict[str, Any]] = [{"image": "x@sha256:1", "n": 3}, {"image": {"a|b": [1]}, "n": 3}, {"n": 3}]
    entries = [
        Entry(f"c{k}", f"m-c{k}", {"image": f"i{k}", "n": "3"}, own, {f"jobs/c{k}.yaml": "d"})
        for k, own in enumerate(params)
    ]
    lines = readme(replace(INDEX, entries=entries, findings=[])).splitlines()
    start = lines.index("| axis | value's id | value |")
    assert lines[start + 2 : start + 5] == ["| image | i0 | x@sha256:1 |", '| image | i1 | {"a\\|b": \\[1\\]} |', ""]


def test_the_readme_tells_a_finding_of_many_cells_once() -> None:
    found = [
        Finding("P201", "the image has no digest", file=f"jobs/{c}.yaml", path=role, cell=c, found="x")
        for c in ("a-bs32", "b-r2")
        for role in ("PS", "Worker")
    ]
    assert _rows(found) == ["| P201 | error | a-bs32 and 1 more | the image has no digest; found x |"]
    assert _rows(found[2:]) == ["| P201 | error | b-r2 | the image has no digest; found x |"]
    assert _rows([Finding("P506", "many", "warning")]) == ["| P506 | warning | all cells | many |"]


def test_the_readme_shows_some_findings_of_each_code() -> None:
    found = [Finding("P105", f"pod {n:02}", cell="b-r2") for n in range(23)] + [Finding("P106", "x", cell="b-r2")]
    assert len(_rows(found)) == 21
    text = readme(replace(INDEX, findings=rows_of(found, ["a-bs32", "b-r2"])))
    assert text.endswith("|\n\nAnd 3 more of P105: `index.json` has them all.\n")


def _rows(found: list[Finding]) -> list[str]:
    """The rows of findings in a README."""
    text = readme(replace(INDEX, findings=rows_of(found, ["a-bs32", "b-r2"])))
    return [line for line in text.splitlines() if line.startswith("| P")]


MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PLAIN = {"inline", "text", "code_inline", "softbreak", "link_open", "link_close"}


def tables(text: str) -> tuple[list[list[list[Token]]], list[Token]]:
    """The tables of a page as rows of cells, each its inline tokens; and all tokens that are outside of tables."""
    rows: list[list[list[Token]]] = []
    outside: list[Token] = []
    depth = 0
    for token in MARKDOWN.parse(text):
        depth += token.type == "table_open"
        if token.type == "tr_open":
            rows.append([])
        elif depth and token.type == "inline":
            rows[-1].append(token.children or [])
        elif not depth:
            outside.append(token)
        depth -= token.type == "table_close"
    return rows, outside


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=y>", "<!-- x -->", "&lt;b&gt;", "&amp;", "&#x3c;", "a|b", "a\\|b",
    "\\", "\\\\", "`x`", "``", "[x](javascript:y)", "![x](y)", "[x]: http://y", "<http://x>", "*x*", "**x**", "_x_",
    "__x__", "a_b_c", "_", "~~x~~", "~x~", "# x", "- x", "1. x", "> x", "---", "|---|", "| a | b |", "\\_x_", "\\`",
    "{{ x }}", "$x$", ":smile:", "[x]", "[ ]", "![", "](", "a\\", "!", "é", "😀",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_breaks_the_readme(text: str) -> None:
    check(text, text)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\nb", "a b"), ("a\r\n\n# b", "a   # b"), ("a\u2028b\x85c", "a b c"), ("a\x1b[31mb", "a\\u001b[31mb"),
        ("a\u202eb", "a\\u202eb"), ("a\x00b", "a\\u0000b"), ("\ufeffa", "\\ufeffa"), ("a\ud800", "a\\ud800"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_written_out(text: str, seen: str) -> None:
    check(text, seen)


@given(st.text(st.sampled_from("ab1_*~`|\\<>&[]()!#-.:/ \"'{}"), min_size=1, max_size=24).map(str.strip).filter(bool))
def test_no_combination_breaks_the_readme(text: str) -> None:
    check(text, text)


def check(text: str, seen: str) -> None:
    """A README with `text` everywhere that others may write shows it as `seen`, and is otherwise the same page."""
    own = {"axis": text, "other axis": text, text: text}
    entry = Entry("a", "m-a-01234567", {"axis": text, "other axis": "its id"}, own, {"jobs/a.yaml": "d"})
    index = replace(INDEX, source=text, prototype=text, params={text: text}, entries=[entry])
    found = [Finding("P201", text, cell="a", found=text, hint=text), Finding("P201", text, file=text)]
    page = readme(replace(index, findings=rows_of(found, ["a"])))
    page.encode()
    rows, outside = tables(page)
    seen = seen.strip()
    shown = [["".join(t.content for t in cell) for cell in row] for row in rows]
    job = ["cell", "axis", "other axis", *([seen] if text != "axis" else []), "job"]
    values = ["a", seen, "its id", *([seen] if text != "axis" else []), "m-a-01234567"]
    assert shown == [
        ["parameter of every cell", "value"],
        [seen, seen],
        ["axis", "value's id", "value"],
        ["other axis", "its id", seen],
        job,
        values,
        ["code", "severity", "where", "finding"],
        ["P201", "error", "a", f"{seen}; found {seen}; {seen}".strip()],
        ["P201", "error", seen, seen],
    ]
    tokens = [t for row in rows for cell in row for t in cell]
    assert {t.type for t in tokens} <= PLAIN - {"code_inline"}
    assert [t.attrGet("href") for t in tokens if t.type == "link_open"] == ["jobs/a.yaml"]
    inline = [t for token in outside for t in token.children or []]
    assert {t.type for t in inline} <= {"text", "code_inline"}
    opened = ["heading_open", "paragraph_open", "paragraph_open", "heading_open"]
    assert [t.type for t in outside if t.type.endswith("_open")] == opened
    assert len([t for t in inline if t.type == "code_inline"]) == 5
