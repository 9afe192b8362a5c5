"""dlaasgen prototypes: which there are, what they say of themselves, what they make."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from trees import IMAGE, matrix, put

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

OWN = """// @name tfjob
// @shortDescription Mine \x1b[31m
// @param size integer Size
// @optionalParam mode enum(a|b) a Mode
function(params) {
  apiVersion: 'batch/v1', kind: 'Job', metadata: { name: params.name },
  spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [
    { name: 'main', image: 'a', args: [params.mode, '' + params.size] },
  ] } } },
}
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A project with a prototype that hides a shipped one, one of its own, and one that cannot be read."""
    folder = tmp_path / "prototypes"
    folder.mkdir()
    (folder / "tfjob.jsonnet").write_text(OWN)
    (folder / "other.jsonnet").write_text("// @name other\nfunction(params) [1]\n")
    (folder / "odd.jsonnet").write_text("{}\n")
    return tmp_path


def shape(root: Path, name: str) -> dict[str, Any]:
    page = (root / "docs/reference/output.md").read_text()
    found = re.search(rf"## `dlaasgen prototypes {name} --output json`.*?```json\n(.*?)```", page, re.DOTALL)
    assert found
    schema: dict[str, Any] = json.loads(found[1])
    return schema


def test_list_and_search(dlaasgen: Run, here: Path, root: Path) -> None:
    done = dlaasgen("prototypes", "list", cwd=here).ok()
    assert re.search(r"^tfjob  +project \(hides the shipped one\)  Mine \\x1b\[31m$", done.out, re.MULTILINE)
    assert re.search(r"^other  +project$", done.out, re.MULTILINE)
    assert re.search(r"^trainjob  +shipped +\w", done.out, re.MULTILINE)
    assert done.err.startswith("prototypes/odd.jsonnet:1: error[T102]: the prototype has no // @name header")
    data = dlaasgen("prototypes", "list", "--output", "json", cwd=here).ok().data
    jsonschema.validate(data, shape(root, "list"))
    assert {"tfjob", "other", "pytorchjob"} <= {one["name"] for one in data}
    found = dlaasgen("prototypes", "search", "HOROVOD", "--output", "json", cwd=here / "prototypes").ok().data
    assert [one["name"] for one in found] == ["mpijob"]
    assert dlaasgen("prototypes", "search", "zzz", cwd=here).ok().out == (
        "no prototype has 'zzz' in its name, description or parameters\n"
    )


def test_describe(dlaasgen: Run, here: Path, root: Path) -> None:
    done = dlaasgen("prototypes", "describe", "tfjob", cwd=here).ok()
    assert 'mode       a|b      "a"       Mode\n' in done.out
    assert re.search(r"^job  +yes, as it is written$", done.out, re.MULTILINE)
    assert re.search(r"^tfjob-v1  +yes$", done.out, re.MULTILINE)
    assert re.search(r"^trainjob-v1alpha1  no: K202$", done.out, re.MULTILINE)
    data = dlaasgen("prototypes", "describe", "tfjob", "-o", "json", cwd=here).ok().data
    jsonschema.validate(data, shape(root, "describe"))
    assert [p["name"] for p in data["parameters"]] == ["size", "mode"]
    assert [d["name"] for d in data["dialects"] if d["native"]] == ["job"]
    broken = dlaasgen("prototypes", "describe", "other", cwd=here).ok()
    assert "prototype other returns no manifest" in broken.err
    assert "dialect" not in broken.out
    unknown = dlaasgen("prototypes", "describe", "trainjobs", cwd=here).exits(4)
    assert "did you mean trainjob?" in unknown.err


def test_preview(dlaasgen: Run, here: Path, root: Path) -> None:
    done = dlaasgen("prototypes", "preview", "tfjob", "--set", "mode=b", "--set", "name=x", cwd=here).ok()
    assert done.err == "example values: size=1\n"
    job = yaml.safe_load(done.out)
    assert job["metadata"]["name"] == "x"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["b", "1"]
    there = dlaasgen(
        "prototypes", "preview", "tfjob", "--set", "size=2", "--dialect", "pytorchjob-v1", "-o", "json", cwd=here
    ).ok()
    jsonschema.validate(there.data, shape(root, "preview"))
    assert there.data["params"] == {"mode": "a", "size": 2}
    assert there.data["examples"] == {}
    assert there.data["objects"][0]["kind"] == "PyTorchJob"
    lost = dlaasgen("prototypes", "preview", "tfjob", "--dialect", "trainjob-v1alpha1", cwd=here).exits(5)
    assert "error[K202]: trainjob-v1alpha1 has no backoffLimit" in lost.err
    assert lost.out == ""


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("tfjb",), 4, "no prototype is called tfjb; found tfjb; did you mean tfjob?"),
        (("../x",), 4, "no prototype is called ../x"),
        (("tfjob", "--set", "siz=1"), 4, "prototype tfjob has no parameter siz; did you mean size?"),
        (("tfjob", "--set", "size=x"), 4, "parameter size of prototype tfjob has the wrong type; found 'x'"),
        (("tfjob", "--set", "size"), 2, "--set 'size' is no NAME=VALUE"),
        (("tfjob", "--dialect", "tfjob-v2"), 2, "there is no dialect tfjob-v2; expected "),
    ],
)
def test_wrong_inputs(dlaasgen: Run, here: Path, args: tuple[str, ...], code: int, said: str) -> None:
    done = dlaasgen("prototypes", "preview", *args, cwd=here).exits(code)
    assert said in done.err
    assert done.out == ""


def variables(job: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """The words and the variables of the one container of a job."""
    (container,) = job["spec"]["template"]["spec"]["containers"]
    words = [*container.get("command", ()), *container.get("args", ())]
    return words, {v["name"]: v["value"] for v in container["env"] if "value" in v}


def test_each_value_that_is_derived_can_be_an_axis(dlaasgen: Run, project: Path) -> None:
    """Threads in one operation and at the same time, OpenMP's, their cores, their patience, the order of dimensions."""
    axes: dict[str, list[Any]] = {
        "num_intra_threads": [{"id": "i16", "value": 16}, {"id": "i", "value": None}],
        "num_inter_threads": [{"id": "j1", "value": 1}, {"id": "j", "value": None}],
        "omp_num_threads": [{"id": "o12", "value": 12}, {"id": "o", "value": None}],
        "kmp_affinity": [{"id": "k0", "value": "none"}, {"id": "k", "value": None}],
        "kmp_blocktime": [{"id": "b30", "value": 30}, {"id": "b", "value": None}],
        "data_format": ["NHWC", "NCHW"],
    }
    params = {"image": IMAGE, "model": "resnet50", "batch_size": 32, "mkl": True, "cpu": "36"}
    shape = {"nodes": 1, "cpu": 36, "memory": "192Gi", "sockets": 2, "cores_per_socket": 18}
    study = matrix(name="axes", prototype="single-node", dialect="job", params=params, axes=axes, cluster=shape)
    dlaasgen("render", put(project, study), cwd=project).ok()
    seen = set()
    for file in (project / "rendered/axes/jobs").iterdir():
        job = yaml.safe_load(file.read_text(encoding="utf-8"))
        cell = json.loads(job["metadata"]["annotations"]["dlaasgen/params"])
        words, found = variables(job)
        intra, inter = cell.get("num_intra_threads", 36), cell.get("num_inter_threads", 2)
        expected = {
            f"--num_intra_threads={intra}",
            f"--num_inter_threads={inter}",
            f"--data_format={cell['data_format']}",
        }
        assert expected < set(words), file
        assert found["OMP_NUM_THREADS"] == str(cell.get("omp_num_threads", intra))
        assert found["KMP_AFFINITY"] == cell.get("kmp_affinity", "granularity=fine,verbose,compact,1,0")
        assert found["KMP_BLOCKTIME"] == str(cell.get("kmp_blocktime", 0))
        seen.add((*sorted(expected), found["OMP_NUM_THREADS"], found["KMP_AFFINITY"], found["KMP_BLOCKTIME"]))
    assert len(seen) == 64
    # Where the benchmark would take other threads than the cell says, somebody is told.
    told = dlaasgen("check", "rendered/axes", "--output", "json", cwd=project).data
    assert {f["code"] for f in told} == {"P314"}
    assert len(told) == 16
