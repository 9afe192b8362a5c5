"""Canonical YAML, read back by the readers that people have: PyYAML in C and Python, a YAML 1.2 reader, kubectl."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ruamel.yaml import YAML

from dlaasgen import canonical
from dlaasgen.canonical import dump, one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Run


def words(text: str) -> list[str]:
    return text.split()


# What one reader or another takes for something else than a string, or for the end of one.
WORDS = words("""
    yes Yes YES no No NO on On ON off Off OFF y Y n N true True TRUE false False FALSE null Null NULL ~ nil None NaN nan
    .nan .NaN .NAN inf .inf .Inf .INF -.inf +.inf Infinity -Infinity 0777 08 09 0o14 0O14 0b1010 0x1F 0xdeadbeef 1_000
    1_0.5_0 12e03 1e3 1E3 1e+3 1.5e3 1e-05 e3 .5 5. -0 +1 -1 1.0 0.0 190:20:30 12:30:45 1:30 2024-01-01
    2001-12-14t21:59:43.10-05:00 = << - -- --- ... --a --- --0 ---a ? : , [ ] { } # & * ! | > ' " % @ ` -a ?a :a a: a:b
    a#b a:# {a} [a] !!str !a &a *a %YAML @a `a` a,b a=b a@b a+b /a/b ./a ../a ~a a~ $ $(x) ${x} {{x}} |- >- \\ \\n \\x41
    docker.io/library/python@sha256:0123abcd registry:5000/x http://host:80/?q=1#f --flag=value --learning_rate=1e-05
    a;b a(b) 1a 0.1.2 1.2.3.4 ::1 10.0.0.0/8 00:11:22:33:44:55 é ü 日本語 😀 ß \u0130 \u0131 ﬁ 1٣ ٣ Ⅷ ½ ² ON\u0301
