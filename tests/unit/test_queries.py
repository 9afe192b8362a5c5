from __future__ import annotations

import json
from typing import Any

import pytest

from dlaasgen import queries, tabular
from dlaasgen.errors import UsageError
from dlaasgen.queries import Row, StoredRow


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


def where(rows: list[Row], text: str) -> list[Row]:
    return list(queries.where(rows, text, queries.names(rows)))


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


def stored(**columns: object) -> StoredRow:
    metrics = {"rate": {"value": 5.0, "unit": "", "direction": "none"}, "model": {"value": None, "unit": ""}}
    told: dict[str, Any] = {
        "job": "j",
        "run": "7",
        "status": "succeeded",
        "metrics": metrics,
        "workers": [1, 2],
        "mismatches": [],
    }
    told |= {"matrix": "m", "cell": None, "reason": "", "stage": None, "manifest_digest": None}
    return StoredRow(json.dumps(told), {"model": "a", "image": "x"}, {"rate": 1, "batch": 32}, columns)


def test_a_stored_row_says_what_its_document_says_and_reads_it_only_when_it_must() -> None:
    row = stored(job="j", status="succeeded", images_per_second=None)
    assert row.some(["job", "images_per_second", "batch", "image", "lacking"]) == {
        "job": "j",
        "batch": 32,
        "image": "x",
    }
    assert "document" not in vars(row)
    # A metric comes before a parameter; one without a value does not.
    assert row.some(["rate", "model", "workers", "a-b"]) == {"rate": 5.0, "model": "a", "workers": 2}
    assert "document" in vars(row)
    assert {name: row.values.get(name) for name in ("rate", "model", "batch")} == {
        "rate": 5.0,
        "model": "a",
        "batch": 32,
    }


def test_rows_that_agree_are_judged_once_and_alike() -> None:
    told: dict[str, Any] = {"metrics": {}, "workers": [], "mismatches": [], "cell": None, "job": "j"}
    values = [1, 1.0, True, 1, [1], "1", None, [1]]
    rows = [Row(told, {}, {} if value is None else {"x": value}) for value in values]
    assert [row.params["x"] for row in queries.where(rows, "type(x) == int", ["x"])] == [1, 1]
    assert [row.params["x"] for row in queries.where(rows, "type(x) == list", ["x"])] == [[1], [1]]
