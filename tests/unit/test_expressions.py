from __future__ import annotations

import pytest

from dlaasgen.cells_codes import Place
from dlaasgen.errors import MatrixError
from dlaasgen.expressions import MAX_LENGTH, _whole_fault, compile_expression

NAMES = ["batch_size", "replicas", "model", "data-format", "namespace", "type", "mkl", "lr", "tags"]
VALUES = {
    "batch_size": 32,
    "replicas": 3,
    "model": "resnet50",
    "data-format": "NHWC",
    "namespace": "dlaas",
    "type": "cpu",
    "lr": 0.1,
    "tags": ["a", {"b": None}],
}


def holds(text: str, **more: object) -> bool:
    return compile_expression(text, NAMES).holds({**VALUES, **more}, lambda: "c1")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("batch_size * replicas > 64", True),
        ("batch_size == 32.0", True),
        ("batch_size in [64, 128]", False),
        ("model.startsWith('res') && !(replicas == 1)", True),
        ('cell["data-format"] == "NHWC"', True),
        ('cell.namespace == "dlaas" && cell["type"] == "cpu"', True),
        ("has(cell.mkl)", False),
        ("has(cell.mkl) && mkl", False),
        ('"data-format" in cell', True),
        ("double(batch_size) * lr > 3.1", True),
        ("cell.tags[1].b == null", True),
        ("tags.exists(t, t == 'a')", True),
        ("true // a comment", True),
    ],
)
def test_expressions_that_hold_or_do_not(text: str, answer: bool) -> None:  # noqa: FBT001
    assert holds(text) is answer


def test_a_parameter_that_some_cells_have() -> None:
    expression = compile_expression("has(cell.mkl) && mkl", NAMES)
    assert [expression.holds({**VALUES, "mkl": mkl}) for mkl in (True, False)] == [True, False]


def test_what_an_expression_depends_on() -> None:
    plain = compile_expression("batch_size > 1 || model == 'x'", NAMES)
    assert (plain.variables, plain.whole) == (("batch_size", "model"), False)
    whole = compile_expression("cell.batch_size > 1", NAMES)
    assert (whole.variables, whole.whole) == (("batch_size",), True)


COMPILE = {
    "batch_sze * replicas > 1": "there is no variable batch_sze at character 1; found "
    "'batch_sze * replicas > 1'; did you mean batch_size?",
    "qqq": "there is no variable qqq at character 1; found 'qqq'",
    'data-format == "x"': "data-format is no identifier at character 1; found "
    '\'data-format == "x"\'; write cell["data-format"]',
    'namespace == "x"': "namespace is a word that CEL reserves at character 1; found "
    '\'namespace == "x"\'; write cell["namespace"]',
    'type == "x"': "== does not combine type(type) and string at character 6; found "
    '\'type == "x"\'; type is a type in CEL: write cell["type"]',
    'model = "x"': "unexpected '=' at character 7; found 'model = \"x\"'; compare with ==",
    "model ==": "the expression ends too early at character 9; found 'model =='",
    "1 2": "unexpected '2' at character 3; found '1 2'",
    "foo(model)": "there is no function foo at character 4; found 'foo(model)'",
    "model.foo()": "there is no function foo at character 10; found 'model.foo()'",
    "has(model)": "has() takes a member of cell at character 5; found 'has(model)'; write has(cell.name)",
    "model.startsWith(3)": "no function takes these types: 'startsWith' applied to '(dyn, int)' at character 17; found "
    "'model.startsWith(3)'",
    '"a" + 1 == "x"': "+ does not combine string and int at character 5; found "
    '\'"a" + 1 == "x"\'; convert with string(), int() or double()',
    "9223372036854775808 == 1": "invalid int literal at character 1; found '9223372036854775808 == 1'",
    "model == 'x' &&\n mdel == 'y'": "there is no variable mdel at line 2, character 2 of the expression; found "
    "\"model == 'x' &&\\n mdel == 'y'\"; did you mean model?",
    " ": "the expression is empty; found ' '",
    "model == 'a\0b'": "the expression holds a character that no text may hold; found \"model == 'a\\x00b'\"",
    "model == '\ud800'": "the expression holds a character that no text may hold; found \"model == '\\ud800'\"",
}


@pytest.mark.parametrize("text", COMPILE)
def test_faults_in_the_text(text: str) -> None:
    with pytest.raises(MatrixError) as caught:
        compile_expression(text, NAMES, Place("exclude[0].when", "m.yaml", 3, 5))
    assert str(caught.value) == f"m.yaml:3:5: exclude[0].when: error[M210]: {COMPILE[text]}"


