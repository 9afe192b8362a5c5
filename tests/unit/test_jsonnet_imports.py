"""Imports of prototypes: they stay inside, and are known before anything is evaluated."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import orjson
import pytest

from dlaasgen.adapters import jsonnet
from dlaasgen.adapters.jsonnet import ENGINES, engine, evaluate
from evaluating import ONLY, fault, laid_out, library, values, write

if TYPE_CHECKING:
    from pathlib import Path


both = pytest.mark.parametrize("name", ENGINES)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Prototypes of a project, those shipped, and what must stay out of reach."""
    return laid_out(tmp_path)


GOOD = {
    "import 'lib/good.libsonnet'": {"good": True},
    "import './lib/../lib/good.libsonnet'": {"good": True},
    "import 'inside'": {"good": True},
    "importstr 'lib/good.libsonnet'": "{ good: true }",
    "import 'lib/shipped.libsonnet'": {"shipped": True, "good": "shipped"},
    # Out and in again is in.
    "import '../prototypes/lib/good.libsonnet'": {"good": True},
}


@both
def test_imports(project: Path, name: str) -> None:
    assert values(project, f"function(p) [{', '.join(GOOD)}]", name) == [list(GOOD.values())]


OUT = "leads out of the prototypes' folders"


@both
@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/etc/passwd", f": {ONLY}"),
        ("//etc/passwd", f": {ONLY}"),
        ("../../secret", f" {OUT}"),
        ("lib/../../../secret", f" {OUT}"),
        ("../../../../../../../../../../etc/passwd", f" {OUT}"),
        ("link", f" {OUT}"),
        ("way/secret", f" {OUT}"),
    ],
)
def test_imports_do_not_lead_out(project: Path, name: str, target: str, why: str) -> None:
    told = fault(project, f"function(p)\n  import '{target}'", name)
    assert told == f"prototypes/p.jsonnet:2:3: error[T108]: import of '{target}'{why}"


@both
@pytest.mark.parametrize("word", ["importstr", "importbin"])
def test_no_kind_of_import_leads_out(project: Path, name: str, word: str) -> None:
    told = fault(project, f"function(p)\n  {word} 'link'", name)
    assert told == f"prototypes/p.jsonnet:2:3: error[T108]: import of 'link' {OUT}"


@both
@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("lib/god.libsonnet", "; did you mean lib/good.libsonnet?"),
        ("lib", ""),
        ("dangling", ""),
        ("zzzz" * 100, ""),
        ("~/x", ""),
        ("http://localhost/x", ""),
    ],
)
def test_imports_of_what_is_not_there(project: Path, name: str, target: str, hint: str) -> None:
    told = fault(project, f"function(p) import '{target}'", name)
    text = f"import of '{target}': no such file in the prototypes' folders{hint}"
    text = text if len(text) <= 300 else text[:299] + "…"
    assert told == f"prototypes/p.jsonnet:1:13: error[T106]: {text}"


@both
def test_a_prototype_sees_nothing_of_its_surroundings(
    project: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "s")
    monkeypatch.chdir(project)
    assert fault(project, "function(p) std.extVar('SECRET')", name).endswith(": SECRET")
    assert "no such file" in fault(project, "function(p) import 'secret'", name)


IMPORTS = [
    "import 'lib/good.libsonnet'", 'import "lib/good.libsonnet"', "import'lib/good.libsonnet'",
    "import\n\t'lib/good.libsonnet'",
    "import @'lib/good.libsonnet'", 'import @"lib/good.libsonnet"', "import /* a */ 'lib/good.libsonnet'",
    "import /* * '/ */ /**/ 'lib/good.libsonnet'", "import // it's\n # \"x\n 'lib/good.libsonnet'",
    "import 'lib/good\\u002elibsonnet'", "importstr 'lib/good.libsonnet'",
    "importbin 'lib/good.libsonnet'", "(import 'lib/good.libsonnet').good", "{ a: import 'lib/good.libsonnet' }.a",
]  # fmt: skip


@pytest.mark.parametrize("text", IMPORTS)
def test_what_is_imported_is_known_beforehand(project: Path, text: str) -> None:
    write(project, f"function(p) {text}")
    assert list(library(project).closure("p")) == ["prototypes/lib/good.libsonnet", "prototypes/p.jsonnet"]


@both
def test_the_engines_take_all_these_for_the_same_import(project: Path, name: str) -> None:
    write(project, f"function(p) [{', '.join(IMPORTS)}]")
    found = library(project)
    evaluate(found, "p", {}, [{}], engine(name), json.dumps)
    assert {found.shown(path) for path in found._texts} == {"prototypes/lib/good.libsonnet", "prototypes/p.jsonnet"}


@pytest.mark.parametrize(
    ("literal", "file"),
    [
        ("'a''b'", None), ("@'it''s'", "it's"), ('@"a""b"', 'a"b'), ("'it\\'s'", "it's"), ('"it\'s"', "it's"),
        ('"a\\"b"', 'a"b'), ("'a\"b'", 'a"b'), ("'a\\\\b'", "a\\b"), ("'\\ud83d\\ude00'", "😀"), ("'a\\qb'", None),
        ("'\\u00e9\"\\'\\\\'", "é\"'\\"), ("@'a\\b'", "a\\b"),
    ],
)  # fmt: skip
def test_names_of_imported_files_are_read_as_jsonnet_does(project: Path, literal: str, file: str | None) -> None:
    if file is not None:
        (project / "project" / "prototypes" / file).write_text("{ here: true }")
    write(project, f"function(p) import {literal}")
    found = library(project)
    expected = {"prototypes/p.jsonnet"} | ({f"prototypes/{file}"} if file else set())
    assert set(found.closure("p")) == expected
    if file is not None:
        assert orjson.loads(evaluate(found, "p", {}, [{}], engine("rjsonnet"), json.dumps)) == [{"here": True}]


def test_the_closure_follows_imports_and_tells_contents(project: Path) -> None:
    write(
        project,
        "local a = import 'lib/shipped.libsonnet', b = import 'lib/good.libsonnet', c = import 'p.jsonnet';\n"
        "// import 'lib/bad.libsonnet', import '/etc/passwd', import 'nowhere'\nfunction(p) a",
    )
    found = library(project).closure("p")
    assert list(found) == [
        "prototypes/lib/bad.libsonnet",
        "prototypes/lib/good.libsonnet",
        "prototypes/lib/shipped.libsonnet",
        "prototypes/p.jsonnet",
    ]
    shipped = "{ shipped: true } + import 'good.libsonnet'"
    assert found["prototypes/lib/shipped.libsonnet"] == hashlib.sha256(shipped.encode()).hexdigest()
    # Two files are called lib/good.libsonnet here; a change of either one shows.
    for folder in ("project/prototypes", "shipped"):
        (project / folder / "lib" / "good.libsonnet").write_text("{ other: 1 }")
        changed = library(project).closure("p")
        assert {k for k in found if found[k] != changed[k]} == {"prototypes/lib/good.libsonnet"}
        found = changed


def test_a_long_comment_before_a_quote_takes_no_time() -> None:
    text = "import " + "/* * /" * 2000 + "/**/" * 2000 + "// x\n" * 2000 + " " * 20000
    assert jsonnet._IMPORT.findall(text) == []
