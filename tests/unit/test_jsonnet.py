"""The engines: both give the same, and what goes wrong is told with its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from dlaasgen.adapters.jsonnet import ENGINES, Library, engine, evaluate, items
from dlaasgen.adapters.matrix_files import read_bytes
from dlaasgen.adapters.project import shipped_prototypes
from dlaasgen.cells import Cell, expand
from dlaasgen.errors import PrototypeError, UsageError
from dlaasgen.matrix import Matrix
from dlaasgen.rendering import Plan, render
from evaluating import ONLY, fault, laid_out, library, values, write
from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


both = pytest.mark.parametrize("name", ENGINES)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Prototypes of a project, those shipped, and what must stay out of reach."""
    return laid_out(tmp_path)


@both
def test_each_cell_lies_over_what_is_common(project: Path, name: str) -> None:
    found = values(project, "function(p) p", name, {"a": 1}, {"b": [1, {"c": None}]}, common={"a": 0, "b": "é😀\u2028"})
    assert found == [{"a": 1, "b": "é😀\u2028"}, {"a": 0, "b": [1, {"c": None}]}]


# What each engine says: (the prototype, rjsonnet's words, the reference's words).
FAULTS = {
    "syntax": (
        "function(p)\n  {\n  a: 1\n  b: 2 }",
        'prototypes/p.jsonnet:4:3: error[T106]: syntax error: expected one of "(", ".", "?", "[", "{", "}", '
        '<binary op>, got "b"',
        "prototypes/p.jsonnet:4:3: error[T106]: expected a comma before next field.",
    ),
    "syntax of an import": (
        "local b = import 'lib/bad.libsonnet';\nfunction(p) b",
        'prototypes/lib/bad.libsonnet:3:6: error[T106]: syntax error: expected one of "(", "[", "{", <identifier>, '
        """<number>, <string>, <unary op>, ['"'], ['\\''], got "}\"""",
        'prototypes/lib/bad.libsonnet:3:6: error[T106]: unexpected: "}" while parsing terminal',
    ),
    "error": (
        "function(p)\n  error 'no such ' + p.name",
        "prototypes/p.jsonnet:2:3: error[T106]: no such n",
        "prototypes/p.jsonnet:2:3: error[T106]: no such n",
    ),
    "error in an import": (
        "local l = import 'lib/fails.libsonnet';\nfunction(p) { a: l.f(p.name) }",
        "prototypes/lib/fails.libsonnet:2:10: error[T106]: boom n",
        "prototypes/lib/fails.libsonnet:2:10: error[T106]: boom n",
    ),
    "error of several lines": (
        "function(p) error 'one\\n\\n two'",
        "prototypes/p.jsonnet:1:13: error[T106]: one; two",
        "prototypes/p.jsonnet:1:13: error[T106]: one; two",
    ),
    "error without words": (
        "function(p) error ''",
        "prototypes/p.jsonnet:1:13: error[T106]: it gives no reason",
        "prototypes/p.jsonnet:1:13: error[T106]: it gives no reason",
    ),
    "error that paints the terminal": (
        "function(p) error '\\u001b[31m\\u202e\\u0007'",
        "prototypes/p.jsonnet:1:13: error[T106]: \\x1b[31m\\u202e\\x07",
        "prototypes/p.jsonnet:1:13: error[T106]: \\x1b[31m\\u202e\\x07",
    ),
    "error without end": (
        "function(p) error std.repeat('x', 10000)",
        f"prototypes/p.jsonnet:1:13: error[T106]: {'x' * 299}…",
        f"prototypes/p.jsonnet:1:13: error[T106]: {'x' * 299}…",
    ),
    "assertion": (
        "function(p)\n  assert p.name == 'y' : 'want y';\n  {}",
        "prototypes/p.jsonnet:2:10: error[T106]: assert failed: want y",
        "prototypes/p.jsonnet:2:3: error[T106]: want y",
    ),
    "unknown field": (
        "function(p)\n  { a: p.nam }",
        "prototypes/p.jsonnet:2:8: error[T106]: no such field: nam; did you mean name?",
        "prototypes/p.jsonnet:2:8: error[T106]: field does not exist: nam",
    ),
    "unknown variable": (
        "function(p)\n  local count = 1;\n  { a: coun }",
        "prototypes/p.jsonnet:3:8: error[T106]: variable is not defined: coun; did you mean count?",
        "prototypes/p.jsonnet:3:8: error[T106]: Unknown variable: coun",
    ),
    "type": (
        "function(p)\n  { a: 1 + null }",
        "prototypes/p.jsonnet:2:8: error[T106]: binary operation number + null is not implemented",
        "prototypes/p.jsonnet:2:8: error[T106]: binary operator + requires matching types, got number and null.",
    ),
    "division": (
        "function(p) { a: 1 / 0 }",
        "prototypes/p.jsonnet:1:18: error[T106]: attempted to divide by zero",
        "prototypes/p.jsonnet:1:18: error[T106]: division by zero.",
    ),
    "recursion": (
        "function(p)\n  local f(x) = f(x + 1);\n  f(0)",
        "prototypes/p.jsonnet:2:16: error[T106]: stack overflow, try to reduce recursion, or set --max-stack to bigger "
        "value",
        "prototypes/p.jsonnet:2:16: error[T106]: max stack frames exceeded.",
    ),
    "no function": (
        "{ a: 1 }",
        "prototypes/p.jsonnet: error[T106]: only functions can be called, got object",
        "prototypes/p.jsonnet: error[T106]: only functions can be called, got object",
    ),
    "a function": (
        "function(p) function(x) x",
        "prototypes/p.jsonnet: error[T106]: tried to manifest function",
        "prototypes/p.jsonnet: error[T106]: couldn't manifest function in JSON output.",
    ),
    "too many arguments": (
        "function(p, q) p",
        "prototypes/p.jsonnet: error[T106]: function argument is not passed: q; "
        "Function has the following signature: (p, q)",
        "prototypes/p.jsonnet: error[T106]: function parameter q not bound in call.",
    ),
    "computed import": (
        "function(p)\n  import 'lib/' + 'good.libsonnet'",
        "prototypes/p.jsonnet:2:10: error[T106]: computed imports are not supported",
        "prototypes/p.jsonnet:2:10: error[T106]: computed imports are not allowed.",
    ),
    "import that is no text": (
        "local b = import 'lib/binary';\nfunction(p) b",
        "prototypes/p.jsonnet:2:13: error[T106]: cannot read prototypes/lib/binary: it is not UTF-8",
        "prototypes/p.jsonnet:1:11: error[T106]: cannot read prototypes/lib/binary: it is not UTF-8",
    ),
}


