"""Manifest files as Kubernetes reads them, and what is said of those that it would not."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dlaasgen.adapters import manifest_files
from dlaasgen.adapters.manifest_files import documents, find
from dlaasgen.dialects_faults import steps_of
from dlaasgen.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

# Plain scalars on which readers of YAML do not agree.
PLAIN = """
    y Y n N yes Yes YES no No NO on On ON off Off OFF true True TRUE false False FALSE null Null NULL ~ yEs nULL tRUE
    0 -0 +0 1 +1 -1 007 0777 08 09 0o17 0O17 -0o17 0x1F 0XfF 0b101 -0b1 1_000 1__0 -_1 0_7 0x_F 0b 0x 0o 0o8 1_
    9007199254740993 18446744073709551615 18446744073709551616 -9223372036854775808 123456789012345678901234567890
    1.5 1. .5 -.5 +1.5 1e3 1E3 1e+3 1e-3 1.5e3 .5e1 1_0.5 1e 1.5.2 . .. ._ -. e3 1:30 12:30:45 190:20:30.15 2024-01-01
    0b2 2024-01-01T00:00:00Z 2001-12-14t21:59:43.10-05:00 = a 1a 1-2 -a +a 0.0.0.0 1e400x 12e03 1e05 0e0
""".split()  # noqa: SIM905 - words are read more easily than a list of strings


HEXADECIMAL = f"0x{'f' * 80}"
KEYS = ("y", "off", "1", "0x1F", "a", "12:30", "<<a", "1.5", "1e3", "1e30", "0.00001", '"n"', '"2"', "1_0")


def read(tmp_path: Path, text: str | bytes) -> list[Any]:
    file = tmp_path / "m.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [d.data for d in documents(str(file)) if d.finding is None]


def faults(tmp_path: Path, text: str | bytes) -> list[str]:
    file = tmp_path / "m.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    told = [str(d.finding).replace(f"{file}:", "") for d in documents(str(file)) if d.finding is not None]
    return [re.sub(r"^(\d+):\d+:", r"\1:", line) for line in told]


def test_plain_scalars_are_what_kubectl_takes_them_for(kubectl: Run, tmp_path: Path) -> None:
    lines = ["apiVersion: v1", "kind: ConfigMap", "metadata: {name: a, labels: {a: b}}", "values:"]
    lines += [f"- {word}" for word in (*PLAIN, HEXADECIMAL)]
    lines += ["keys:", *(f"  {word}: v" for word in KEYS)]
    lines += ["merged:", "  base: &base {a: 1, b: 2}", "  more: {<<: *base, b: 3}", "  list: [*base, {<<: [*base]}]"]
    lines += [
        "texts:",
        "- |",
        "  a",
        "   b",
        "- >-",
        "  a",
        "  b",
        "- 'it''s'",
        '- "\\x41\\u00e9"',
        "- ",
        "-",
        '- ""',
        "- !!str 1",
    ]
    (tmp_path / "m.yaml").write_text("\n".join(lines) + "\n")
    expected = kubectl("label", "--local", "-o", "json", "-f", "m.yaml", "a=b", cwd=tmp_path).ok().data
    (found,) = read(tmp_path, (tmp_path / "m.yaml").read_bytes())
    pairs = zip((*PLAIN, HEXADECIMAL), found.pop("values"), expected.pop("values"), strict=True)
    assert [(w, f) for w, f, e in pairs if (f, type(f)) != (e, type(e)) and not _same_number(f, e)] == []
    assert found == expected


def _same_number(found: object, expected: object) -> bool:
    """Go writes a whole double without a point, and JSON does not tell it from an integer."""
    if isinstance(found, bool) or isinstance(expected, bool):
        return False
    return isinstance(found, int | float) and isinstance(expected, int | float) and float(found) == float(expected)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", []), ("# nothing\n", []), ("---\n", [None]), ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ('{"a": [1, 2.5, null, true]}', [{"a": [1, 2.5, None, True]}]), ("\ufeffa: 1\n", [{"a": 1}]),
        ("1.5: a\n2: b\ntrue: c\n", [{"1.5": "a", "2": "b", "true": "c"}]), ("- 0e0\n", [[0.0]]),
        ("%YAML 1.2\n---\na: no\n", [{"a": False}]), ("a: " + "9" * 80 + "\n", [{"a": 1e80}]),
    ],
)  # fmt: skip
def test_documents(tmp_path: Path, text: str, data: list[Any]) -> None:
    assert read(tmp_path, text) == data


def test_documents_know_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("# c\na: 1\n---\n\nb: 2\n---\n- c\n")
    assert [(d.file, d.line, d.data) for d in documents(str(file))] == [
        (str(file), 2, {"a": 1}),
        (str(file), 5, {"b": 2}),
        (str(file), 7, ["c"]),
    ]


DEEP = "error[R122]: the YAML cannot be read: lists and objects are nested more than 200 deep"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", "3: error[R122]: the key a stands twice"),
        ('x:\n- {a: 1,\n   "a": 2}\n', "3: error[R122]: the key a stands twice"),
        ('{"a": 1, "a": 2}', "1: error[R122]: the key a stands twice"),
        ("x: &x\n  a: 1\n  a: 2\ny: *x\nz: *x\n", "3: error[R122]: the key a stands twice"),
        ("1: a\n'1': b\n", "2: error[R122]: the key 1 stands twice"),
        ("y: a\nno: b\non: c\n", "3: error[R122]: the key true stands twice"),
        (b"a: \xe9\n", "1: error[R122]: the file is not UTF-8 at byte 3"),
        ("a: 1\n".encode("utf-16"), "1: error[R122]: the file is not UTF-8 at byte 0"),
        ("a: [1\n", "2: error[R122]: the YAML cannot be read: did not find expected ',' or ']'"),
        ("a:\n\tb: 1\n", "2: error[R122]: the YAML cannot be read: found character that cannot start any token"),
        ("a: *x\n", "1: error[R122]: the YAML cannot be read: found undefined alias"),
        (
            "a: !!python/object:os.system x\n",
            "1: error[R122]: the YAML cannot be read: "
            "could not determine a constructor for the tag 'tag:yaml.org,2002:python/object:os.system'",
        ),
        ("a: !!set {x}\n", "1: error[R122]: the YAML cannot be read: a value is of the type set, which JSON has not"),
        ("---\na: .nan\n", "2: error[R122]: the YAML cannot be read: nan is no number to JSON"),
        ("a: [1e400]\n", "1: error[R122]: the YAML cannot be read: inf is no number to JSON"),
        ("~: a\n", "1: error[R122]: the YAML cannot be read: the key null is no string"),
        ("!!binary aGk=: a\n", "1: error[R122]: the YAML cannot be read: the key b'hi' is no string"),
        ("[a]: 1\n", "1: error[R122]: the YAML cannot be read: found unhashable key"),
        ("a: !!int x\n", "1: error[R122]: the YAML cannot be read: invalid literal for int() with base 0: 'x'"),
        ("\n\na: &a [*a]\n", "3: error[R122]: the YAML cannot be read: an alias stands inside of what it names"),
        (BOMB, "1: error[R122]: the YAML cannot be read: with its aliases it has more than 1,000,000 values"),
        ("[" * 300 + "]" * 300, f"1: {DEEP}"),
        ("[" * 900 + "]" * 900, f"1: {DEEP}"),
        ("- &a 1\n- " + "[" * 300 + "]" * 300, f"1: {DEEP}"),
        ("[" * 100_000, "1: error[R122]: the YAML cannot be read: exceeded maximum nesting depth"),
        (
            "a: \x00\n",
            "1: error[R122]: the YAML cannot be read: "
            "unacceptable character #x0000: control characters are not allowed",
        ),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert faults(tmp_path, text) == [told]


def test_one_bad_document_does_not_hide_the_others(tmp_path: Path) -> None:
    text = "a: 1\n---\nb: 1\nb: 2\n---\nc: 3\n---\nd: [\n"
    assert read(tmp_path, text) == [{"a": 1}, {"c": 3}]
    assert faults(tmp_path, text) == [
        "4: error[R122]: the key b stands twice",
        "9: error[R122]: the YAML cannot be read: did not find expected node content",
    ]


def test_a_file_that_is_not_there_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "m.yaml"
    (missing,) = documents(str(file))
    assert str(missing.finding) == f"{file}:1: error[R122]: the file cannot be read: No such file or directory"
    monkeypatch.setattr(manifest_files, "_LARGEST", 1 << 20)
    assert faults(tmp_path, b"#" * ((1 << 20) + 1)) == ["1: error[R122]: the file is too large; expected at most 1 MiB"]
    assert faults(tmp_path, b"#" * (1 << 20)) == []


def test_without_the_loader_in_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    manifest_files._loader.cache_clear()
    assert read(tmp_path, "a: [y, 0777, 2024-01-01]\n") == [{"a": [True, 511, "2024-01-01"]}]
    assert faults(tmp_path, "[" * 1200 + "]" * 1200) == [f"1: {DEEP}"]
    manifest_files._loader.cache_clear()


def test_files_are_found_in_order(tmp_path: Path) -> None:
    for name in (
        "b.yaml",
        "a.yml",
        "c.json",
        "d.txt",
        "deep/x.yaml",
        ".git/y.yaml",
        "kustomization.yaml",
        "index.json",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "gone.yaml").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.yaml")
    names = ["a.yml", "b.yaml", "c.json", "deep/x.yaml"]
    assert find(str(tmp_path)) == [str(tmp_path / name) for name in names]
    assert find(str(tmp_path / "d.txt")) == [str(tmp_path / "d.txt")]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("jbos", "error[R120]: there is no jbos; did you mean jobs?"),
        ("zzz", "error[R120]: there is no zzz"),
        ("nowhere/zzz", "error[R120]: there is no nowhere/zzz"),
        ("jobs", "error[R121]: there is no manifest below jobs; expected *.yaml, *.yml, *.json"),
    ],
)
def test_nothing_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, told: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs").mkdir()
    with pytest.raises(UsageError) as caught:
        find(path)
    assert [str(f) for f in caught.value.findings] == [told]


PLACED = """\
# a comment
apiVersion: v1
base: &base {a: 1, b: 2}
list:
- {<<: *base, b: 3}
-   - x
    - "y": z