""")
TEXTS = [
    "", " ", "  ", "\t", "\n", "\n\n", "\r", "\r\n", " a", "a ", "a\t", "\ta", "a b", "a  b", "a: b", "a :b", "a #b",
    "- a", "? a", "# a", "a\nb", "a\nb\n", "a\nb\n\n", "\na", "\n a", " a\nb", "a\n b", "a\n  b\nc\n", "a\n\nb",
    "a \nb", "a\n \nb", "a\n\tb", "a\rb", "a\r\nb", "---\na", "a\n---\nb", "a\n...\nb", "%YAML 1.1\n---", "# a\nb",
    "- a\n- b", "a: b\nc: d", "|\na", "a\x00b", "a\x07b", "a\x1bb", "a\x7fb", "a\x85b", "a\xa0b", "\xa0", "a\u2028b",
    "a\u2029b", "\ufeffa", "a\ufeffb", "a\u200bb", "a\u202eb", "a\ufffeb", "a\uffffb", "a\ufdd0b", "\U0001fffe",
    "\U0010ffff", "e\u0301", "a\\b", "a\\", '"', "'", "''", '""', 'a"b', "a'b", "{}", "[]", "x" * 5000, "x " * 3000,
    "é" * 3000, "no such\nthing ", "  lead\nx", "tab\there", "\x1f", "\x0b\x0c", "a\x9fb", "\ue000",
    "#!/bin/sh\nset -e\necho 'a: b'\n",
]  # fmt: skip
AWKWARD = list(dict.fromkeys([*WORDS, *TEXTS]))
KEYS = [text for text in AWKWARD if len(text) < 900]


def ruamel(text: str) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    return reader.load(text)


READERS: dict[str, Callable[[str], Any]] = {
    "PyYAML in Python": lambda text: yaml.load(text, yaml.SafeLoader),
    "PyYAML in C": lambda text: yaml.load(text, yaml.CSafeLoader),
    "YAML 1.2": ruamel,
}


def readers() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())


@readers()
def test_awkward_strings_come_back(read: Callable[[str], Any]) -> None:
    value = {
        "values": {f"k{n}": text for n, text in enumerate(AWKWARD)},
        "keys": dict.fromkeys(KEYS, "v"),
        "both": {text: text for text in KEYS},
        "list": AWKWARD,
        "lists": [[[text], {text[:900]: [text]}] for text in AWKWARD],
    }
    assert read(dump(value)) == value


@readers()
def test_awkward_strings_come_back_as_whole_documents(read: Callable[[str], Any]) -> None:
    assert [read(dump(text)) for text in AWKWARD] == AWKWARD


def test_every_character_comes_back() -> None:
    """Every code point below 0x2100, around the surrogates and private use, and at the ends of every plane."""
    points = [
        *range(0x2100),
        *range(0x2FF0, 0x3002),
        *range(0xD7F0, 0xD800),
        *range(0xE000, 0xE010),
        *range(0xFDC0, 0xFDF0),
        *range(0xFE80, 0x10010),
    ]
    points += [plane << 16 | low for plane in range(1, 17) for low in (0, 1, 0xF600, 0xFFFE, 0xFFFF)]
    value = {f"a{chr(point)}b": [chr(point), f"{chr(point)}x", f"x{chr(point)}"] for point in points}
    text = dump(value)
    assert yaml.load(text, yaml.CSafeLoader) == value
    assert not [c for c in text if c != "\n" and ord(c) in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF)]


def test_kubectl_reads_the_same_strings(kubectl: Run, tmp_path: Path) -> None:
    """kubectl's decoder is Go's, and so are the API server's and Argo CD's."""
    strings = [*AWKWARD, *(f"a{chr(c)}b" for c in (*range(1, 0x100), *range(0x2000, 0x2070), 0xFFFD, 0x1F600))]
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "awkward",
            "annotations": {f"a/{n}": text for n, text in enumerate(strings)},
            "labels": {"a": "b"},
        },
        "data": {**{f"v{n}": text for n, text in enumerate(strings)}, **{text: text for text in KEYS}},
        "numbers": {"a": 1, "b": -7, "c": 2**53, "d": 0.5, "e": 1e-05, "f": 1e16, "g": 1.5e300, "h": True, "i": None},
        "nested": [[[]], [{}], [["y"]], {"n": [{"y": "n"}]}, {"on": {"off": {}}}],
    }
    (tmp_path / "awkward.yaml").write_bytes(dump(config).encode())
    read = kubectl("label", "--local", "-o", "json", "-f", "awkward.yaml", "x=y", cwd=tmp_path).ok().data
    assert read["metadata"]["labels"] == {"a": "b", "x": "y"}
    read["metadata"]["labels"] = {"a": "b"}
    assert read == config


def test_what_reviewers_read() -> None:
    value = {
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "tensorflow", "args": ["--batch_size=32", "a b"], "env": []}]}
            },
            "nothing": {},
            "script": "set -e\necho ok\n",
            "deep": [["a", {"b": 1}], [[True, None]]],
        },
        "metadata": {"labels": {"dlaasgen/run": "1"}, "namespace": "dlaas", "name": "nightly"},
        "kind": "TFJob",
        "apiVersion": "kubeflow.org/v1",
        "a": "|",
    }
    assert (
        dump(value)
        == """\
apiVersion: kubeflow.org/v1
kind: TFJob
metadata:
  name: nightly
  namespace: dlaas
  labels:
    dlaasgen/run: "1"
spec:
  deep:
  - - a
    - b: 1
  - - - true
      - null
  nothing: {}
  script: |
    set -e
    echo ok
  template:
    spec:
      containers:
      - name: tensorflow
        args:
        - --batch_size=32
        - "a b"
        env: []