def test_every_unknown_name_is_told_once() -> None:
    with pytest.raises(MatrixError) as caught:
        compile_expression("a && b && a", NAMES)
    assert [f.message for f in caught.value.findings] == [
        "there is no variable a at character 1",
        "there is no variable b at character 6",
    ]


LIST = "[0,1,2,3,4,5,6,7,8,9]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * (MAX_LENGTH + 1), "the expression has 2,001 characters, more than 2,000"),
        ("(" * 40 + "1" + ")" * 40 + " == 1", "the expression is nested more than 32 deep"),
        ("[" * 900 + "]" * 900, "the expression is nested more than 32 deep"),
        ("+".join(["batch_size"] * 40) + " > 1", "the expression is nested more than 32 deep"),
    ],
)
def test_expressions_too_large_are_refused(text: str, message: str) -> None:
    with pytest.raises(MatrixError) as caught:
        compile_expression(text, NAMES)
    assert caught.value.findings[0].message == message


def test_loops_have_a_budget() -> None:
    with pytest.raises(MatrixError) as caught:
        holds("".join(f"{LIST}.all(a{i}, " for i in range(12)) + "true" + ")" * 12)
    assert caught.value.findings[0].message == "the expression loops over too many elements for cell c1"


EVALUATE = {
    "mkl": "there is no mkl for cell c1; found 'mkl'; guard it with `has(cell.mkl) && ...`, "
    "or give mkl a default under params",
    "cell.mkl": "there is no mkl for cell c1; found 'cell.mkl'; guard it with `has(cell.mkl) && ...`, "
    "or give mkl a default under params",
    'cell["a-b"]': 'there is no a-b for cell c1; found \'cell["a-b"]\'; guard it with `"a-b" in cell && ...`, '
    "or give a-b a default under params",
    "cell.modle == 'x'": "there is no modle for cell c1; found \"cell.modle == 'x'\"; did you mean model?",
    "lr * batch_size > 1": "* does not combine double and int for cell c1; found 'lr * batch_size > 1'; "
    "convert the integer with double()",
    "batch_size > lr + 'x'": "+ does not combine double and string for cell c1; found \"batch_size > lr + 'x'\"; "
    "convert with string(), int() or double()",
    "tags + cell > 1": "+ does not combine list and map for cell c1; found 'tags + cell > 1'",
    "batch_size ? true : false": "the condition before ? is neither true nor false for cell c1; found "
    "'batch_size ? true : false'",
    "batch_size.startsWith('x')": "no function takes these types: (int).startsWith(string) for cell c1; found "
    "\"batch_size.startsWith('x')\"",
    "batch_size + 9223372036854775807 > 1": "a number is beyond 64-bit integers for cell c1; found "
    "'batch_size + 9223372036854775807 > 1'; convert with double() before calculating",
    "1 / 0 == 1": "the expression fails (divide by zero) for cell c1; found '1 / 0 == 1'",
}


@pytest.mark.parametrize("text", EVALUATE)
def test_faults_in_a_cell(text: str) -> None:
    with pytest.raises(MatrixError) as caught:
        holds(text)
    assert str(caught.value) == f"error[M211]: {EVALUATE[text]}"


@pytest.mark.parametrize("text", ["model", "batch_size"])
def test_a_condition_is_true_or_false(text: str) -> None:
    with pytest.raises(MatrixError) as caught:
        holds(text)
    shown = repr(VALUES[text])
    assert str(caught.value) == (
        f"error[M212]: the expression gives {shown}, which is neither true nor false for cell c1; "
        f"found {text!r}; expected true or false"
    )


@pytest.mark.parametrize("value", ["a\0b", ["a\0b"], {"x": ["\0"]}, {"\0": 1}])
def test_nul_characters_are_refused(value: object) -> None:
    with pytest.raises(MatrixError, match="mkl holds a NUL character, which expressions cannot compare for cell c1"):
        holds("mkl == 'a'", mkl=value)


def test_values_that_the_engine_cannot_take() -> None:
    with pytest.raises(MatrixError, match="a number is beyond 64-bit integers for cell c1"):
        holds("mkl == 1", mkl=2**70)
    with pytest.raises(MatrixError, match=r"the expression fails \(.*\) for cell c1"):
        holds("mkl == 'x'", mkl="\ud800")


def test_faults_that_have_no_position() -> None:
    assert _whole_fault("INTERNAL: odd\nmore") == "the expression cannot be compiled (odd)"


def test_without_a_cell_the_message_names_none() -> None:
    with pytest.raises(MatrixError) as caught:
        compile_expression("mkl", NAMES).holds(VALUES)
    assert caught.value.findings[0].message == "there is no mkl"
