"""Expansion against an oracle that knows nothing of masks: plain loops over plain dicts."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given
from hypothesis import strategies as st

from dlaasgen.cells import expand, expand_with_notes, explain, github_matrix, select
from dlaasgen.errors import DlaasgenError, MatrixError
from dlaasgen.ids import compile_template, is_id, nearest_id
from dlaasgen.matrix import Axis, AxisValue, Exclude, Include, Matrix, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

AXES = ["a", "b", "c"]
VALUE = st.integers(0, 2)
NEW = st.integers(0, 4)


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    names = draw(st.lists(st.sampled_from(AXES), unique=True, max_size=3))
    axes = [(name, draw(st.lists(VALUE, min_size=1, max_size=3, unique=True))) for name in names]
    zipped: tuple[tuple[str, ...], ...] = ()
    if len(axes) > 1 and draw(st.booleans()):
        one, other = draw(st.permutations(range(len(axes))))[:2]
        axes[other] = (axes[other][0], draw(st.permutations(range(len(axes[one][1])))))
        zipped = ((axes[one][0], axes[other][0]),)
    made = []
    for i, (name, values) in enumerate(axes):
        extras = [draw(st.dictionaries(st.just(f"e{i}"), VALUE)) for _ in values]
        made.append(Axis(name, tuple(AxisValue(str(v), v, e) for v, e in zip(values, extras, strict=True))))
    either = st.lists(VALUE, min_size=1, max_size=2).map(tuple)
    match = st.dictionaries(st.sampled_from([*names, "p", "e0", "e1"]), either, min_size=1, max_size=3)
    keys = st.sampled_from([*names, "p", "x", "y", "e0"])
    entries = st.lists(st.dictionaries(keys, NEW, min_size=1), max_size=4)
    return Matrix(
        "m", "p", "d", tuple(made),
        params=draw(st.dictionaries(st.just("p"), VALUE)),
        zip=zipped,
        exclude=tuple(Exclude(i, m) for i, m in enumerate(draw(st.lists(match, max_size=3)))),
        include=tuple(Include(i, v) for i, v in enumerate(draw(entries))),
    )  # fmt: skip


def combinations(matrix: Matrix) -> list[dict[str, AxisValue]]:
    """Every combination, in order: a zipped axis follows the other, and stands where the first of them stands."""
    if not matrix.axes:
        return []
    follows = {max(group, key=_place(matrix)): min(group, key=_place(matrix)) for group in matrix.zip}
    leading = [axis for axis in matrix.axes if axis.name not in follows]
    combos = []
    for numbers in product(*(range(len(axis.values)) for axis in leading)):
        at = dict(zip((axis.name for axis in leading), numbers, strict=True))
        combos.append({axis.name: axis.values[at[follows.get(axis.name, axis.name)]] for axis in matrix.axes})
    return combos


def _place(matrix: Matrix) -> Callable[[str], int]:
    return [axis.name for axis in matrix.axes].index


def oracle(matrix: Matrix) -> list[dict[str, Any]]:
    """Every cell's parameters."""
    originals = []
    for combo in combinations(matrix):
        params = {**matrix.params, **{name: value.value for name, value in combo.items()}}
        for value in combo.values():
            params.update(value.extra)
        if not any(all(params.get(k) in v for k, v in rule.match.items()) for rule in matrix.exclude):
            originals.append(({name: value.value for name, value in combo.items()}, params))
    added = []
    axes = {axis.name: axis for axis in matrix.axes}
    for entry in matrix.include:
        hits = [params for old, params in originals if all(old.get(k, v) == v for k, v in entry.values.items())]
        for params in hits:
            params.update({k: v for k, v in entry.values.items() if k not in axes})
        if not hits:
            known = [v for k, axis in axes.items() for v in axis.values if entry.values.get(k) == v.value]
            extras = {k: v for value in known for k, v in value.extra.items()}
            added.append({**matrix.params, **extras, **entry.values})
    return [params for _, params in originals] + added


def outcome(matrix: Matrix) -> list[dict[str, Any]] | set[str]:
    try:
        return [dict(cell.params) for cell in expand(matrix)]
    except MatrixError as error:
        return {finding.code for finding in error.findings}


@given(matrices())
def test_expansion_is_what_the_oracle_says(matrix: Matrix) -> None:
    expected = oracle(matrix)
    found = outcome(matrix)
    if isinstance(found, set):
        # Added cells may have one id, or (of an entry with nothing for an id) none.
        assert found <= ({"M201"} if not expected else {"M203", "M204"})
    else:
        assert found == expected


