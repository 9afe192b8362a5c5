"""docs/guides/ksonnet.md: its commands, in their order, on prototypes as they were in 2018."""

from __future__ import annotations

import contextlib
import re
import shlex
import stat
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from dlaasgen.cli.app import app
from ksonnets import BENCHMARK

if TYPE_CHECKING:
    from pathlib import Path


def package(registry: Path, name: str, *prototypes: str) -> None:
    (registry / name / "prototypes").mkdir(parents=True)
    (registry / name / "parts.yaml").write_text("kind: ksonnet.io/parts\n", encoding="utf-8")
    for prototype in prototypes:
        text = BENCHMARK.replace("bench-small", prototype)
        (registry / name / "prototypes" / f"{prototype}.jsonnet").write_text(text, encoding="utf-8")
    listed = "kind: ksonnet.io/registry\nlibraries:\n  {0}: {{path: {0}}}\n".format(min(registry.iterdir()).name)
    (registry / "registry.yaml").write_text(listed, encoding="utf-8")


@pytest.mark.outside
def test_the_commands_of_the_guide(root: Path, tmp_path: Path) -> None:
    package(
        tmp_path / "dockerfiles/stacks/dlaas/kubeflow/dlaas-tfjob", "dlaas-bench", "dlaas-resnet50", "dlaas-alexnet"
    )
    package(tmp_path / "kubeflow/kubeflow", "core", "tf-job-operator")
    package(tmp_path / "kubeflow/kubeflow", "examples", "tf-job-simple")
    kubectl = tmp_path / "bin/kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text('#!/bin/sh\necho "$1"\n', encoding="utf-8")
    kubectl.chmod(kubectl.stat().st_mode | stat.S_IXUSR)
    page = (root / "docs/guides/ksonnet.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    here, done = tmp_path, 0
    for line in "".join(blocks).splitlines():
        words = shlex.split(line)
        if words[0] == "cd":
            here = here / words[1]
        elif words[0] == "dlaasgen":
            if "--values-file" in words:
                (here / "values.libsonnet").write_text("{ name: 'resnet50' }\n", encoding="utf-8")
            with contextlib.chdir(here):
                said = CliRunner().invoke(app, words[1:], env={"PATH": f"{kubectl.parent}:/bin:/usr/bin"})
            differ = words[2] == "diff" and "staging" in words
            assert said.exit_code == int(differ), (line, said.exception)
            done += 1
    assert done > 20
    assert (tmp_path / "prototypes/dlaas-resnet50.jsonnet").is_file()
    components = {p.stem for p in (here / "components").glob("*.jsonnet")}
    assert components == {"dlaasalexnet", "dlaasresnet50", "tf-job-operator"}
