from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlaasgen import queries, tabular
from dlaasgen.errors import MatrixError, UsageError
from dlaasgen.expressions import compile_expression
from dlaasgen.queries import Row, Stored, StoredRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlaasgen.expressions import Expression


def row(cell: str, rate: float | None, *, status: str = "succeeded", **more: Any) -> Row:
    metrics = {"images_per_second": {"value": rate, "unit": "images/s", "direction": "higher"}}
    document: dict[str, Any] = {
        "job": f"job-{cell}", "matrix": "m", "cell": cell, "run": "1", "status": status, "reason": "", "stage": None,
        "workers": [{}], "mismatches": [], "metrics": metrics, "manifest_digest": "sha256:0",
    }  # fmt: skip
    return Row({**document, **more}, {"model": cell[:1]}, {"batch_size": len(cell), "env": {}})


ROWS = [row("bb", 20.0), row("a", 10.5), row("ab", None, status="failed"), row("", 1.0, job="lost")]


def cells(rows: list[Row]) -> list[str]:
    return [r.values["cell_id"] for r in rows]


ROWS[3] = Row({**ROWS[3].document}, {}, {"seed": "x"})


COLUMNS = ("job", "run", "status", "images_per_second")


def kept(rows: list[Row]) -> Stored:
    """The rows as the store has them."""
    texts = (
        [orjson.dumps(part).decode() for part in (row.document, row.axes, row.params)]
        + [row.document.get(name) for name in COLUMNS[:3]]
        + [row.document["metrics"].get("images_per_second", {}).get("value")]
        for row in rows
    )
    return Stored(texts, COLUMNS)


def where(rows: list[Row], text: str) -> list[Row]:
    return list(kept(rows).where(text, queries.names(rows)))


def test_what_is_asked_for_is_as_among_all() -> None:
    for one in ROWS:
        assert one.some([*one.values, "nothing"]) == one.values


def test_an_expression_of_the_whole_cell_sees_all() -> None:
    assert cells(where(ROWS, "has(cell.seed)")) == ["lost"]


def test_an_expression_chooses_and_what_a_row_lacks_makes_it_none() -> None:
    assert cells(where(ROWS, "images_per_second > 5.0")) == ["bb", "a"]
    assert cells(where(ROWS, "status == 'failed' || images_per_second < 5.0")) == ["ab", "lost"]
    assert cells(where(ROWS, "model == 'a' && batch_size == 2")) == ["ab"]
    assert where([], "status == 'failed'") == []


def test_a_wrong_expression_is_told() -> None:
    with pytest.raises(UsageError, match=r"there is no variable statu.*did you mean status"):
        where(ROWS, "statu == 'failed'")
    with pytest.raises(UsageError, match="does not combine"):
        where(ROWS, "model > 5")


def test_rows_are_sorted_and_what_is_missing_comes_last() -> None:
    assert cells(queries.sort(ROWS, [])) == ["lost", "a", "ab", "bb"]
    assert queries.checked([], ROWS) == []
    assert cells(queries.sort(ROWS, ["images_per_second"])) == ["lost", "a", "bb", "ab"]
    assert cells(queries.sort(ROWS, ["-images_per_second"])) == ["bb", "a", "lost", "ab"]
    assert cells(queries.sort(ROWS, ["status", "-batch_size"])) == ["ab", "bb", "a", "lost"]
    assert cells(queries.sort([row("b", 1), row("a", 1)], ["model"])) == ["a", "b"]


def test_an_unknown_column_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="there is no column modle; did you mean model"):
        queries.checked(["modle"], ROWS)
    assert queries.checked(["anything"], []) == ["anything"]


def test_rows_are_flat_and_columns_plain() -> None:
    assert queries.flat(ROWS[:1], ["model", "seed"]) == [{"model": "b", "seed": None}]
    assert "env" not in queries.every_column(ROWS)
    assert "images_per_second" in queries.every_column(ROWS)


