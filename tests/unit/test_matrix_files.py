from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dlaasgen.adapters import matrix_files
from dlaasgen.errors import DlaasgenError, MatrixError, UsageError
from dlaasgen.matrix_text import MAX_BYTES
from dlaasgen.matrix_yaml import Loaded, load

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = "apiVersion: dlaasgen/v1\nname: m\nprototype: p\n"
AXES = "axes:\n  a: [1, 2]\n"


def refusal(call: Callable[[], object], kind: type[DlaasgenError] = MatrixError) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def loaded(text: str) -> Loaded:
    return load(text.encode(), "m.yaml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "matrix").mkdir()
    for name in ("nightly.yaml", "b.yml", "notes.txt", ".hidden.yaml"):
        (tmp_path / "matrix" / name).write_text(HEAD.replace("name: m", f"name: {name[0]}") + AXES, encoding="utf-8")
    (tmp_path / "matrix" / "folder.yaml").mkdir()
    return tmp_path


def test_a_folder_stands_for_its_files(folder: Path) -> None:
    nightly, b = "matrix/nightly.yaml", "matrix/b.yml"
    assert matrix_files.find(["matrix"]) == [b, nightly]
    assert matrix_files.find([nightly, "matrix"]) == [nightly, b]
    assert matrix_files.find([str(folder / nightly), f"./{nightly}", "matrix/notes.txt"]) == [
        str(folder / nightly),
        "matrix/notes.txt",
    ]
    assert matrix_files.find([]) == []


@pytest.mark.usefixtures("folder")
def test_all_that_is_not_there_is_said_at_once() -> None:
    Path("empty").mkdir()
    Path("p.jsonnet").touch()
    paths = ["matrix/nightli.yaml", "nightly", "empty", "zzz/q", "a\0b", "matrix", "p.jsonnet", "q.jsonnet"]
    said = refusal(lambda: matrix_files.find(paths), UsageError)
    assert said.splitlines() == [
        "matrix/nightli.yaml: error[M101]: there is no such file or folder; did you mean matrix/nightly.yaml?",
        "nightly: error[M101]: there is no such file or folder; did you mean matrix/nightly.yaml?",
        "empty: error[M101]: the folder holds no *.yaml or *.yml file",
        "zzz/q: error[M101]: there is no such file or folder",
        "a\\u0000b: error[M101]: there is no such file or folder",
        "p.jsonnet: error[M101]: this is a prototype and no matrix; give the matrix that names it",
        "q.jsonnet: error[M101]: there is no such file or folder",
    ]


def test_a_folder_that_may_not_be_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", refuse)
    said = refusal(lambda: matrix_files.find([str(folder)]), UsageError)
    assert said.endswith(": error[M101]: the file may not be read: permission denied")


@pytest.mark.usefixtures("folder")
def test_what_cannot_be_read() -> None:
    assert refusal(lambda: matrix_files.read("matrix")) == ("matrix: error[M101]: this is a folder; expected a file")
    assert refusal(lambda: matrix_files.read("matrix/nihgtly.yaml")) == (
        "matrix/nihgtly.yaml: error[M101]: there is no such file or folder; did you mean matrix/nightly.yaml?"
    )
    assert refusal(lambda: matrix_files.read("a\0b")) == (
        "a\\u0000b: error[M101]: the file cannot be read: that is no file name"
    )
    assert refusal(lambda: matrix_files.read("x" * 300)).endswith(": the file cannot be read: File name too long")
    assert refusal(lambda: matrix_files.read("matrix/b.yml/c")).endswith("the file cannot be read: Not a directory")


@pytest.mark.usefixtures("folder")
def test_the_file_is_named_as_it_was_given() -> None:
    assert matrix_files.read("./matrix/b.yml").file == "./matrix/b.yml"
    assert matrix_files.read_bytes((HEAD + AXES).encode(), "a\x1b[31m.yaml").file == "a\\u001b[31m.yaml"


@pytest.mark.usefixtures("folder")
def test_all_files_are_read_before_any_is_refused(folder: Path) -> None:
    assert [m.name for m in matrix_files.read_all(["matrix/b.yml", "matrix/nightly.yaml"])] == ["b", "n"]
    for name in ("one.yaml", "two.yaml"):
        (folder / name).write_text("", encoding="utf-8")
    said = refusal(lambda: matrix_files.read_all(["one.yaml", "matrix/b.yml", "two.yaml", "./matrix/b.yml"]))
    assert said.splitlines() == [
        "one.yaml: error[M101]: the file is empty; expected a matrix",
        "two.yaml: error[M101]: the file is empty; expected a matrix",
        (
            "./matrix/b.yml: name: error[M116]: the matrix is called b, as is the one in matrix/b.yml; "
            "each matrix has a folder of its name in rendered/"
        ),
    ]


def test_a_file_of_a_mebibyte_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    text = (HEAD + AXES).encode()
    file = tmp_path / "m.yaml"
    file.write_bytes(text + b"#" * (MAX_BYTES - len(text)))
    assert matrix_files.read(str(file)).name == "m"
    file.write_bytes(text + b"#" * (MAX_BYTES - len(text) + 1))
    assert refusal(lambda: matrix_files.read(str(file))) == (
        f"{file}: error[M106]: the file is larger than 1 MiB; write several matrix files"
    )


@pytest.mark.parametrize("text", ["[" * MAX_BYTES, "- " * (MAX_BYTES // 2), "{a: " * (MAX_BYTES // 4), "? " * 200_000])
def test_depth_costs_nothing(text: str) -> None:
    assert "nested more than 50 deep" in refusal(lambda: loaded(text))


def test_a_long_number_costs_nothing() -> None:
    assert "beyond 2^53" in loaded("a: " + "9" * 1_000_000).findings[0].message


def test_depth_fifty_is_read() -> None:
    assert loaded("[" * 50 + "]" * 50).findings == ()
    assert "M106" in refusal(lambda: loaded("[" * 51 + "]" * 51))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None), ("null", None), ("Null", None), ("NULL", None), ("", None),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False),
        ("0", 0), ("-0", 0), ("12", 12), ("-7", -7), ("9007199254740992", 2**53), ("-9007199254740992", -(2**53)),
        ("0.5", 0.5), ("-1.50", -1.5), ("1e3", 1000.0), ("1E-2", 0.01), ("0e0", 0.0),
        *((word, word) for word in (
            "yes", "Yes", "no", "on", "off", "y", "n", "tRue", "nULL", "0777", "0o17", "0x1F", "0b1", "1_000", "+1",
            "12:30:45", "2024-01-01", ".inf", "-.inf", ".nan", "1.", ".5", "01", "-01", "1e", "٣", "1,000", "= x", "=",
        )),
        ("'1'", "1"), ('"true"', "true"), ("! 12", "12"), ("!!str 12", "12"), ("!!int 12", 12), ("!!float 12", 12.0),
        ("!!float 1e3", 1000.0), ("!!bool true", True), ("!!null ''", None), ("!!str", ""), ("|\n  1\n", "1\n"),
        ("! [1]", [1]), ("!!seq [1]", [1]), ("!!map {}", {}),
    ],
)  # fmt: skip
def test_what_a_scalar_is(text: str, value: object) -> None:
    for document in (loaded(f"a: {text}"), loaded(f"a:\n  {text}")):
        assert document.findings == ()
        assert document.document == {"a": value}
        assert type(document.document["a"]) is type(value)