@given(matrices())
def test_laws(matrix: Matrix) -> None:
    try:
        expansion = expand_with_notes(matrix)
    except MatrixError:
        assume(condition=False)
    cells = expansion.cells
    assert len({cell.id for cell in cells}) == len(cells) == len(expansion.origins)
    assert all(is_id(cell.id) for cell in cells)
    assert (
        select(cells, [cell.id for cell in reversed(cells)]) == cells == select(cells, ["*"]) == select(cells, ["true"])
    )
    assert [entry["id"] for entry in github_matrix(cells)["include"]] == [cell.id for cell in cells]
    assert all(explain(matrix, cell.id)[0].startswith(f"{cell.id}: ") for cell in cells)
    assert expand(matrix) == cells


@given(matrices(), st.randoms(use_true_random=False), st.sampled_from([None, Sample(random=3), Sample(strength=2)]))
def test_the_order_of_excludes_does_not_matter(matrix: Matrix, random: Any, sample: Sample | None) -> None:
    def made(rules: tuple[Exclude, ...]) -> Matrix:
        return Matrix("m", "p", "d", matrix.axes, params=matrix.params, zip=matrix.zip, exclude=rules, sample=sample)

    rules = (*matrix.exclude, Exclude(9, {}, "has(cell.a) && cell.a == 1 && cell.p == 1"))
    if "p" not in matrix.params:
        rules = matrix.exclude
    shuffled = list(rules)
    random.shuffle(shuffled)
    assert outcome(made(rules)) == outcome(made(tuple(shuffled)))


@given(matrices(), VALUE, st.sampled_from(["a", "b", "c"]))
def test_a_condition_is_an_exclude_written_otherwise(matrix: Matrix, value: int, name: str) -> None:
    def made(rule: Exclude) -> Matrix:
        return Matrix("m", "p", "d", matrix.axes, params=matrix.params, zip=matrix.zip, exclude=(*matrix.exclude, rule))

    assume(name in {axis.name for axis in matrix.axes})
    plain = outcome(made(Exclude(9, {name: (value,)})))
    assert plain == outcome(made(Exclude(9, {}, f"{name} == {value}")))
    assert plain == outcome(made(Exclude(9, {}, f"cell.{name} == {value}")))


@given(st.text("aZ09.-_/ \n\u00e9\u65e5\u0130\u00df", max_size=80))
def test_the_nearest_id_is_an_id(text: str) -> None:
    near = nearest_id(text)
    assert near is None or is_id(near)
    assert not is_id(text) or near == text


PIECE = st.sampled_from(["{{ a }}", "{{b}}", "{{  repeat }}", "x", "-", "%", "%s", "}}", "}", ".", "A", "\u00e9", " "])


@given(st.lists(PIECE, max_size=6).map("".join), st.text("ab-%{}", max_size=5), st.integers(1, 9))
def test_simple_templates_give_what_jinja_gives(text: str, value: str, repeat: int) -> None:
    names = ["a", "b", "repeat"]
    values = {"a": value, "b": "z", "repeat": repeat}
    # A comment adds nothing but the need for Jinja2.
    fast, slow = compile_template(text, names), compile_template(text + "{# #}", names)
    assert fast.simple
    assert not slow.simple
    assert fast.render(values, str) == slow.render(values, str)


@given(st.text("{}%#-| a'b()[].~=\n", max_size=30))
def test_any_template_renders_or_is_refused_with_a_finding(text: str) -> None:
    codes = set()
    try:
        template = compile_template(text, ["a", "b"])
        assert isinstance(template.render({"a": "1", "b": "2", "repeat": 1}, str), str)
    except DlaasgenError as error:
        codes = {finding.code for finding in error.findings}
    assert codes <= {"M205", "M206"}


@given(st.text("ab=&|!<>()[]{}.,'\"?:0 1+-*/%\n\\cel", max_size=30))
def test_any_expression_holds_or_is_refused_with_a_finding(text: str) -> None:
    axes = (Axis("a", (AxisValue("1", 1), AxisValue("x", "x"))), Axis("b", (AxisValue("0.5", 0.5),)))
    found = outcome(Matrix("m", "p", "d", axes, exclude=(Exclude(0, {}, text),)))
    assert isinstance(found, list) or found <= {"M201", "M210", "M211", "M212"}
