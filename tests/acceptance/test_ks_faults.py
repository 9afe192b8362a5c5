"""What is wrong in a ksonnet application or a command of ks is told, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from applications import Ks
from ksonnets import folder

if TYPE_CHECKING:
    from pathlib import Path


WRONG: list[tuple[list[str], int, str]] = [
    (["generate", "bench-smal", "x"], 2, "error[A107]: no prototype is called bench-smal; did you mean bench-small?"),
    (["generate", "bench-small", "x", "--nam=y"], 2, "has no parameter nam; did you mean name?"),
    (["generate", "bench-imports", "x", "--replicas=many"], 2, "found 'many'; expected a number"),
    (
        ["generate", "bench-small", "small"],
        2,
        "there is a component small already; remove it: dlaasgen ks component",
    ),
    (["generate", "bench-small", "../x"], 2, "wrong name of a component; found '../x'"),
    (["generate", "bench-small"], 2, "wrong number of names: 1; expected dlaasgen ks generate PROTOTYPE COMPONENT"),
    (["param", "set", "smal", "name", "x"], 2, "the application has no component smal; did you mean small?"),
    (["param", "set", "small", "name.x", "y"], 4, "the parameters cannot be edited: name is no plain object"),
    (["param", "set", "small", "x", "{y"], 2, "the value looks like JSON, and is none"),
    (["param", "set", "small", "x", "y", "--env", "dev"], 2, "the application has no environment dev"),
    (["show", "defualt"], 2, "did you mean default?"),
    (["show", "default", "-c", "params"], 2, "the application has no component params"),
    (["env", "add", "default"], 2, "there is an environment default already"),
    (["env", "add", "../x"], 2, "wrong name of an environment"),
    (["env", "set", "default", "--name", "a/../../x"], 2, "wrong name of an environment"),
    (["component", "rm", "x"], 2, "the application has no component x"),
    (["pkg", "install", "x"], 2, "no registry has a package x"),
    (["pkg", "install", "x/y"], 2, "the application has no registry x"),
    (["registry", "add", "x", "https://example.org"], 2, "only registries in folders can be added"),
    (["registry", "add", "x", "vendor"], 2, "the file is missing"),
    (
        ["registry", "add", "x", "github.com/a/b"],
        2,
        "there is no folder of a registry there; found github.com/a/b; fetch",
    ),
    (["registry", "add", "x", "nowhere"], 2, "error[A112]: there is no folder of a registry there; found nowhere"),
]


@pytest.mark.parametrize(("words", "code", "message"), WRONG, ids=[" ".join(w[0]) for w in WRONG])
def test_what_is_wrong_is_told_and_changes_nothing(ks: Ks, words: list[str], code: int, message: str) -> None:
    before = ks.files()
    told = ks(*words).exits(code)
    assert message in told.err
    assert "Traceback" not in told.err
    assert ks.files() == before


def test_components_that_cannot_be_evaluated(ks: Ks) -> None:
    file = ks.place / "components/small.jsonnet"
    file.write_text("{ a: import '/etc/passwd' }", encoding="utf-8")
    assert "only files below" in ks("show", "default").exits(4).err
    file.write_text("{\n  a: error 'why' }", encoding="utf-8")
    assert (
        "components/small.jsonnet:2:6: error[T106]: the component cannot be evaluated: why"
        in ks("show", "default").exits(4).err
    )
    file.write_text("{ a: 1 }", encoding="utf-8")
    assert "component small holds what is no Kubernetes object" in ks("show", "default").exits(4).err


def test_what_is_left_out_is_told(ks: Ks) -> None:
    (ks.place / "components/more.yml").write_text("kind: Job\n", encoding="utf-8")
    (ks.place / "components/module").mkdir()
    for words in (["show", "default"], ["component", "list"]):
        told = ks(*words).ok().err
        assert "components/module: warning[A116]: this is no component here, and left out" in told
        assert "components/more.yml: warning[A116]" in told
        assert "components/params" not in told


def test_a_folder_of_any_name(tmp_path: Path) -> None:
    folder(tmp_path).rename(tmp_path / "my prototypes")
    ks = Ks(tmp_path)
    ks("init", "app", "--prototypes", "my prototypes").ok()
    assert (tmp_path / "app/vendor/prototypes/prototypes/prototypes/bench-small.jsonnet").is_file()


def test_links_that_lead_out_are_not_followed(ks: Ks, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "params.libsonnet").write_text("{ components: {} }", encoding="utf-8")
    (ks.place / "components").rename(tmp_path / "moved")
    (ks.place / "components").symlink_to(outside)
    assert "a link leads out of the application" in ks("generate", "bench-small", "x").exits(6).err
    assert sorted(p.name for p in outside.iterdir()) == ["params.libsonnet"]


def test_app_yaml_that_cannot_be_used(ks: Ks, tmp_path: Path) -> None:
    assert "no ksonnet application here" in Ks(tmp_path)("show", "default").exits(2).err
    for text, message in (
        ("a: &x 1\nb: *x\n", "the file has YAML aliases"),
        ("a: [", "the file is no YAML"),
        ("[]", "the file holds no mapping"),
    ):
        (ks.place / "app.yaml").write_text(text, encoding="utf-8")
        assert message in ks("env", "list").exits(4).err


def test_init_makes_all_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    ks = Ks(tmp_path)
    assert "the folder exists, and is not empty" in ks("init", "full").exits(2).err
    assert "no folder of prototypes" in ks("init", "a", "--prototypes", "x").exits(2).err
    assert "holds no prototypes" in ks("init", "a", "--prototypes", "full").exits(2).err
    assert [p.name for p in tmp_path.iterdir()] == ["full"]