@pytest.mark.parametrize("number", ["9007199254740993", "-9007199254740993", "99999999999999999", "1" * 5000, "-1e309"])
def test_a_number_that_is_too_large_stays_text(number: str) -> None:
    document = loaded(f"a: {number}")
    assert [f.code for f in document.findings] == ["M108"]
    assert document.document == {"a": number}


@pytest.mark.parametrize("tagged", ["!!int x", "!!int 1.5", "!!int true", "!!float true", "!!bool 1", "!!null x"])
def test_a_tag_that_does_not_fit(tagged: str) -> None:
    assert [f.code for f in loaded(f"a: {tagged}").findings] == ["M105"]


def test_places() -> None:
    where = loaded("a: 1\nb:\n  - x\n  - {c: [2]}\nd: *y\n".replace("*y", "&y [5]\ne: *y")).where
    assert where(()) == (1, 1)
    assert where(("a",)) == (1, 4)
    assert where(("a",), key=True) == (1, 1)
    assert where(("b", 0)) == where(("b", 0), key=True) == (3, 5)
    assert where(("b", 1, "c")) == (4, 9)
    assert where(("b", 1, "c"), key=True) == (4, 6)
    assert where(("b", 1, "c", 0)) == (4, 10)
    # What is not there is where it would be.
    assert where(("b", 1, "zz", 3)) == where(("b", 1)) == (4, 5)
    assert where(("e",)) == (6, 4)
    assert where(("e", 0)) == (5, 8)


def test_line_ends_of_windows_and_a_byte_order_mark() -> None:
    data = b"\xef\xbb\xbf" + (HEAD + AXES + "axis: 1\n").replace("\n", "\r\n").encode()
    said = refusal(lambda: matrix_files.read_bytes(data, "m.yaml"))
    assert said == "m.yaml:6:1: axis: error[M110]: a matrix file has no key axis; did you mean axes?"


def test_without_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("yaml.CSafeLoader", raising=False)
    assert matrix_files.read_bytes((HEAD + AXES).encode(), "m.yaml").axes[0].values[1].value == 2
    assert loaded('a: "\\ud800"').findings[0].message == "an escape in double quotes is no character"


def test_aliases_count_as_often_as_they_stand() -> None:
    assert loaded("a: &x [1, 2]\nb: [*x, *x]\n").document == {"a": [1, 2], "b": [[1, 2], [1, 2]]}
    row = "- &r [" + ", ".join(["x"] * 500) + "]\n"
    assert len(loaded(row + "- *r\n" * 498).document) == 499
    assert "more than 250,000 values" in refusal(lambda: loaded(row + "- *r\n" * 499))


def test_an_alias_may_be_a_key_when_it_is_a_string() -> None:
    assert loaded("- &k a\n- {*k : 1}\n").document == ["a", {"a": 1}]


def test_an_unknown_error_of_the_parser_is_passed_on() -> None:
    from dlaasgen.matrix_syntax import explain

    class Mark:
        line, column = 7, 9

    class Error:
        problem, context, problem_mark, context_mark = "odd {x}", None, None, Mark()

    assert (
        str(explain(Error(), "a\n", "m.yaml")) == "m.yaml:8:10: error[M103]: this is no YAML; the parser says: odd {x}"
    )