@pytest.mark.parametrize(("text", "quick", "reference"), FAULTS.values(), ids=FAULTS.keys())
def test_faults_are_told_with_their_place(project: Path, text: str, quick: str, reference: str) -> None:
    assert fault(project, text, "rjsonnet") == quick
    assert fault(project, text, "jsonnet") == reference


def test_what_only_the_default_engine_refuses(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        msg = "RUNTIME ERROR: "
        raise RuntimeError(msg)

    monkeypatch.setattr("rjsonnet.evaluate_snippet", refuse)
    assert fault(project, "function(p) {}", "rjsonnet") == (
        "prototypes/p.jsonnet: error[T106]: it gives no reason; the other engine can: --engine jsonnet"
    )
    # For a whole chunk the reference is not asked: its cells come one by one.
    assert (
        fault(project, "function(p) {}", "rjsonnet", {}, {}) == "prototypes/p.jsonnet: error[T106]: it gives no reason"
    )


def test_a_place_in_a_message_is_no_place(project: Path) -> None:
    assert fault(project, "function(p)\n  error 'see prototypes/x.jsonnet:7:9 there'", "jsonnet") == (
        "prototypes/p.jsonnet:2:3: error[T106]: see prototypes/x.jsonnet:7:9 there"
    )


def test_places_do_not_depend_on_the_working_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (project, project / "project" / "prototypes", project / "project" / "prototypes" / "lib"):
        monkeypatch.chdir(folder)
        for name in ENGINES:
            assert fault(project, "function(p)\n  error 'x'", name) == "prototypes/p.jsonnet:2:3: error[T106]: x"


def test_a_failed_cell_is_named(project: Path) -> None:
    body = "if p.size > 1 then error 'too large' else { apiVersion: 'v1', kind: 'X' }"
    write(project, f"// @name p\n// @param size integer Size\nfunction(p)\n  {body}")
    found = library(project)

    def evaluated(common: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> list[str]:
        return items(evaluate(found, "p", common, given, engine("rjsonnet"), json.dumps), len(given))

    plan = Plan(Matrix("m", "p", "job", ()), found.prototype("p"), "1", ".yaml", evaluated, lambda *_: (), json.dumps)
    with pytest.raises(PrototypeError) as caught:
        list(render(plan, [Cell(f"c{n}", {}, {"size": n}) for n in range(5)]))
    assert [str(f) for f in caught.value.findings] == [
        "prototypes/p.jsonnet:4:22: error[T106]: the prototype cannot be evaluated: too large (cell c2 and 2 more)"
    ]


def test_prototypes_are_found_nearest_first(project: Path) -> None:
    found = library(project)
    assert found.prototype("tfjob").file == "prototypes/tfjob.jsonnet"
    write(project, "// @name mine\nfunction(p) {}", "tfjob")
    write(project, "// @name nested\nfunction(p) {}", "lib/nested")
    assert found.prototype("tfjob").name == "mine"
    assert found.prototype("lib/nested").name == "nested"
    assert found.names() == ["lib/nested", "tfjob"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tfjbo", "prototype: error[T101]: no prototype is called tfjbo; found tfjbo; did you mean tfjob?"),
        ("zzz", "prototype: error[T101]: no prototype is called zzz; found zzz; prototypes: out, tfjob"),
        ("out", "prototype: error[T108]: import of 'out.jsonnet' leads out of the prototypes' folders; found out"),
        (
            "../../secret",
            "prototype: error[T101]: no prototype is called ../../secret; found ../../secret; prototypes: out, tfjob",
        ),
        (
            "/x",
            f"prototype: error[T108]: import of '/x.jsonnet': {ONLY}; found /x",
        ),
    ],
)
def test_prototypes_that_are_not_there(project: Path, name: str, told: str) -> None:
    (project / "project" / "prototypes" / "out.jsonnet").symlink_to(project / "secret")
    with pytest.raises(PrototypeError) as caught:
        library(project).prototype(name)
    assert [str(f) for f in caught.value.findings] == [told]


def test_no_prototypes_at_all(tmp_path: Path) -> None:
    with pytest.raises(PrototypeError, match=r"no prototype is called x; found x; prototypes: none$"):
        Library([str(tmp_path)]).prototype("x")


def test_a_prototype_that_cannot_be_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(PrototypeError) as caught:
        library(project).prototype("tfjob")
    told = "prototypes/tfjob.jsonnet: error[T106]: cannot read prototypes/tfjob.jsonnet: Permission denied"
    assert [str(f) for f in caught.value.findings] == [told]


def test_paths_outside_are_shown_by_their_name(project: Path) -> None:
    assert library(project).shown(str(project / "secret")) == "secret"


def test_engines_have_names() -> None:
    with pytest.raises(UsageError) as caught:
        engine("gojsonnet")
    assert [str(f) for f in caught.value.findings] == [
        "error[T106]: no jsonnet engine is called gojsonnet; found gojsonnet; expected rjsonnet, jsonnet"
    ]


MATRICES = sorted((ROOT / "matrix").glob("*.yaml"))


@pytest.mark.parametrize("file", MATRICES, ids=lambda f: f.stem)
def test_both_engines_agree_on_every_matrix(file: Path) -> None:
    matrix = read_bytes(file.read_bytes(), file.name)
    found = Library([shipped_prototypes()])
    prototype = found.prototype(matrix.prototype)
    identity = {"name": "n", "labels": {"a": "b"}, "annotations": {}}
    cells = [{**prototype.defaults, **cell.params, **identity} for cell in expand(matrix)][:40]
    one, other = (orjson.loads(evaluate(found, matrix.prototype, {}, cells, engine(n), json.dumps)) for n in ENGINES)
    assert one == other
    assert len(one) == len(cells)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    "source",
    ["[{}, {a: {}}]", "[{a: [{}, {b: '},\\n    {'}]}, {c: null}]", "[{a: 1}]", "[{a: [1, {}]}, {}, {b: [[{}]]}]"],
)
def test_an_array_of_objects_is_cut_into_its_items(name: str, source: str) -> None:
    text = engine(name)(source, {}, Library([]))
    whole = json.loads(text)
    assert [json.loads(part) for part in items(text, len(whole))] == whole


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    "source",
    [
        "[1, {}]",
        "[{}, 1]",
        "[{}, 1, {}]",
        "[{}, [1], {}]",
        "[[{}], {}]",
        "[{}, [{}]]",
        "[{}, {}, {}]",
        "[]",
        "['[\\n    {', {}]",
        "{}",
    ],
)
def test_any_other_array_is_not_cut(name: str, source: str) -> None:
    with pytest.raises(ValueError, match="not an array of 2 objects"):
        items(engine(name)(source, {}, Library([])), 2)
