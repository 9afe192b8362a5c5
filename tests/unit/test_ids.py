from __future__ import annotations

import subprocess
import sys

import pytest

from dlaasgen.errors import MatrixError
from dlaasgen.ids import compile_template, default_part, is_id, nearest_id, slug
from dlaasgen.matrix import scalar_text

NAMES = ["model", "batch_size", "data-format", "repeat", "image"]
VALUES = {"model": "resnet50", "batch_size": "32", "data-format": "nhwc", "repeat": 2}
ALLOWED = (
    "; expected literal text, {{ name }}, {{ cell['name'] }}, if, ~, comparisons "
    "and the filters default, int, lower, replace, trim, upper"
)


def render(text: str) -> str:
    return compile_template(text, NAMES).render(VALUES, lambda: "model=resnet50")


@pytest.mark.parametrize("text", ["a", "0", "a.b-c", "a..b", "resnet50-bs32", "a" * 63, "con-1", "com10", "auxiliary"])
def test_ids(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-a",
        "a-",
        ".",
        "..",
        "a.",
        "A",
        "a_b",
        "a/b",
        "../a",
        "a\\b",
        "a b",
        "a\n",
        "é",
        "a:b",
        "a" * 64,
        "con",
        "nul",
        "aux.yaml",
        "com1",
        "lpt9.x",
        "prn",
        "com0",
    ],
)
def test_no_ids(text: str) -> None:
    assert not is_id(text)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("ResNet50/32", "resnet50-32"),
        ("a__b--c", "a-b-c"),
        ("-x-", "x"),
        ("../../etc", "etc"),
        ("a" * 62 + "-b", "a" * 62),
        ("CON", "x-con"),
        ("日本", None),
    ],
)
def test_the_nearest_right_id(text: str, near: str | None) -> None:
    assert nearest_id(text) == near
    assert near is None or is_id(near)


def test_slugs_that_leave_nothing() -> None:
    assert slug("日本") == ""


@pytest.mark.parametrize(
    ("value", "text"), [("x", "x"), (None, "null"), (True, "true"), (False, "false"), (3, "3"), (0.1, "0.1")]
)
def test_values_as_text(value: object, text: str) -> None:
    assert scalar_text(value) == text


@pytest.mark.parametrize(
    ("text", "value", "part"),
    [
        ("ResNet 50", "ResNet 50", "resnet-50"),
        ("32", 32, "batch-size32"),
        ("-1", -1, "batch-sizem1"),
        ("1e-05", 1e-05, "batch-size1em05"),
        ("1e+20", 1e20, "batch-size1e20"),
        ("true", True, "batch-sizetrue"),
        ("null", None, "batch-sizenull"),
        ("mkl", 7, "mkl"),
        ("mkl", {"a": 1}, "mkl"),
    ],
)
def test_parts_of_the_default_id(text: str, value: object, part: str) -> None:
    assert default_part("batch_size", text, value) == part


@pytest.mark.parametrize(
    ("text", "simple", "out"),
    [
        ("{{ model }}-bs{{batch_size}}", True, "resnet50-bs32"),
        ("100%-{{ model }}-%s", True, "100%-resnet50-%s"),
        ("{{ model }}-{{ repeat }}", True, "resnet50-2"),
        ("fixed", True, "fixed"),
        ("{{ cell['data-format'] }}", False, "nhwc"),
        ("{{ cell.model }}", False, "resnet50"),
        ("{{ image | default('none') }}", False, "none"),
        ("{% if repeat > 1 %}again-{% endif %}{{ model }}", False, "again-resnet50"),
        ("{{ model | replace('res', 'x') | upper }}", False, "XNET50"),
        ("{{ 'a' if model is defined and model in ['resnet50'] else 'b' }}{# note #}", False, "a"),
        ("{{- model -}} ", False, "resnet50"),
        ("{{ model ~ '-' ~ (repeat + 1) }}", False, "resnet50-3"),
        ("{ {{ model }}", False, "{ resnet50"),
        ("{{ true }}", False, "True"),
    ],
)
def test_templates(text: str, simple: bool, out: str) -> None:  # noqa: FBT001
    template = compile_template(text, NAMES)
    assert (template.simple, render(text)) == (simple, out)