'a b/c': {"d\\te": [1, 2]}
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("apiVersion", (2, 1)),
        ("base.b", (3, 20)),
        ("list[0].b", (5, 15)),
        ("list[0].a", (3, 14)),  # by the merge
        ("list[1][0]", (6, 7)),
        ("list[1][1].y", (7, 7)),
        ('["a b/c"]', (8, 1)),
        ("[\"a b/c\"]['d\\te'][1]", (8, 23)),
        ("list[1].y", (6, 5)),
        ("list[7].y", (4, 1)),
        ("apiVersion.x", (2, 1)),
        ("nothing", (2, 1)),
        ("", (2, 1)),
    ],
)
def test_the_place_of_a_field_or_of_what_should_hold_it(tmp_path: Path, path: str, place: tuple[int, int]) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(PLACED)
    (document,) = documents(str(file))
    assert document.place(steps_of(path)) == place


@pytest.mark.parametrize(("text", "place"), [("a: 1\n  b: 1\n", (2, 4)), ("x:\n- {a: 1, a: 2}\n", (2, 10))])
def test_the_place_of_what_cannot_be_read(tmp_path: Path, text: str, place: tuple[int, int]) -> None:
    (tmp_path / "m.yaml").write_text(text)
    (finding,) = [d.finding for d in documents(str(tmp_path / "m.yaml"))]
    assert finding is not None
    assert (finding.line, finding.column) == place


def test_a_document_that_could_not_be_read_knows_its_line_alone(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("a: 1\n---\na: 1\na: 2\n")
    assert [d.place(["a"]) for d in documents(str(file))] == [(1, 1), (4, 1)]
