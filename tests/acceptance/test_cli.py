"""The command line itself: help, wrong usage, exit codes, what reaches a terminal and a pipe."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from dlaasgen import __version__
from forking import forked
from support import ROOT, Result, command, environment
from trees import IMAGE, matrix, put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support import Run

pytestmark = pytest.mark.outside

COMMANDS = ("render", "check", "cells", "explain", "schema", "init")
# All that a terminal could obey, but for the end of a line.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
EVIL = {
    "escape": "\x1b[31mred\x1b[0m",
    "csi": "\x9b31m",
    "title": "\x1b]0;owned\x07",
    "backspace": "abc\x08\x08\x08",
    "return": "error\rfine",
    "delete": "\x7f",
    "bidi": "a\u202eb",
}


@pytest.fixture
def do(tmp_path: Path) -> Run:
    return forked(tmp_path / "home")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A project with a small matrix and nothing rendered."""
    folder = tmp_path / "project"
    (folder / "prototypes").mkdir(parents=True)
    put(folder, matrix())
    return folder


def terminal(*args: str, cwd: Path, env: Mapping[str, str] | None = None) -> Result:
    """The installed command on a terminal, which is both its outputs."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [command("dlaasgen"), *args],
        cwd=cwd,
        env={**environment(HOME=str(cwd.parent / "home")), "TERM": "xterm-256color", **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # what Linux says when nobody holds the other end
            part = b""
        if not part:
            break
        said += part
    os.close(ours)
    return Result(args, process.wait(), said.decode().replace("\r\n", "\n"), "")


def test_version(dlaasgen: Run, tmp_path: Path) -> None:
    assert dlaasgen("--version", cwd=tmp_path).ok().out == f"dlaasgen {__version__}\n"


def test_without_a_command_it_shows_its_help(dlaasgen: Run, tmp_path: Path) -> None:
    said = dlaasgen(cwd=tmp_path).exits(2)
    assert all(name in said.out + said.err for name in COMMANDS)


@pytest.mark.parametrize("name", [(), *((c,) for c in COMMANDS)])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(do: Run, tmp_path: Path, name: tuple[str, ...], option: str) -> None:
    said = do(*name, option, cwd=tmp_path).ok()
    assert said.out.lstrip().startswith("Usage: dlaasgen")
    assert said.err == ""
    assert not CONTROL.search(said.out)
    if not name:
        assert all(command in said.out for command in COMMANDS)
        assert "Exit codes: 0 done, 1 drift, 2 usage, 3 matrix, 4 prototype, 5 check, 6 tree" in said.out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("rendr", "x"), "No such command 'rendr'"),
        (("render",), "Missing argument"),
        (("render", "--fromat", "json", "matrix/small.yaml"), "--format"),
        (("render", "--format", "xml", "matrix/small.yaml"), "'yaml', 'json', 'jsonnet', 'ksonnet'"),
        (("render", "--jobs", "-1", "matrix/small.yaml"), "x>=0"),
        (("render", "--jobs", "many", "matrix/small.yaml"), "'many' is not a valid int"),
        (("render", "--engine", "go", "matrix/small.yaml"), "'rjsonnet', 'jsonnet'"),
        (("render", "--check", "--dry-run", "matrix/small.yaml"), "--check and --dry-run exclude each other"),
        (
            ("render", "smal.yaml"),
            "smal.yaml: error[M101]: there is no such file or folder; did you mean matrix/small.",
        ),
        (("render", "matrix/smal.yaml"), "did you mean matrix/small.yaml?"),
        (("render", "prototypes"), "prototypes: error[M101]: the folder holds no *.yaml or *.yml file"),
        (("render", ""), "there is no such file or folder"),
        (("render", "a\x00b"[:1] + "\x1b[31m"), "there is no such file or folder"),
        (("render", "--run", "-no-label-", "matrix/small.yaml"), "-no-label-"),
        (("cells", "matrix/small.yaml", "--select", "model =="), "--select"),
        (("cells", "matrix/small.yaml", "--select", "modle == 'a'"), "did you mean model?"),
        (("cells", "matrix/small.yaml", "--explain", "alexnet-batch-size3"), "did you mean alexnet-batch-size32?"),
        (("check", "nowhere"), "nowhere"),
        (("check", "--kubernetes", "1.2", "manifest.json"), "1.2"),
        (
            ("check", "--kubernetes", "1.2", "matrix/small.yaml"),
            "there are no schemas of Kubernetes 1.2; expected one of",
        ),
        (("check", "--output", "xml", "matrix/small.yaml"), "'table', 'json', 'sarif', 'github'"),
        (("explain", "P21"), "P21"),
        (("explain", "resnet50-bs32"), "of a cell: dlaasgen cells MATRIX --explain CELL"),
        (("explain",), "Missing argument"),
        (("schema", "extra"), "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_told_in_words_with_exit_code_2(do: Run, here: Path, args: tuple[str, ...], told: str) -> None:
    (here / "manifest.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}')
    before = sorted(here.rglob("*"))
    said = do(*args, cwd=here).exits(2)
    # Typer breaks lines within a frame.
    words = " ".join(re.sub("[│╭╮╰╯─]", " ", said.err).split())
    assert " ".join(told.split()) in words
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not CONTROL.search(said.err)
    assert sorted(here.rglob("*")) == before


WRONG = {"prototype": "tf-job"}
UNFIT: dict[str, Any] = {"cluster": {"nodes": 1, "cpu": 1, "memory": "1Gi"}}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"axis": {}}, 3),
        ({"axes": {"model": ["resnet50"], "batch_size": [32, 32]}}, 3),
        ({"limits": {"max_cells": 3}}, 3),
        (WRONG, 4),
        ({"params": {"image": IMAGE, "batchsize": 1}}, 4),
        ({"params": {}}, 4),
        ({"params": {"image": 1}}, 4),
        (UNFIT, 5),
    ],
)
@pytest.mark.parametrize("verb", ["render", "check"])
def test_exit_codes_of_what_is_wrong(do: Run, here: Path, changes: dict[str, Any], code: int, verb: str) -> None:
    put(here, matrix(**changes))
    said = do(verb, "matrix/small.yaml", cwd=here).exits(code)
    told = said.err if verb == "render" else said.out
    assert ("error[" in told) == (code != 0)
    assert "Traceback" not in said.err
    assert (here / "rendered").exists() == (verb == "render" and code == 0) or list((here / "rendered").iterdir()) == []


def test_a_matrix_that_is_no_text(do: Run, here: Path) -> None:
    for data in (b"\xff\xfe\x00", b"\x00", b"", b"\x1b[31m", b"- a\n", b"{" * 100_000, "\ufeff".encode()):
        (here / "matrix/small.yaml").write_bytes(data)
        for verb in ("render", "cells"):
            said = do(verb, "matrix/small.yaml", cwd=here).exits(3)
            assert said.err.count("error[") == said.err.count("\n") > 0
            assert not CONTROL.search(said.err)


def test_special_files_are_no_matrices(do: Run, here: Path) -> None:
    os.mkfifo(here / "matrix/pipe")
    (here / "matrix/loop.yaml").symlink_to("loop.yaml")
    for name in ("/dev/null", "matrix/loop.yaml"):
        said = do("render", name, cwd=here)
        assert said.code in {2, 3}
        assert said.err.count("\n") == 1


def evil(here: Path) -> str:
    """A matrix whose every text would drive a terminal."""
    axes = {"model": [{"id": f"m{n}", "value": "resnet50", "evil": value} for n, value in enumerate(EVIL.values())]}
    return put(
        here, matrix(axes=axes, params={"image": f"x{EVIL['escape']}", "flags": dict.fromkeys(EVIL.values(), "a")})
    )


@pytest.mark.parametrize(
    "args",
    [
        ("render", "matrix/small.yaml"),
        ("-v", "render", "matrix/small.yaml"),
        ("render", "matrix/small.yaml", "--output", "json"),
        ("check", "matrix/small.yaml"),
        ("check", "matrix/small.yaml", "--output", "json"),
        ("check", "matrix/small.yaml", "--output", "sarif"),
        ("check", "matrix/small.yaml", "--output", "github"),
        ("cells", "matrix/small.yaml"),
        ("cells", "matrix/small.yaml", "--output", "json"),
        ("cells", "matrix/small.yaml", "--output", "github"),
        ("cells", "matrix/small.yaml", "--explain", "m0"),
    ],
    ids=" ".join,
)
def test_control_characters_of_a_matrix_do_not_reach_a_terminal(do: Run, here: Path, args: tuple[str, ...]) -> None:
    evil(here)
    said = do(*args, cwd=here)
    assert said.code < 70
    assert said.out + said.err
    assert CONTROL.findall(said.out + said.err) == []
    if "json" in args and args[0] == "cells":
        assert [c["params"]["evil"] for c in said.data] == list(EVIL.values())


def test_control_characters_as_axis_values_do_not_reach_a_terminal(do: Run, here: Path) -> None:
    put(here, matrix(axes={"model": ["resnet50"], "note": list(EVIL.values())}))
    for args in (("cells",), ("cells", "--output", "json"), ("render",)):
        said = do(args[0], "matrix/small.yaml", *args[1:], cwd=here)
        assert said.code < 70
        assert CONTROL.findall(said.out + said.err) == []


def test_control_characters_of_a_manifest_do_not_reach_a_terminal(do: Run, here: Path) -> None:
    data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": EVIL["csi"]}, EVIL["escape"]: EVIL["title"]}
    (here / "manifest.json").write_text(json.dumps(data))
    for form in ("table", "json", "sarif", "github"):
        said = do("check", "manifest.json", "--output", form, cwd=here).exits(5)
        assert said.out
        assert CONTROL.findall(said.out + said.err) == []


@pytest.mark.parametrize("args", [("render", "matrix/small.yaml"), ("check", "matrix/small.yaml"), ("--help",)])
def test_pipes_get_no_colours(do: Run, here: Path, args: tuple[str, ...]) -> None:
    put(here, matrix(**UNFIT))
    said = do(*args, cwd=here, env={"TERM": "xterm-256color"})
    assert said.out + said.err
    assert "\x1b" not in said.out + said.err


def test_a_terminal_gets_colours_unless_no_color_is_set(here: Path) -> None:
    put(here, matrix(**UNFIT))
    assert "\x1b[31merror\x1b[0m[" in terminal("render", "matrix/small.yaml", cwd=here).exits(5).out
    for args in (("render", "matrix/small.yaml"), ("check", "matrix/small.yaml"), ("--help",), ("render", "--nope")):
        said = terminal(*args, cwd=here, env={"NO_COLOR": "1"})
        # Bold, faint and the end of either are no colours.
        assert set(re.findall(r"\x1b\[([\d;]*)m", said.out)) <= {"", "0", "1", "2", "22", "1;2"}


def test_a_long_render_on_a_terminal_ends_with_a_clean_line(here: Path) -> None:
    put(here, matrix(axes={"model": ["resnet50"], "batch_size": list(range(1, 1101))}))
    said = terminal("render", "matrix/small.yaml", cwd=here).ok()
    assert said.out.endswith(
        "matrix/small.yaml: 1100 cells -> rendered/small (1103 files added, 0 changed, 0 removed)\n"
    )


@pytest.mark.parametrize("args", [("cells", "matrix/small.yaml"), ("--help",)])
def test_a_reader_that_goes_away_is_no_fault(here: Path, args: tuple[str, ...]) -> None:
    put(here, matrix(axes={"model": ["resnet50"], "batch_size": list(range(1, 4000))}))
    process = subprocess.Popen(
        [command("dlaasgen"), *args],
        cwd=here,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() in {0, 1, 141}


def test_quiet_says_nothing_and_verbose_names_the_files(do: Run, here: Path) -> None:
    assert do("--quiet", "render", "matrix/small.yaml", "--out", "a", cwd=here).ok().out == ""
    said = do("--verbose", "render", "matrix/small.yaml", "--out", "b", cwd=here).ok()
    assert said.out.count("added: b/small/") == 7
    # What was asked for as data comes all the same.
    assert len(do("--quiet", "cells", "matrix/small.yaml", "--output", "json", cwd=here).ok().data) == 4


def test_explain_and_schema(do: Run, tmp_path: Path) -> None:
    assert do("explain", "P201", cwd=tmp_path).ok().out.startswith("P201: ")
    assert do("explain", "p201", cwd=tmp_path).ok().out.startswith("P201: ")
    schema = do("schema", cwd=tmp_path).ok().data
    assert schema == json.loads((ROOT / "generator/dlaasgen/schemas/matrix.schema.json").read_text())


def schemas() -> dict[str, Any]:
    """The JSON Schemas of docs/reference/output.md, by the command that each is of."""
    text = (ROOT / "docs/reference/output.md").read_text(encoding="utf-8")
    found = re.findall(r"^## `dlaasgen (.+?)`\n.*?^```json\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return {name: json.loads(schema) for name, schema in found}


def test_json_is_as_documented(do: Run, here: Path) -> None:
    import jsonschema

    every = schemas()
    for schema in every.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    # Those of a matrix; the others are held where their commands are tested.
    of_a_matrix = ["render --output json", "cells --output json", "cells --output github", "check --output json"]
    documented = {name: every[name] for name in of_a_matrix}
    put(here, matrix(params={"image": "docker.io/clearlinux/stacks-dlaas-oss:latest"}, repeats=2))
    (here / "rendered/small").mkdir(parents=True)
    (here / "rendered/small/foreign").touch()
    seen = {}
    for name, schema in documented.items():
        verb, *options = name.split()
        said = do(verb, "matrix", *options, cwd=here).ok()
        jsonschema.validate(said.data, schema, cls=jsonschema.Draft202012Validator)
        assert said.data
        seen[name] = said.data
    # Nothing is documented that never comes, or comes without being documented.
    for name in ("render --output json", "cells --output json"):
        assert all(list(item) == list(documented[name]["items"]["properties"]) for item in seen[name])
    from dlaasgen.findings import Finding

    for finding in (documented["check --output json"], documented["render --output json"]["$defs"]["findings"]):
        assert set(finding["items"]["properties"]) == set(Finding.__dataclass_fields__)