def test_groups_count_and_give_the_rates() -> None:
    assert queries.group(ROWS, ["model"])[1] == {
        "model": "a", "jobs": 2, "succeeded": 1,
        "images_per_second_mean": 10.5, "images_per_second_min": 10.5, "images_per_second_max": 10.5,
    }  # fmt: skip
    assert queries.group(ROWS[2:3], ["status"])[0]["images_per_second_mean"] is None


def test_a_table_sets_numbers_to_the_right_and_shortens() -> None:
    rows: list[dict[str, Any]] = [{"a": "x\x1b", "n": 1234.5, "t": "y" * 70}, {"a": None, "n": 2.0, "t": ""}]
    lines = tabular.table(rows, ["a", "n", "t"]).split("\n")
    assert lines[0] == "a          n  t"
    assert lines[1] == f"x\\x1b  1,234  {'y' * 57}..."
    assert lines[2] == "        2.00"
    assert tabular.table([], ["a"]) == "a"


def test_csv_is_quoted_and_runs_no_formula() -> None:
    rows: list[dict[str, Any]] = [{"a": '=1+1"', "b": 1.5}, {"a": "x,y", "b": None}]
    assert tabular.csv(rows, ["a", "b"]) == 'a,b\r\n"\'=1+1""",1.5\r\n"x,y",\r\n'


def test_openmetrics_has_a_family_for_each_metric() -> None:
    text = tabular.openmetrics([row('a"\\', 1), row("b", None)])
    assert text.splitlines() == [
        "# TYPE dlaasgen_images_per_second gauge",
        'dlaasgen_images_per_second{job="job-a\\"\\\\",matrix="m",cell="a\\"\\\\",run="1",axis_model="a"} 1.0',
        "# TYPE dlaasgen_job_status gauge",
        'dlaasgen_job_status{job="job-a\\"\\\\",matrix="m",cell="a\\"\\\\",run="1",axis_model="a",status="succeeded"} 1',  # noqa: E501
        'dlaasgen_job_status{job="job-b",matrix="m",cell="b",run="1",axis_model="b",status="succeeded"} 1',
        "# EOF",
    ]


@pytest.mark.parametrize("documents", [[], [{"a": 1}], [{"a": "\x7f\u202e"}, {"b": [1, 2]}]])
def test_json_comes_in_pieces_and_quietly(documents: list[dict[str, Any]]) -> None:
    text = "".join(tabular.json_list(documents))
    assert json.loads(text) == documents
    assert text.replace("\n", "").isprintable()
    lines = "".join(tabular.json_lines(documents))
    assert [json.loads(line) for line in lines.splitlines()] == documents
    assert lines.replace("\n", "").isprintable()


def test_a_stored_row_is_read_when_it_is_asked() -> None:
    (row,) = kept(ROWS[:1])
    assert isinstance(row, StoredRow)
    assert row.read() == ROWS[0]
    assert row.order == ROWS[0].order
    assert "document" not in vars(row)
    assert (row.document, row.axes, row.params) == (ROWS[0].document, ROWS[0].axes, ROWS[0].params)
    assert row.read() is row


@pytest.mark.parametrize(
    "text",
    ['{"job":"j\\u0001","matrix":"","cell":"c","run":"1"}', '{"run":"1","job":"j\\u0001","matrix":null,"cell":"c"}'],
)
def test_an_odd_start_of_a_document_changes_no_order(text: str) -> None:
    assert StoredRow(text, {}, {}).order == ("", "1", "c", "j\x01")


def test_of_many_rows_only_those_that_may_decide_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[StoredRow] = []
    real = StoredRow.read

    def spied(one: StoredRow) -> Row:
        read.append(one)
        return real(one)

    monkeypatch.setattr(StoredRow, "read", spied)
    own = {"batch_size": {"value": 7, "unit": "", "direction": "none"}}
    found = kept([row("a", 10.5), row("ab", None), row("abc", 2.0, metrics=own)])
    text = "batch_size == 7 || images_per_second > 5.0"
    assert len(list(found.where(text, ["batch_size", "images_per_second"]))) == 2
    assert len(read) == 1


