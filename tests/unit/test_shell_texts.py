"""Texts for a shell, taken apart into commands."""

from __future__ import annotations

import pytest

from dlaasgen.shell_texts import commands


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("python x.py --a=1 --b 2", [("python", "x.py", "--a=1", "--b", "2")]),
        ("cd /x && python x.py; echo done", [("cd", "/x"), ("python", "x.py"), ("echo", "done")]),
        ("x --a=1 2>&1 | tee log", [("x", "--a=1"), ("tee", "log")]),
        ("x > 'a b' --a < in >> out --b", [("x", "--a", "--b")]),
        ("x \\\n  --a \\\n  --b\ny", [("x", "--a", "--b"), ("y",)]),
        ("x '--a=b c' \"--d='e'\" --f=\\;", [("x", "--a=b c", "--d='e'", "--f=;")]),
        ("x --a=b#c # that's one\ny #", [("x", "--a=b#c"), ("y",)]),
        ("x --n=$(nproc) --m=${M:-3} --l=`ls $(pwd)`", [("x", "--n=$(x", "--m=$({M:-3}", "--l=$(x")]),
        ('x $FLAGS "$@" --$N=1', [("x", "$($FLAGS", "$($@", "$(--$N=1")]),
        ("x --n=$(( $(nproc) / 2 ))", [("x", "--n=$(x")]),
        ("x --a 2 > 1", [("x", "--a", "2")]),
        ("(x --a)&", [("x", "--a")]),
        ("x ''", [("x", "")]),
        ("", []),
        ("x 'a", None),
        ("x a\\", None),
    ],
)
def test_the_commands_of_a_text(text: str, found: list[tuple[str, ...]] | None) -> None:
    assert commands(text) == found