REFUSED = {
    "{{ ''.__class__ }}": ["the member __class__"],
    "{{ cell.__class__ }}": ["the member __class__"],
    "{{ cell['__class__'] }}": ["the member __class__"],
    "{{ model.upper() }}": ["a call", "the member upper"],
    "{{ model[0] }}": ["a subscript"],
    "{% for i in range(10**9) %}x{% endfor %}": ["a for loop", "a call", "arithmetic other than + and -"],
    "{{ 'x' * 10**9 }}": ["arithmetic other than + and -"],
    "{{ 10**10**10 }}": ["arithmetic other than + and -"],
    "{{ '%1000000000d' % 1 }}": ["arithmetic other than + and -"],
    "{{ model | center(1000000000) }}": ["the filter center"],
    "{{ model | random }}": ["the filter random"],
    "{{ model is divisibleby(2) }}": ["the test divisibleby"],
    "{% set x = 1 %}": ["a set statement"],
    "{% macro x() %}{% endmacro %}": ["a macro"],
    "{% include 'x' %}": ["include"],
    "{% import 'x' as y %}": ["import"],
}


@pytest.mark.parametrize("text", REFUSED)
def test_templates_that_could_do_harm_are_refused(text: str) -> None:
    with pytest.raises(MatrixError) as caught:
        compile_template(text, NAMES)
    assert [str(f) for f in caught.value.findings] == [
        f"id: error[M205]: the id template uses {what}; found {text!r}{ALLOWED}" for what in REFUSED[text]
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{{" + "(" * 300 + "model" + ")" * 300 + "}}",
        "{{" + "not " * 200 + "model }}",
        "{% if 1 %}" * 40 + "{% endif %}" * 40,
    ],
)
def test_deep_templates_are_refused(text: str) -> None:
    with pytest.raises(MatrixError, match="the id template is nested too deeply"):
        compile_template(text, NAMES)


def test_long_templates_are_refused() -> None:
    with pytest.raises(MatrixError) as caught:
        compile_template("x" * 1001, NAMES)
    assert str(caught.value) == "id: error[M205]: the id template has 1,001 characters, more than 1,000"


def test_wrong_syntax() -> None:
    with pytest.raises(MatrixError) as caught:
        compile_template("{{ model ", NAMES)
    assert str(caught.value) == (
        "id: error[M205]: the id template cannot be read: unexpected end of template, expected 'end of print "
        f"statement'; found '{{{{ model '{ALLOWED}"
    )


def test_unknown_names() -> None:
    with pytest.raises(MatrixError) as caught:
        compile_template("{{ modle }}-{{ qqq }}", NAMES)
    assert [str(f) for f in caught.value.findings] == [
        (
            "id: error[M205]: the id template names modle, which is no axis or parameter; "
            "found '{{ modle }}-{{ qqq }}'; did you mean model?"
        ),
        "id: error[M205]: the id template names qqq, which is no axis or parameter; found '{{ modle }}-{{ qqq }}'",
    ]
    with pytest.raises(MatrixError) as caught:
        compile_template("{{ data-format }}", NAMES)
    assert {f.hint for f in caught.value.findings} == {"write {{ cell['data-format'] }}"}


@pytest.mark.parametrize("text", ["{{ image }}", "{{ image ~ 'x' }}", "{{ cell.image }}"])
def test_names_that_a_cell_lacks(text: str) -> None:
    with pytest.raises(MatrixError) as caught:
        render(text)
    assert str(caught.value) == (
        "id: error[M206]: the id template cannot be filled in for cell model=resnet50: there is no image; "
        f"found {text!r}; write {{{{ image | default('none') }}}}"
    )


def test_filters_cannot_grow_a_text_for_ever() -> None:
    text = "{{ model" + " | replace('e', 'eeeeeeeeeeeeeeeeeeee')" * 20 + " }}"
    with pytest.raises(MatrixError, match="replace makes a text that is far too long for an id"):
        render(text)
    with pytest.raises(MatrixError, match="replace makes a text that is far too long for an id"):
        render("{{ model | replace('', 'x') }}")


@pytest.mark.parametrize("text", ["{{ cell }}", "{{ cell ~ 'x' }}", "{{ [cell] }}"])
def test_the_map_itself_is_no_text(text: str) -> None:
    with pytest.raises(MatrixError, match=r"model=resnet50: cell is no text: write cell\['name'\]"):
        render(text)


def test_types_that_do_not_compare() -> None:
    with pytest.raises(MatrixError, match="'>' not supported between instances of 'str' and 'int'"):
        render("{{ model > 3 }}")


@pytest.mark.outside
def test_simple_templates_load_no_jinja() -> None:
    program = (
        "import sys; from dlaasgen.ids import compile_template as c; import dlaasgen.cells;"
        "c('{{ a }}-x', ['a']).render({'a': '1'}, str);"
        "assert not {'jinja2', 'cel_expr_python', 'fnmatch'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
