"""What is rendered comes back the same through every reader, and from every form of it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ruamel.yaml import YAML

from forking import forked
from support import ROOT
from trees import IMAGE, matrix, put, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from support import Run

pytestmark = pytest.mark.outside

AWKWARD = [
    *("yes", "no", "on", "off", "y", "n", "Y", "True", "FALSE", "null", "Null", "~", "", "NULL", "<<", "="),
    *("0777", "0o14", "08", "1e3", "12e03", "1_000", "0x1F", "0b11", "+1", "-0", "1.", ".5", "1.5", "1e", "0.0"),
    *(".inf", "-.Inf", ".NaN", "nan", "Infinity", "12:30:45", "190:20", "2024-01-01", "2024-01-01T00:00:00Z"),
    *("a\nb\n", "\n", "\n\n x \n", "a\r\nb", "\r", "trailing  ", " leading", "\ttab", "a\tb", "a\n\n\n", " \n "),
    *("- a", "-", "--- ", "---", "...", "? a", ": a", "a: b", "a:", ":", "a #b", "#c", "&a", "*a", "!t", "!!str a"),
    *(
        "|",
        ">",
        "%x",
        "@a",
        "`a`",
        "[a]",
        "{a}",
        "{a: b}",
        "'",
        '"',
        "''",
        "a'b",
        'a"b',
        "\\",
        "\\n",
        "a\\",
        ",",
        "a,b",
    ),
    *(
        "é",
        "ü\u0308",
        "日本語",
        "🎉",
        "\u2028",
        "\u2029",
        "\u0085",
        "\xa0",
        "\ufeffbom",
        "\ufffd",
        "\u200b",
        "\u202eabc",
    ),
    *("\x07", "\x1b[31mred\x1b[0m", "\x00", "\x7f", "\x9b31m", "\x08", "\x0b", "\x0c", "\x01\x1f", "a\x00b"),
    *("x" * 3000, "word " * 200, "${{ github.token }}", "$(rm -rf /)", "{{ a }}", "%(a)s", "%s", "0" * 60, "9" * 40),
]
STUDY = matrix(
    name="awkward",
    axes={"model": ["resnet50"], "batch_size": [32]},
    params={"image": IMAGE, "env": {f"V{n}": value for n, value in enumerate(AWKWARD)}},
)
NAMES = ["awkward", *sorted(m.stem for m in (ROOT / "matrix").glob("*.yaml"))]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every committed matrix and an awkward one, in all three formats: yaml/, json/, jsonnet/."""
    folder = tmp_path_factory.mktemp("readers")
    for part in ("matrix", "prototypes"):
        shutil.copytree(ROOT / part, folder / part)
    put(folder, STUDY)
    for form in ("yaml", "json", "jsonnet"):
        forked(folder / "home")("render", "matrix", "--format", form, "--out", form, cwd=folder).ok()
    return folder


def objects(project: Path, name: str) -> dict[str, Any]:
    """What the JSON files of a tree hold, by their names without the suffix."""
    return {p.stem: json.loads(p.read_bytes()) for p in sorted((project / "json" / name / "jobs").iterdir())}


def pyyaml(text: bytes) -> Any:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def ruamel(text: bytes) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    return reader.load(text.decode())


@pytest.mark.parametrize("read", [pyyaml, ruamel])
@pytest.mark.parametrize("name", NAMES)
def test_yaml_is_what_the_json_says(project: Path, name: str, read: Callable[[bytes], Any]) -> None:
    wanted = objects(project, name)
    files = sorted((project / "yaml" / name / "jobs").iterdir())
    assert [f.name.removesuffix(".yaml") for f in files] == list(wanted)
    for file in files:
        assert exact(read(file.read_bytes())) == exact(wanted[file.stem]), file.name


@pytest.mark.parametrize("form", ["yaml", "json"])
@pytest.mark.parametrize("name", NAMES)
def test_kubectl_reads_what_the_json_says(project: Path, name: str, form: str, kubectl: Run) -> None:
    wanted = {data["metadata"]["name"]: data for data in objects(project, name).values()}
    said = kubectl("label", "--local", "-o", "json", "-f", f"{form}/{name}/jobs", "x=y", cwd=project).ok()
    read, decoder, at = {}, json.JSONDecoder(), 0
    text = said.out.strip()
    while at < len(text):
        data, end = decoder.raw_decode(text, at)
        assert data["metadata"]["labels"].pop("x") == "y"
        read[data["metadata"]["name"]] = data
        at = end + len(text[end:]) - len(text[end:].lstrip())
    assert exact(read) == exact(wanted)


def test_the_other_files_of_a_tree_can_be_read(project: Path) -> None:
    for name in NAMES:
        index = json.loads((project / "yaml" / name / "index.json").read_bytes())
        assert [f"jobs/{cell['id']}.yaml" for cell in index["cells"]] == [f for c in index["cells"] for f in c["files"]]
        data = (project / "yaml" / name / "kustomization.yaml").read_bytes()
        assert exact(pyyaml(data)) == exact(ruamel(data))
        assert pyyaml(data)["resources"] == [f for c in index["cells"] for f in c["files"]]


@pytest.mark.parametrize("name", NAMES[1:])
def test_kustomize_builds_the_tree(project: Path, name: str, kubectl: Run) -> None:
    """But for the awkward one: kustomize writes DEL and C1 characters as they are, and cannot read them again."""
    wanted = {data["metadata"]["name"]: data for data in objects(project, name).values()}
    built = kubectl("kustomize", f"yaml/{name}", cwd=project).ok()
    read = {d["metadata"]["name"]: d for d in yaml.safe_load_all(built.out)}
    assert exact(read) == exact(wanted)


def test_the_awkward_values_arrive(project: Path) -> None:
    [data] = objects(project, "awkward").values()
    [container] = data["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["containers"]
    given = {e["name"]: e["value"] for e in container["env"] if "value" in e}
    assert {k: given[k] for k in STUDY["params"]["env"]} == STUDY["params"]["env"]


@pytest.mark.parametrize("name", NAMES)
def test_components_evaluate_to_what_the_yaml_says(project: Path, name: str) -> None:
    import _jsonnet
    import rjsonnet

    wanted = objects(project, name)
    files = sorted((project / "jsonnet" / name / "jsonnet").iterdir())
    assert [f.name.removesuffix(".jsonnet") for f in files] == list(wanted)
    for file in files:
        text = file.read_text(encoding="utf-8")
        for evaluate in (_jsonnet.evaluate_snippet, rjsonnet.evaluate_snippet):
            assert exact(json.loads(evaluate(file.name, text))) == exact(wanted[file.stem]), file.name


def test_the_manifests_beside_components_are_the_same(project: Path) -> None:
    for name in NAMES:
        assert tree(project / "jsonnet" / name / "jobs") == tree(project / "yaml" / name / "jobs")


def exact(value: Any) -> Any:
    """A value in a form whose equality tells 1, 1.0 and true apart, and not the order of keys."""
    if isinstance(value, dict):
        return {str(k): exact(v) for k, v in value.items()} | _types(value)
    if isinstance(value, list):
        return [exact(v) for v in value]
    return (type(value).__name__, value)


def _types(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {"": sorted({type(k).__name__ for k in value})}
