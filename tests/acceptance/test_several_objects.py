"""A prototype may return several objects a cell; their names are the tree's concern, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

PROTOTYPE = """// @name two
// @param model string Model
function(params) [
  {
    apiVersion: 'batch/v1', kind: 'Job', metadata: { name: params.name, namespace: 'x' },
    spec: { activeDeadlineSeconds: 5, template: { spec: { restartPolicy: 'Never', containers: [{
      name: 'a', image: 'a@sha256:' + std.repeat('0', 64), args: [params.model], resources: { requests: { cpu: 1 } },
    }] } } },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace: 'x' }, data: { a: 'b' } },
]
"""


def project(folder: Path, name: str) -> Path:
    (folder / "prototypes").mkdir()
    (folder / "prototypes/two.jsonnet").write_text(PROTOTYPE.replace("NAME", name))
    (folder / "two.yaml").write_text(
        "apiVersion: dlaasgen/v1\nname: two\nprototype: two\ndialect: job\naxes: {model: [a, b]}\n"
    )
    return folder


def test_objects_of_two_cells_must_not_share_a_name(dlaasgen: Run, tmp_path: Path) -> None:
    done = dlaasgen("render", "two.yaml", cwd=project(tmp_path, "'same'")).exits(5)
    assert done.err == (
        "two.yaml: metadata.name: error[K112]: there are two of the ConfigMap same in namespace x (cell b); "
        "the other one is in two/jobs/a_1-configmap.yaml\n"
    )
    assert not (tmp_path / "rendered/two").exists()


def test_each_object_has_a_file_and_all_are_applied(dlaasgen: Run, tmp_path: Path) -> None:
    dlaasgen("render", "two.yaml", cwd=project(tmp_path, "params.name + '-data'")).ok()
    jobs = sorted(p.name for p in (tmp_path / "rendered/two/jobs").iterdir())
    assert jobs == ["a.yaml", "a_1-configmap.yaml", "b.yaml", "b_1-configmap.yaml"]
    applied = (tmp_path / "rendered/two/kustomization.yaml").read_text()
    assert [line[2:] for line in applied.splitlines() if line.startswith("- ")] == [f"jobs/{name}" for name in jobs]
    assert dlaasgen("check", "rendered", "--output", "json", cwd=tmp_path).ok().data == []


def test_a_run_is_a_label_value(dlaasgen: Run, tmp_path: Path) -> None:
    done = dlaasgen("render", "two.yaml", "--run", "a b", cwd=project(tmp_path, "'same'")).exits(2)
    assert "--run 'a b'" in done.err


def test_findings_of_manifests_name_a_file_that_is_there(dlaasgen: Run, tmp_path: Path) -> None:
    here = tmp_path
    head = "apiVersion: dlaasgen/v1\nname: m\nprototype: single-node\n"
    text = f"{head}params: {{image: 'x:1', batch_size: 1}}\naxes: {{model: [alexnet]}}\n"
    (here / "m.yaml").write_text(text)
    for line, file in (
        (("check", "m.yaml"), "m.yaml"),
        (("render", "m.yaml", "--dry-run"), "m.yaml"),
        (("render", "m.yaml"), "rendered/m/jobs/alexnet.yaml"),
        (("render", "m.yaml"), "rendered/m/jobs/alexnet.yaml"),  # remembered, not evaluated
        (("render", "m.yaml", "--check"), "m.yaml"),
    ):
        done = dlaasgen(*line, cwd=here).ok()
        told = [found for found in (done.out + done.err).splitlines() if "P201" in found]
        assert [found.split(":")[0] for found in told] == [file]
