"""Ids of cells: templates, clashes, what cannot be an id."""

from __future__ import annotations

from studies import TEMPLATE, axis, ids, include, matrix, nightly, told


def test_two_cells_with_one_id() -> None:
    assert told(nightly(id="{{ model }}-{{ image }}"))[0] == (
        "m.yaml: id: error[M203]: two cells have the id resnet50-eigen: batch_size=32 and batch_size=64; "
        "let the id template name batch_size"
    )
    added = (include(0, model="v", note=1), include(1, model="v", note=2), include(2, model="v", note=2))
    assert told(nightly(include=added, id=None)) == [
        "m.yaml: axes: error[M203]: two cells have the id v: note=1 and note=2; let the id template name note",
        "m.yaml: axes: error[M203]: two cells have the id v: note=1 and note=2; let the id template name note",
    ]
    assert told(nightly(include=added[1:], id=None)) == [
        "m.yaml: axes: error[M203]: two cells have the id v: model=v and model=v; remove one of them"
    ]
    assert told(matrix(axis("a", "x"), repeats=2, id="x{{ a if repeat > 5 }}"))[0] == (
        "m.yaml: id: error[M203]: two cells have the id x: repeat=1 and repeat=2; let the id template name repeat"
    )
    assert told(nightly(include=(include(model="resnet50", x=1), include(1, a=1, model="resnet50-x")), id="x"))[0] == (
        "m.yaml: id: error[M203]: two cells have the id x: image=eigen and image=mkl; let the id template name image"
    )


def test_many_clashes_are_not_all_told() -> None:
    texts = told(matrix(axis("a", *range(50)), id="x"))
    assert len(texts) == 21
    assert texts[-1] == "m.yaml: id: error[M203]: 29 more cells have an id that another cell has"


def test_wrong_ids() -> None:
    expected = "expected at most 63 of a-z, 0-9, '.' and '-', beginning and ending with a letter or digit"
    assert told(matrix(axis("a", "X/y"), id="{{ a }}")) == [
        (
            "m.yaml: id: error[M204]: cell a=X/y gets an id that is not allowed; found 'X/y'; "
            f"{expected}; nearest right id: x-y"
        )
    ]
    assert told(matrix(axis("a", "con"))) == [
        (
            f"m.yaml: axes: error[M204]: cell a=con gets an id that is not allowed; found 'con'; {expected}; "
            "nearest right id: x-con; give its axis values short ids, or the matrix an id template"
        )
    ]
    texts = told(matrix(axis("a", *(f"é{i}" for i in range(30))), id="-{{ a }}-"))
    assert texts[-1] == "m.yaml: id: error[M204]: 10 more cells get an id that is not allowed"
    assert len(texts) == 21
    assert told(matrix(axis("a", "é"), id="{{ a }}"))[0].endswith(expected)


def test_templates_that_do_not_fit_an_added_cell() -> None:
    made = nightly(include=(include(model="vgg"),))
    assert told(made) == [
        (
            "m.yaml: id: error[M206]: the id template cannot be filled in for cell model=vgg: there is no batch_size; "
            f"found '{TEMPLATE}'; write {{{{ batch_size | default('none') }}}}"
        )
    ]


def test_templates_may_use_parameters() -> None:
    assert ids(matrix(axis("a", 1), params={"n": 7, "flag": True}, id="{{ a }}-{{ n }}-{{ flag }}")) == ["1-7-true"]
