"""Command lines, as absl reads them."""

from __future__ import annotations

import pytest

from dlaasgen.adapters.benchmark_facts import benchmark_facts
from dlaasgen.flags import Flag, is_absl, is_true, number_of, program_at, read

FACTS = benchmark_facts()


def given(*words: str) -> list[tuple[int, str | None, str | None]]:
    return [(g.index, g.name, g.value) for g in read(words, FACTS)]


def test_the_facts_are_whole() -> None:
    assert len(FACTS.flags) == 138
    assert {f.type for f in FACTS.flags.values()} == {"string", "boolean", "integer", "float", "enum", "list"}
    assert all(flag.accepts(flag.default) for flag in FACTS.flags.values() if flag.default is not None)
    assert list(FACTS.models) == ["imagenet", "cifar10", "coco", "librispeech"]
    assert "resnet50" in FACTS.models["imagenet"]


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (("--model=a",), [(0, "model", "a")]),
        (("-model=a",), [(0, "model", "a")]),
        (("--model", "a", "--xla"), [(0, "model", "a"), (2, "xla", "true")]),
        (("--model", "--xla"), [(0, "model", "--xla")]),
        (("--xla=false", "--noxla"), [(0, "xla", "false"), (1, "xla", "false")]),
        (("--model=",), [(0, "model", "")]),
        (("--model",), [(0, "model", None)]),
        (("--xla", "true", "--mkl"), [(0, "xla", "true"), (1, None, "true")]),
        (("--xla", "--", "--mkl", "x"), [(0, "xla", "true"), (2, None, "--mkl")]),
        (("--xla", "--"), [(0, "xla", "true")]),
        (("--=3", "--mkl"), [(0, None, "--=3")]),
        (("$(MORE)", "--mkl"), [(0, None, "$(MORE)"), (1, "mkl", "true")]),
        (("-", "--mkl"), [(0, None, "-")]),
        (("--nomodel",), [(0, "nomodel", None)]),
        (("--zzz", "--xla"), [(0, "zzz", None), (1, "xla", "true")]),
        (("--verbosity", "1", "--xla"), [(0, "verbosity", "1"), (2, "xla", "true")]),
        ((), []),
    ],
)
def test_read(words: tuple[str, ...], flags: list[tuple[int, str | None, str | None]]) -> None:
    assert given(*words) == flags


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("python", "/a/tf_cnn_benchmarks.py", "--x"), 1),
        (("tf_cnn_benchmarks.py",), 0),
        (("python", "my_tf_cnn_benchmarks.py"), None),
        (("tf_cnn_benchmarks.pyc",), None),
        ((), None),
    ],
)
def test_program_at(words: tuple[str, ...], place: int | None) -> None:
    assert program_at(words) == place


@pytest.mark.parametrize(
    ("flag", "good", "bad"),
    [
        (Flag("a", "integer", minimum=1), ["1", "0x10", "0o7", "99"], ["0", "1.5", "", "x", "1e3"]),
        (Flag("a", "float", minimum=0, maximum=1), ["0", "1", "1e-3", ".5"], ["1.1", "-1", "x"]),
        (Flag("a", "boolean"), ["true", "T", "1", "False", "f", "0"], ["yes", "", "2"]),
        (Flag("a", "enum", choices=("A", "")), ["A", ""], ["a", "B"]),
        (Flag("a", "enum", choices=("A",), ignore_case=True), ["A", "a"], ["B"]),
        (Flag("a", "string"), ["", "x"], []),
    ],
)
def test_accepts(flag: Flag, good: list[str], bad: list[str]) -> None:
    assert [v for v in good if not flag.accepts(v)] == []
    assert [v for v in bad if flag.accepts(v)] == []


def test_what_is_expected_of_a_flag() -> None:
    assert Flag("a", "integer", minimum=0).expected == "an integer, at least 0"
    assert Flag("a", "float", minimum=0, maximum=1).expected == "a number, at least 0 and at most 1"
    assert Flag("a", "enum", choices=("x", "")).expected == "one of x, nothing"
    assert Flag("a", "boolean").expected == "true or false"
    assert Flag("a", "string").expected == "string"


def test_small_things() -> None:
    assert [is_true(v) for v in ("t", "0", None)] == [True, False, False]
    assert [is_absl(n) for n in ("v", "nopdb", "nov", "model")] == [True, True, False, False]
    assert [number_of(t, whole=True) for t in ("12", "0x", "-3")] == [12, None, -3]
