"""dlaasgen convert: old manifests moved forward, and back; nothing lost silently, nothing overwritten unasked."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from jobs import flat, job, service, tfjob

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run


def put(folder: Path, name: str, *objects: Any) -> str:
    (folder / name).write_text("---\n".join(yaml.safe_dump(o) for o in objects))
    return name


def test_forward_and_back(dlaasgen: Run, tmp_path: Path) -> None:
    put(tmp_path, "old.yaml", flat("v1beta2"), service())
    done = dlaasgen("convert", "--to", "tfjob-v1", "old.yaml", cwd=tmp_path).ok()
    assert done.err == ""
    assert list(yaml.safe_load_all(done.out)) == [tfjob(), service()]
    back = dlaasgen("convert", "--to", "tfjob-v1beta2", "-", cwd=tmp_path, stdin=done.out).ok()
    assert list(yaml.safe_load_all(back.out)) == [flat("v1beta2"), service()]
    (tmp_path / "new.yaml").write_text(done.out)
    again = dlaasgen("convert", "--to", "tfjob-v1", "new.yaml", cwd=tmp_path).ok()
    assert again.out == done.out


def test_the_guide(dlaasgen: Run, tmp_path: Path, root: Path) -> None:
    page = (root / "docs/guides/old-manifests.md").read_text()
    manifest, single = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0], job()
    (tmp_path / "old.yaml").write_text(manifest)
    done = dlaasgen("convert", "--to", "tfjob-v1", "old.yaml", cwd=tmp_path).ok()
    assert [line.partition("[K210]: ")[2] for line in done.err.splitlines()] == [
        "the role is spelt Ps; it is PS",
        "tfReplicaType is left out; the role is PS",
        "restartPolicy stands in the pod; it is moved up",
        "restartPolicy stands in the pod; it is moved up",
    ]
    (tmp_path / "new.yaml").write_text(done.out)
    codes = {f["code"] for f in dlaasgen("check", "new.yaml", "-o", "json", cwd=tmp_path).data}
    assert codes
    assert not codes & {"P110", "P111", "P112", "K101"}
    put(tmp_path, "single.yaml", single)
    dlaasgen("convert", "--to", "job", "--out", "manifests", "single.yaml", cwd=tmp_path).ok()


def test_what_is_lost_is_an_error_and_nothing_is_printed(dlaasgen: Run, tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", tfjob(), service())
    done = dlaasgen("convert", "--to", "job", "a.yaml", "--out", "made", cwd=tmp_path).exits(5)
    assert done.out == ""
    assert "a.yaml:1: spec.tfReplicaSpecs.PS: error[K201]: job has no role PS\n" in done.err
    assert not (tmp_path / "made").exists()
    lossy = dlaasgen("convert", "--to", "job", "--lossy", "a.yaml", cwd=tmp_path).ok()
    assert "warning[K201]" in lossy.err
    assert [o["kind"] for o in yaml.safe_load_all(lossy.out)] == ["Job", "Service"]


def test_files_of_objects(dlaasgen: Run, tmp_path: Path) -> None:
    odd = service()
    odd["metadata"]["name"] = "../../etc/passwd"
    put(tmp_path, "a.yaml", {"apiVersion": "v1", "kind": "List", "items": [flat(), odd, odd]})
    said = dlaasgen("convert", "--to", "tfjob-v1", "a.yaml", "--out", "made", cwd=tmp_path).ok()
    assert said.out == "3 objects -> made (3 files written)\n"
    names = ["service-etc-passwd-2.yaml", "service-etc-passwd.yaml", "tfjob-nightly-resnet50-0123abcd.yaml"]
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == names
    job_file = tmp_path / "made" / names[2]
    assert yaml.safe_load(job_file.read_text()) == tfjob()
    again = dlaasgen("convert", "--to", "tfjob-v1", "a.yaml", "--out", "made", cwd=tmp_path).ok()
    assert again.out == "3 objects -> made (0 files written)\n"
    job_file.write_text("mine\n")
    (tmp_path / "made" / names[0]).unlink()
    done = dlaasgen("convert", "--to", "tfjob-v1", "a.yaml", "--out", "made", cwd=tmp_path).exits(6)
    assert done.err.startswith(f"made/{names[2]}: error[R104]: ")
    assert not (tmp_path / "made" / names[0]).exists()
    dlaasgen("convert", "--to", "tfjob-v1", "a.yaml", "--out", "made", "--force", cwd=tmp_path).ok()
    assert yaml.safe_load(job_file.read_text()) == tfjob()


def test_a_link_is_not_followed(dlaasgen: Run, tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", service())
    (tmp_path / "made").mkdir()
    (tmp_path / "other").write_text("mine\n")
    (tmp_path / "made/service-results.yaml").symlink_to(tmp_path / "other")
    dlaasgen("convert", "--to", "job", "a.yaml", "--out", "made", "--force", cwd=tmp_path).exits(6)
    assert (tmp_path / "other").read_text() == "mine\n"
    dlaasgen("convert", "--to", "job", "a.yaml", "--out", "a.yaml", cwd=tmp_path).exits(6)


def test_json(dlaasgen: Run, tmp_path: Path, root: Path) -> None:
    put(tmp_path, "a.yaml", flat(), tfjob(), service())
    (tmp_path / "b.yaml").write_text("a: [\n")
    page = (root / "docs/reference/output.md").read_text()
    shape = json.loads(re.findall(r"## `dlaasgen convert --output json`.*?```json\n(.*?)```", page, re.DOTALL)[0])
    good = dlaasgen("convert", "--to", "tfjob-v1", "a.yaml", "-o", "json", "--out", "x", cwd=tmp_path).ok().data
    assert [(o["source"], o["dialect"], o["path"]) for o in good] == [
        ("tfjob-v1-flat", "tfjob-v1", "x/tfjob-nightly-resnet50-0123abcd.yaml"),
        ("tfjob-v1", "tfjob-v1", "x/tfjob-nightly-resnet50-0123abcd-2.yaml"),
        (None, None, "x/service-results.yaml"),
    ]
    assert [f["code"] for o in good for f in o["findings"]] == ["K211"]
    bad = dlaasgen("convert", "--to", "job", "a.yaml", "b.yaml", "-o", "json", cwd=tmp_path).exits(5)
    assert bad.err == ""
    assert [o["manifest"] is None for o in bad.data] == [True, True, False, True]
    for data in (good, bad.data):
        jsonschema.validate(data, shape)


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--to", "tfjob-v2", "a.yaml"), 2, "there is no dialect tfjob-v2; expected tfjob-v1alpha2, "),
        (("--to", "job", "aa.yaml"), 2, "there is no aa.yaml; did you mean a.yaml?"),
        (("--to", "job", "a.yaml"), 5, "a.yaml:1: spec: error[K209]: spec is no object"),
        (("--to", "job", "-"), 5, "error[R122]: the YAML cannot be read: "),
        (("--to", "job", "huge.yaml"), 5, "error[K209]: the object cannot be written as YAML: "),
    ],
)
def test_wrong_inputs(dlaasgen: Run, tmp_path: Path, args: tuple[str, ...], code: int, said: str) -> None:
    put(tmp_path, "a.yaml", {"apiVersion": "kubeflow.org/v1", "kind": "TFJob"})
    put(tmp_path, "huge.yaml", {"apiVersion": "v1", "kind": "A", "metadata": {}, "spec": {"a": 2**60}})
    done = dlaasgen("convert", *args, cwd=tmp_path, stdin="a: [\n").exits(code)
    assert said in done.err
    assert done.out == ""