def test_what_a_cell_decides_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    real = queries._holds

    def spied(expression: Expression, values: Mapping[str, Any]) -> bool:
        asked.append(values)
        return real(expression, values)

    monkeypatch.setattr(queries, "_holds", spied)
    rows = [row("a", float(n)) for n in range(9)]
    assert not where(rows, "images_per_second > 5.0 && model == 'b'")
    assert asked == []
    assert len(where(rows, "images_per_second > 5.0 && model == 'a'")) == 3
    assert len(asked) == 9


@pytest.mark.parametrize("text", ["model > 5 && images_per_second > 5.0", "images_per_second > 5.0 && model > 5"])
def test_what_a_cell_has_wrong_is_told_only_where_it_decides(text: str) -> None:
    assert where([row("a", 1.0)], text) == []
    with pytest.raises(UsageError, match="does not combine"):
        where([row("a", 1.0), row("a", 6.0)], text)


TEXTS = st.sampled_from(["a", "b", "succeeded", "failed", "1"])
NUMBERS = st.one_of(st.integers(0, 2), st.sampled_from([0.0, 1.0, 2.0]), st.booleans())
PARTS = ["status == 'failed'", "run == '1'", "x == 1", "x == 1.0", "x == true", "y == 'a'", "images_per_second > 1.0",
         "workers > 1", "loss < 2.0", "has(cell.y)", "type(x) == int", "type(x) == list", "job == y"]  # fmt: skip


@st.composite
def results(draw: st.DrawFn) -> Row:
    value = st.one_of(NUMBERS, TEXTS, st.none(), st.lists(NUMBERS, max_size=1))
    names = draw(st.sets(st.sampled_from(["images_per_second", "loss", "x"])))
    rates = st.none() | st.floats(0, 3)
    document = {
        **{name: draw(TEXTS) for name in ("job", "run", "status")},
        **dict.fromkeys(("matrix", "reason"), ""),
        "cell": draw(st.sampled_from(["", "c"])),
        "stage": None,
        "mismatches": [],
        "workers": [1] * draw(st.integers(0, 2)),
        "metrics": {name: {"value": draw(rates), "unit": "", "direction": "none"} for name in names},
    }
    params = draw(st.dictionaries(st.sampled_from(["x", "y", "loss", "images_per_second", "status"]), value))
    return Row(document, draw(st.dictionaries(st.sampled_from(["x", "y", "run"]), TEXTS)), params)


@given(
    st.lists(results(), max_size=6),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3),
    st.sampled_from([" && ", " || "]),
)
def test_the_short_ways_choose_what_the_long_one_does(rows: list[Row], parts: list[str], between: str) -> None:
    text = between.join(parts)
    names = [*queries.OWN, "images_per_second", "loss", "x", "y"]
    expression = compile_expression(text, names)
    told: list[str] = []
    wanted: list[Row] = []
    for one in rows:
        try:
            if expression.holds(one.values):
                wanted.append(one)
        except MatrixError as error:
            told += [] if error.findings[0].message.startswith("there is no ") else [error.findings[0].message]
    if told:
        with pytest.raises(UsageError) as caught:
            list(kept(rows).where(text, names))
        assert caught.value.findings[0].message == told[0]
    else:
        assert [row.read() for row in kept(rows).where(text, names)] == wanted


def test_rows_that_agree_are_judged_once_and_alike() -> None:
    told: dict[str, Any] = {"metrics": {}, "workers": [], "mismatches": [], "cell": None, "job": "j"}
    values = [1, 1.0, True, 1, [1], "1", None, [1]]
    rows = [Row(told, {}, {} if value is None else {"x": value}) for value in values]
    for more in ("", " && workers == 0"):
        assert [row.params["x"] for row in kept(rows).where("type(x) == int" + more, ["x", "workers"])] == [1, 1]
        assert [row.params["x"] for row in kept(rows).where("type(x) == list" + more, ["x", "workers"])] == [[1], [1]]