a: "|"
"""
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (False, "false"), (0, "0"), (-12, "-12"), (2**53, "9007199254740992"),
        ({}, "{}"), ([], "[]"), ("a", "a"), ("", '""'), ("1", '"1"'), (0.5, "0.5"), (-0.25, "-0.25"), (1.0, "1.0"),
        (1e-05, "1.0e-05"), (1.5e-07, "1.5e-07"), (1e16, "1.0e+16"), (-1e300, "-1.0e+300"), (5e-324, "5.0e-324"),
        (123456.75, "123456.75"), ("a\nb", "|-\n  a\n  b"), ("a\n", "|\n  a"), ("a\n\n", '"a\\n\\n"'),
        (["a\nb"], "- |-\n  a\n  b"), ([{"a": "x\ny\n"}], "- a: |\n    x\n    y"), ({"b": 1, "a": 2}, "a: 2\nb: 1"),
        ([["a\nb"]], "- - |-\n    a\n    b"), ({"spec": 1, "name": 2, "kind": 3}, "name: 2\nkind: 3\nspec: 1"),
        ({"é": 1, "z": 2}, 'z: 2\n"é": 1'),
    ],
)  # fmt: skip
def test_texts(value: object, text: str) -> None:
    assert dump(value) == text + "\n"


@pytest.mark.parametrize(
    "number", [1e-05, 1e5, 1e16, 1e22, 1.7976931348623157e308, 5e-324, 0.1, -1.5e-10, 100.0, 3, -7, 0]
)
@readers()
def test_numbers_come_back_equal_and_of_the_same_type(read: Callable[[str], Any], number: float) -> None:
    read_back = read(dump({"a": number}))["a"]
    assert (read_back, type(read_back)) == (number, type(number))


@pytest.mark.parametrize("value", ["text", "no", "", "a: b", 1, -2.5, True, None, [], {}])
def test_what_takes_one_line_is_the_same_wherever_it_stands(value: object) -> None:
    assert dump({"a": [{"b": value}]}) == f"a:\n- b: {one_line(value)}\n"


@pytest.mark.parametrize("value", ["a\nb", "\n", [1], {"a": 1}])
def test_what_takes_several_lines_is_told(value: object) -> None:
    with pytest.raises(ValueError, match="it takes several lines"):
        one_line(value)


def test_the_order_of_keys_is_not_that_of_the_mapping() -> None:
    keys = ["spec", "b", "metadata", "kind", "a", "apiVersion", "name", "namespace"]
    value = dict.fromkeys(keys, 1)
    ordered = "apiVersion: 1\nkind: 1\nname: 1\nnamespace: 1\nmetadata: 1\nspec: 1\na: 1\nb: 1\n"
    assert {dump(value), dump(dict(reversed(value.items())))} == {ordered}


@readers()
def test_a_key_as_long_as_they_may_be(read: Callable[[str], Any]) -> None:
    for key in ("k" * 1000, '"' * 499, "é" * 998, "😀" * 998, "\x01" * 166):
        value = {"a": [{key: {key: key}}]}
        assert read(dump(value)) == value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "nan has no JSON form"),
        ({"a": [math.inf]}, "inf has no JSON form"),
        ([-math.inf], "-inf has no JSON form"),
        (2**53 + 1, "an integer is beyond 2^53, where numbers lose digits"),
        ({"a": -(10**5000)}, "an integer is beyond 2^53, where numbers lose digits"),
        ({"a": "x\ud800"}, "the lone surrogate U+D800 is no character"),
        (["x\udfff\n"], "the lone surrogate U+DFFF is no character"),
        ({"\udbffa": 1}, "the lone surrogate U+DBFF is no character"),
        ("\ud83d\ude00", "the lone surrogate U+D83D is no character"),
        ({1: 2}, "the key 1 is not a string"),
        ({"metadata": 1, None: 2}, "the key None is not a string"),
        ({"a": 1, True: 2}, "the key True is not a string"),
        ({"k" * 1001: 1}, "a key takes 1,001 characters; more than 1,000 are too many for a YAML key"),
        ({"\x01" * 200: 1}, "a key takes 1,202 characters; more than 1,000 are too many for a YAML key"),
        ((1, 2), "tuple has no YAML form"),
        ({"a": {1, 2}}, "set has no YAML form"),
        ([b"a"], "bytes has no YAML form"),
    ],
)
def test_what_has_no_yaml_form(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        dump(value)


@pytest.mark.parametrize("wrap", [lambda v: {"a": v}, lambda v: [v], lambda v: [{"a": [v]}]])
def test_nesting_without_end_is_refused(wrap: Callable[[object], object]) -> None:
    value: object = "a"
    for _ in range(2000):
        value = wrap(value)
    with pytest.raises(ValueError, match=r"^lists and objects are nested too deep$"):
        dump(value)


def test_nesting_of_a_hundred_levels() -> None:
    value: object = "a"
    for _ in range(50):
        value = [{"a": value}]
    assert yaml.load(dump(value), yaml.CSafeLoader) == value


def test_what_is_remembered_is_bounded_and_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical, "_REMEMBERED", 2)
    monkeypatch.setattr(canonical, "_levels", canonical._Levels())
    value: dict[str, Any] = {f"k{n}": {f"a{n}": f"x {n}", f"b{n}": n} for n in range(5)}
    value["items"] = [{"n": n} for n in range(5)]
    assert dump(value) == dump(json.loads(json.dumps(value)))
    assert len(canonical._strings) <= 2
    assert all(len(orders) <= 2 for orders in canonical._levels.values())
    assert len(canonical._blocks) <= 2
