"""`dlaasgen check` of manifests: where each finding is, and files that hold nothing to check."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

ONE = """\
# by hand
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: x}
"""
TWO = f"""\
{ONE}---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {{name: a, namespace: x}}
  dta: {{}}
"""


def test_every_finding_of_a_manifest_has_the_place_of_its_field(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(TWO)
    assert dlaasgen("check", "two.yaml", cwd=tmp_path).exits(5).out.splitlines() == [
        "two.yaml:12:3: dta: error[K101]: the manifest has no field dta; did you mean data?",
        "two.yaml:11: metadata.name: error[K112]: there are two of the ConfigMap a in namespace x; "
        "the other one is in two.yaml:4",
        "checked 2 manifests: 2 errors",
    ]


def test_so_does_one_in_json(dlaasgen: Run, tmp_path: Path) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "A", "namespace": "x"}, "spec": {"containers": []}}
    (tmp_path / "pod.json").write_text(json.dumps(pod, indent=2))
    found = dlaasgen("check", "pod.json", "--output", "json", cwd=tmp_path).exits(5).data
    assert [(f["path"], f["line"], f["column"]) for f in found] == [("metadata.name", 5, 5)]


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n", "---\n# a\n---\n...\n"])
def test_a_file_with_nothing_in_it_is_told(dlaasgen: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "empty.yaml").write_text(text)
    done = dlaasgen("check", "empty.yaml", cwd=tmp_path).ok()
    assert done.out.splitlines() == [
        "empty.yaml:1: warning[R123]: the file holds neither a matrix nor a manifest",
        "checked nothing: 1 warning",
    ]
    dlaasgen("check", "--strict", "empty.yaml", cwd=tmp_path).exits(5)


def test_an_empty_document_beside_others_is_no_fault(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(f"---\n{ONE}---\n")
    assert dlaasgen("check", "m.yaml", cwd=tmp_path).ok().out == "checked 1 manifest: no findings\n"


def test_the_version_asked_for_counts_for_matrices_too(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "apiVersion: dlaasgen/v1\nname: m\nprototype: single-node\nkubernetes: '1.30'\n"
        "params: {image: x, batch_size: 1}\naxes: {model: [alexnet]}\n"
    )
    assert "the oldest is 1." in dlaasgen("check", "--kubernetes", "1.9", "m.yaml", cwd=tmp_path).exits(2).err


def test_loudness_before_or_after_the_command(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ONE)
    assert dlaasgen("check", "m.yaml", "-q", cwd=tmp_path).ok().out == ""
    assert dlaasgen("-q", "check", "m.yaml", cwd=tmp_path).ok().out == ""
    assert dlaasgen("prototypes", "list", "--verbose", cwd=tmp_path).ok().out


@pytest.mark.parametrize(
    ("version", "told"),
    [
        (
            "kubeflow.org/v2",
            "m.yaml:1:1: apiVersion: error[K107]: there is no TFJob in kubeflow.org/v2; "
            "expected one of kubeflow.org/v1, kubeflow.org/v1alpha2, kubeflow.org/v1beta2",
        ),
        (
            "kubeflow.org/v1beta1",
            "m.yaml:2:1: kind: note[K108]: TFJob of kubeflow.org/v1beta1 is not checked: there is no schema for it; "
            "`dlaasgen convert` brings it into a dialect of today",
        ),
    ],
)
def test_a_version_of_an_api_that_never_was(dlaasgen: Run, tmp_path: Path, version: str, told: str) -> None:
    (tmp_path / "m.yaml").write_text(
        f"apiVersion: {version}\nkind: TFJob\nmetadata: {{name: a, namespace: x}}\nspec: {{}}\n"
    )
    assert dlaasgen("-v", "check", "m.yaml", cwd=tmp_path).out.splitlines()[0] == told


def test_a_matrix_with_every_key_misspelt_is_taken_for_one(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("apiversion: dlaasgen/v1\nnam: m\nprototyp: tfjob\naxis: {a: [1]}\n")
    done = dlaasgen("check", "m.yaml", cwd=tmp_path).exits(3)
    hints = [line.rpartition("; ")[2] for line in done.out.splitlines() if "has no key" in line]
    assert hints == [f"did you mean {key}?" for key in ("apiVersion", "name", "prototype", "axes")]
    (tmp_path / "n.yaml").write_text("name: m\nprototype: tfjob\naxes: {a: [1]}\n")
    assert "apiVersion is missing" in dlaasgen("check", "n.yaml", cwd=tmp_path).exits(3).out


def test_other_files_of_a_folder_are_left_out_and_told(dlaasgen: Run, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "m.yaml").write_text(ONE)
    assert dlaasgen("check", ".", cwd=tmp_path).ok().out == "checked 1 manifest: 1 note\n"
    assert dlaasgen("-v", "check", ".", cwd=tmp_path).ok().out.startswith("package.json:1: note[R124]: this is no ")
    assert "K106" in dlaasgen("check", "package.json", cwd=tmp_path).exits(5).out


def test_a_new_project_has_no_findings(dlaasgen: Run, tmp_path: Path) -> None:
    dlaasgen("init", cwd=tmp_path).ok()
    dlaasgen("render", "matrix", cwd=tmp_path).ok()
    assert dlaasgen("check", ".", cwd=tmp_path).ok().out.endswith("5 manifests: 1 note\n")
