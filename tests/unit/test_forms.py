"""Forms: what is filled in is what would have been written, and what has no form is left to others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen import forms as forms_module
from dlaasgen.canonical import dump
from dlaasgen.forms import Filled, Forms
from dlaasgen.manifests import Identity, adopt
from jobs import changed, tfjob

if TYPE_CHECKING:
    from collections.abc import Iterable

OWN = Identity("m-a-zzzzzzzz", {"dlaasgen/cell": "a"}, {"dlaasgen/params": '{"size":1}'})


def source(data: Any) -> str:
    return json.dumps(data, indent=4)


def learnt(*objects: dict[str, Any], own: Identity = OWN) -> Forms:
    """Forms that have seen these objects."""
    found = Forms()
    for data in objects:
        if found.fill(source(data), own) is None:
            found.learn(source(data), data, own)
    return found


def written(data: dict[str, Any], own: Identity = OWN) -> tuple[dict[str, Any], str]:
    """What an object must become."""
    copy = json.loads(json.dumps(data))
    adopt(copy, own)
    return copy, dump(copy)


def fitting(found: Forms, data: dict[str, Any], own: Identity = OWN) -> Filled:
    filled = found.fill(source(data), own)
    assert filled is not None
    assert (filled.data, filled.text) == written(data, own)
    return filled


def thing(size: object, name: object = "m-a-zzzzzzzz") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": name}, "spec": {"size": size, "kept": [1, {}]}}


def test_nothing_is_known_at_first() -> None:
    assert Forms().fill(source(thing(1)), OWN) is None


def test_the_same_again() -> None:
    fitting(learnt(thing(1)), thing(1))


@pytest.mark.parametrize("size", [2, 2.5, -1, True, False, "text", "no", "it's", "\u00e9\x85", "", "{", "a: b", "1"])
def test_another_scalar(size: object) -> None:
    found = learnt(thing(1), thing(7))
    fitting(found, thing(size))
    fitting(found, thing(1))


def test_a_scalar_that_had_been_the_same_so_far_widens_the_form() -> None:
    found = learnt(thing(1), thing(2))
    other = thing(2, name="m-b-zzzzzzzz")
    assert found.fill(source(other), OWN) is None
    found.learn(source(other), other, OWN)
    fitting(found, thing(3, name="m-c-zzzzzzzz"))


def test_the_identity_is_filled_in() -> None:
    found = learnt(tfjob())
    for cell in ("b", "0123", "yes"):
        fitting(found, tfjob(), Identity("x", {"dlaasgen/cell": cell}, {"dlaasgen/params": f'{{"of":"{cell}"}}'}))


def test_an_identity_of_other_labels_is_of_another_form() -> None:
    found = learnt(tfjob())
    own = Identity("x", {"dlaasgen/cell": "a", "more": "b"}, OWN.annotations)
    assert found.fill(source(tfjob()), own) is None
    found.learn(source(tfjob()), tfjob(), own)
    fitting(found, tfjob(), own)
    fitting(found, tfjob())


def test_the_identity_wins_over_labels_that_vary() -> None:
    one, two = (changed(tfjob(), "metadata", "labels", to={"dlaasgen/cell": x, "own": x}) for x in "ab")
    fitting(learnt(one, two), changed(tfjob(), "metadata", "labels", to={"dlaasgen/cell": "c", "own": "c"}))


@pytest.mark.parametrize("other", [None, {}, [], [1], {"a": 1}, "two\nlines"])
def test_what_is_laid_out_otherwise_is_of_another_form(other: object) -> None:
    found = learnt(thing(1), thing(2))
    assert found.fill(source(thing(other)), OWN) is None
    found.learn(source(thing(other)), thing(other), OWN)
    fitting(found, thing(other))
    fitting(found, thing(3))


@pytest.mark.parametrize("first", [None, {}])
def test_whether_there_are_metadata_is_no_matter_of_scalars(first: object) -> None:
    """Null and an empty mapping get labels, other scalars none."""
    with_text = changed(thing(1), "metadata", to="text")
    found = learnt(with_text, changed(thing(1), "metadata", to="other"))
    assert found.fill(source({**thing(1), "metadata": first}), OWN) is None


def test_objects_of_several_forms_by_turns() -> None:
    found = learnt(thing(1), {"kind": "Other", "size": 1}, thing(2), {"kind": "Other", "size": 2})
    for size in range(3, 6):
        fitting(found, thing(size))
        fitting(found, {"kind": "Other", "size": size})


def test_one_line_more_is_another_form() -> None:
    found = learnt({"a": 1, "b": 2}, {"a": 2, "b": 2})
    assert found.fill(source({"a": 1, "b": 2, "c": 3}), OWN) is None
    assert found.fill(source({"a": 1}), OWN) is None
    assert found.fill(source({"a": 1, "b": 2}) + "\n", OWN) is None


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"a":1,"b":[1,2]}', {"a": 1, "b": [1, 2]}),  # several values on a line
        ('{\n    "a": 1\n}', {"a": 2}),  # another object than the text's
        ('{\n    "a": "dlaasgen/scalar/1/"\n}', {"a": "dlaasgen/scalar/1/"}),
        ('{\n    "dlaasgen/scalar/1/": 1\n}', {"dlaasgen/scalar/1/": 1}),
        ('{\n    "a": 9007199254740993\n}', {"a": 9007199254740993}),  # no YAML form
        ('{\n    "' + "k" * 1001 + '": 1\n}', {"k" * 1001: 1}),
        ('{\n    "a": nan\n}', {"a": 1}),
        ("x", {}),
    ],
)
def test_what_no_form_is_made_of(text: str, data: dict[str, Any]) -> None:
    found = Forms()
    found.learn(text, data, OWN)
    assert found.fill(text, OWN) is None


def test_nesting_without_end_has_no_form() -> None:
    depth = 990
    lines = [" " * n + '"a": {' for n in range(1, depth)]
    text = "\n".join(["{", *lines, '"a": 1', *["}"] * depth])
    data: dict[str, Any] = {"a": 1}
    for _ in range(depth - 1):
        data = {"a": data}
    found = Forms()
    found.learn(text, data, OWN)
    assert found.fill(text, OWN) is None


@pytest.mark.parametrize("size", [2**53 + 1, float("inf"), "\ud800"])
def test_a_scalar_without_a_yaml_form_is_left_to_those_who_say_so(size: object) -> None:
    assert learnt(thing(1), thing(2)).fill(source(thing(size)), OWN) is None


def test_a_line_feed_however_it_is_written_is_laid_out_by_its_indent() -> None:
    found = learnt(thing("a"), thing("b"))
    assert found.fill(source(thing("c")).replace('"c"', '"c\\u000ad"'), OWN) is None


def test_the_trees_that_objects_share_are_their_own_where_they_differ() -> None:
    found = learnt(thing(1), thing(2))
    one, two = fitting(found, thing(3)), fitting(found, thing(4))
    assert one.data["spec"] is not two.data["spec"]
    assert one.data["spec"]["kept"] is two.data["spec"]["kept"]
    assert one.data["metadata"]["labels"] is not two.data["metadata"]["labels"]


def alike(objects: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    *_, last = objects = list(objects)
    found = learnt(*objects)
    found.learn(source(last), last, OWN)
    return [fitting(found, data).alike for data in objects]


def test_names_labels_and_arguments_do_not_count_for_likeness() -> None:
    one = tfjob()
    two = changed(tfjob("other", "arguments", "of", "as", "many", "words"), "metadata", "name", to="other")
    assert len({*alike([one, two])}) == 1


def test_all_else_counts_for_likeness() -> None:
    box = ("spec", "tfReplicaSpecs", "Worker", "template", "spec", "containers", 0)
    objects = [
        tfjob(),
        tfjob(workers=2),
        changed(tfjob(), *box, "image", to="other"),
        changed(tfjob(), *box, "args", 0, to=1),
        changed(tfjob(), "metadata", "name", to=1),
        changed(tfjob(), "metadata", "namespace", to="other"),
    ]
    found = learnt(*objects, *objects, *objects, *objects)
    filled = [found.fill(source(data), OWN) for data in objects]
    # A name or an argument that is no string is never taken for one.
    assert [f is None for f in filled] == [False, False, False, True, True, False]
    assert len({f.alike for f in filled if f is not None}) == 4


def test_forms_are_given_up_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms_module, "_MOST_FORMS", 2)
    found = learnt({"a": 1}, {"b": 1}, {"c": 1})
    assert [found.fill(source({key: 1}), OWN) is None for key in "abc"] == [True, True, False]


def test_objects_that_are_all_different_soon_cost_nothing() -> None:
    found = Forms()
    for number in range(100):
        found.learn(source({f"k{number}": 1}), {f"k{number}": 1}, OWN)
    known = [number for number in range(100) if found.fill(source({f"k{number}": 1}), OWN)]
    assert known == list(range(32, 64))
    for _ in range(16):
        fitting(found, {"k40": 1})
    found.learn(source({"late": 1}), {"late": 1}, OWN)
    fitting(found, {"late": 1})


def test_scalars_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms_module, "_REMEMBERED", 3)
    found = learnt(thing(0), thing(1))
    for size in range(20):
        fitting(found, thing(size))
    assert len(found._scalars) <= 3
