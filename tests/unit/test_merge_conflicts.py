"""The sides of a merge conflict."""

from __future__ import annotations

import pytest

from dlaasgen.merge_conflicts import sides


@pytest.mark.parametrize("text", ["", "a\nb\n", "  <<<<<<< HEAD\n", "<<<<<<<<\n", "========\n", '{"a": "=======x"}'])
def test_a_text_without_markers_has_no_sides(text: str) -> None:
    assert sides(text) == []


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [
        ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> main\nd\n", "a\nb\nd\n", "a\nc\nd\n"),
        ("<<<<<<< HEAD\n||||||| 0\no\n=======\nc\n>>>>>>> main\n", "", "c\n"),
        ("<<<<<<<\r\nb\r\n=======\r\n>>>>>>>\r\n", "b\r\n", ""),
        ("<<<<<<< a\n1\n=======\n2\n>>>>>>> b\nm\n<<<<<<< a\n3\n=======\n4\n>>>>>>> b", "1\nm\n3", "2\nm\n4"),
        ("<<<<<<< cut\na", "a", ""),
    ],
)
def test_the_sides(text: str, ours: str, theirs: str) -> None:
    assert sides(text) == [ours, theirs]
