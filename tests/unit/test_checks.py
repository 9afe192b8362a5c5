"""Checks: schema and policies together, waivers, many manifests, and what is remembered."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dlaasgen import cells_codes, dialects_codes, matrix_codes, tree_codes
from dlaasgen.adapters.benchmark_facts import benchmark_facts
from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
from dlaasgen.adapters.matrix_files import read
from dlaasgen.checks import CODES, POLICIES, Checker, Context, check_manifest, check_set, check_waivers
from dlaasgen.findings import Finding
from dlaasgen.matrix import Cluster, Waiver
from jobs import ARGS, BOX, POD, WORKER, changed, flat, job, service, tfjob
from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Objects:
    """A schema checker that has one objection to everything."""

    def findings(self, manifest: Mapping[str, Any]) -> list[Finding]:
        return [Finding("K110", f"a {manifest.get('kind')}")]


def test_the_schema_speaks_first() -> None:
    data = changed(tfjob(), *BOX, "image", to="busybox")
    assert [f.code for f in check_manifest(data, Context(), Objects())] == ["K110", "P201"]


@pytest.mark.parametrize("data", [None, 1, "x", [], [1]])
def test_what_is_no_object_is_told(data: object) -> None:
    assert [str(f) for f in check_manifest(data, Context(), Objects())] == [
        f"error[K106]: the manifest is no object; found {data!r}; expected an object with apiVersion, kind and metadata"
    ]


def test_a_job_of_another_dialect_is_told() -> None:
    context = Context(dialect="tfjob-v1")
    assert [str(f) for f in check_manifest(flat(), context)] == [
        "apiVersion: error[K111]: the prototype renders tfjob-v1-flat, the matrix says tfjob-v1; "
        "write dialect: tfjob-v1-flat in the matrix, or choose another prototype"
    ]


@pytest.mark.parametrize("data", [tfjob(), service(), job()])
def test_other_kinds_beside_the_job_are_of_no_dialect(data: dict[str, Any]) -> None:
    assert check_manifest(data, Context(dialect="tfjob-v1")) == []


def test_a_waiver_turns_one_code_off() -> None:
    data = changed(changed(tfjob(), *BOX, "image", to="busybox"), "metadata", "namespace", to=None)
    assert [f.code for f in check_manifest(data, Context())] == ["P106", "P201"]
    assert [f.code for f in check_manifest(data, Context(waivers=(Waiver("P201", "a local image"),)))] == ["P106"]


def test_waivers_of_codes_that_no_policy_has_are_told() -> None:
    waivers = [Waiver("P201", "a"), Waiver("P210", "b"), Waiver("K101", "c")]
    assert [str(f) for f in check_waivers(waivers, "m.yaml")] == [
        "m.yaml: checks.disable[1].code: error[M150]: there is no policy P210; found 'P210'; expected the code of a "
        "policy (P...); did you mean P310 (variable_update that needs a parameter server without one)?",
        "m.yaml: checks.disable[2].code: error[M150]: there is no policy K101; found 'K101'; expected the code of a "
        "policy (P...); did you mean P101 (name that Kubernetes refuses)?",
    ]
    assert [f.hint for f in check_waivers([Waiver("Z999", "a")])] == [None]


def named(name: str, kind: str = "TFJob", version: str = "kubeflow.org/v1", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}}


def test_two_of_one_name_are_told() -> None:
    files = [
        ("a.yaml", named("x", namespace="n")),
        ("b.yaml", named("x", namespace="m")),
        ("c.yaml", named("x", "Job", "batch/v1", namespace="n")),
        ("d.yaml", named("x", version="kubeflow.org/v1alpha2", namespace="n")),
        (None, named("y")),
        (None, named("y")),
    ]
    assert [str(f) for f in check_set(files)] == [
        "d.yaml: metadata.name: error[K112]: there are two of the TFJob x in namespace n; the other one is in a.yaml",
        "metadata.name: error[K112]: there are two of the TFJob y",
    ]


@pytest.mark.parametrize("data", [{}, {"metadata": 1}, {"metadata": {"name": 1}, "apiVersion": "v1", "kind": "A"}])
def test_what_has_no_name_is_nobodys_double(data: dict[str, Any]) -> None:
    assert check_set([("a", data), ("b", data)]) == []


def test_too_many_objects_for_one_application_are_told() -> None:
    many: list[tuple[str | None, dict[str, Any]]] = [(None, named(f"j{n}")) for n in range(3001)]
    context = Context(gitops={"self_heal": False})
    assert [str(f) for f in check_set(many, context)] == [
        "warning[P506]: there are 3,001 objects for one application; expected at most 3,000; "
        "shard the matrix over several applications"
    ]
    assert check_set(many[:3000], context) == []
    assert check_set(many, Context()) == []
    assert check_set(many, Context(gitops={"a": 1}, waivers=(Waiver("P506", "a fast controller"),))) == []


def test_what_is_remembered_of_one_job_never_speaks_for_another() -> None:
    """Each of these differs from a clean job in one thing that the memory must see."""
    cluster = Cluster(nodes=2, cpu=36, memory=192 << 30)
    different = [
        changed(tfjob(), *WORKER, "replicas", to=9),
        changed(tfjob(), *WORKER, "restartPolicy", to=1),
        changed(tfjob(), *POD, "hostPID", to=True),
        changed(tfjob(), *BOX, "image", to="busybox"),
        changed(tfjob(), *BOX, "resources", "requests", "cpu", to="40"),
        changed(tfjob(), "metadata", "name", to="a" * 55),
        changed(tfjob(), "spec", "runPolicy", "cleanPodPolicy", to="All"),
        changed(tfjob(), "spec", "runPolicy", "ttlSecondsAfterFinished", to=True),
        changed(tfjob(), "spec", "tfReplicaSpecs", to={}),
    ]
    for data in different:
        checker = Checker(Context(cluster=cluster))
        assert checker.findings(tfjob()) == []
        fresh = Checker(Context(cluster=cluster)).findings(data)
        assert checker.findings(data) == fresh
        assert checker.findings(data) == fresh
        assert checker.findings(tfjob()) == []


@pytest.mark.parametrize(
    ("clean", "flags", "codes"),
    [
        ((), ("--variable_update=distributed_replicated",), ["P310"]),
        ((), ("--variable_update=collective_all_reduce",), ["P315"]),
        (
            ("--num_gpus=2", "--variable_update=collective_all_reduce"),
            ("--variable_update=collective_all_reduce",),
            ["P315"],
        ),
        ((), ("--device=gpu",), ["P313"]),
        (("--mkl=true", "--num_intra_threads=4"), ("--mkl=true", "--num_intra_threads=2"), ["P314"]),
        ((), ("--mkl=true",), ["P314"]),
    ],
)
def test_a_flag_that_matters_to_the_job_is_seen_beside_what_is_remembered(
    clean: tuple[str, ...], flags: tuple[str, ...], codes: list[str]
) -> None:
    def with_flags(*more: str) -> dict[str, Any]:
        given = {name.partition("=")[0] for name in more}
        data = tfjob(*[a for a in ARGS if a.partition("=")[0] not in given], *more, workers=1, servers=0)
        return changed(data, *BOX, "env", to=[{"name": "OMP_NUM_THREADS", "value": "4"}])

    checker = Checker(Context(facts=benchmark_facts()))
    for alike in (None, "x"):
        assert checker.findings(with_flags(*clean), alike) == []
        for _ in range(2):
            assert [f.code for f in checker.findings(with_flags(*flags), alike)] == codes


def test_a_queue_is_seen_beside_what_is_remembered() -> None:
    checker = Checker(Context())
    data = changed(tfjob(), "spec", "runPolicy", "suspend", to=False)
    assert checker.findings(data) == []
    data = changed(copy.deepcopy(data), "metadata", "labels", to={"kueue.x-k8s.io/queue-name": "q"})
    assert [f.code for f in checker.findings(data)] == ["P404"]


def test_what_cannot_be_bytes_is_checked_each_time() -> None:
    data = changed(tfjob(), "spec", "odd", to=object())
    assert [Checker(Context()).findings(data) for _ in range(2)] == [[], []]


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlaasgen.checks._REMEMBERED", 2)
    checker = Checker(Context())
    for number in range(5):
        assert checker.findings(changed(tfjob(), *WORKER, "replicas", to=number + 1)) == []
        assert len(checker._clean) <= 2


class Counting:
    """A schema checker that objects to a job without workers, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def findings(self, manifest: Mapping[str, Any]) -> list[Finding]:
        self.asked += 1
        return [] if "Worker" in manifest.get("spec", {}).get("tfReplicaSpecs", {}) else [Finding("K110", "no worker")]


def test_the_schema_is_asked_once_of_jobs_that_are_alike() -> None:
    schemas = Counting()
    checker = Checker(Context(facts=benchmark_facts()), schemas)
    told = [checker.findings(tfjob(*ARGS[:2], f"--model={m}", *ARGS[3:]), "x") for m in ("vgg11", "vgg16", "vgg99")]
    assert [[f.code for f in found] for found in told] == [[], [], ["P309", "P309"]]  # flags are read every time
    assert [f.code for f in checker.findings(changed(tfjob(), "metadata", "name", to="No"), "x")] == ["P101"]
    assert schemas.asked == 2  # a name of another length makes other pods' names
    checker.findings(tfjob(), "y")
    assert schemas.asked == 3
    checker.findings(tfjob(), None)
    checker.findings(tfjob())
    assert schemas.asked == 5


def test_what_is_objected_to_is_told_of_all_that_are_alike() -> None:
    schemas = Counting()
    checker = Checker(Context(dialect="tfjob-v1-flat"), schemas)
    for _ in range(2):
        assert [f.code for f in checker.findings(tfjob(), "of another dialect")] == ["K111"]
        assert "K110" in [f.code for f in checker.findings(tfjob(workers=0), "no workers")]
        assert "P201" in [f.code for f in checker.findings(changed(flat(), *BOX, "image", to="busybox"), "image")]
    assert schemas.asked == 6


def test_kinds_that_are_no_jobs_are_checked_each_time() -> None:
    schemas = Counting()
    checker = Checker(Context(), schemas)
    assert [[f.code for f in checker.findings(service(), "x")] for _ in range(2)] == [["K110"], ["K110"]]
    assert schemas.asked == 2


def test_labels_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlaasgen import policies_names

    monkeypatch.setattr(policies_names, "_REMEMBERED", 3)
    for number in range(9):
        data = changed(tfjob(), "metadata", "labels", to={f"label{number}": f"v{number}"})
        assert check_manifest(data, Context()) == []
        assert len(policies_names._good_keys) <= 4


def test_no_code_has_two_meanings() -> None:
    tables = (CODES, matrix_codes.CODES, cells_codes.CODES, dialects_codes.CODES, tree_codes.CODES)
    codes = [code for table in tables for code in table]
    assert len(codes) == len(set(codes))


def test_a_policys_page_says_severity_and_cure() -> None:
    title, text = CODES["P203"]
    assert title == "imagePullPolicy Always with a digest"
    assert text.endswith("\n\nSeverity: warning. To mend it: write IfNotPresent.")
    assert {p.code for p in POLICIES.values()} == set(POLICIES)


def test_the_committed_nightly_study_has_no_findings() -> None:
    matrix = read(str(ROOT / "matrix" / "nightly.yaml"))
    checker = Checker(Context(matrix.dialect, matrix.cluster, facts=benchmark_facts()))
    files = sorted((ROOT / "rendered" / "nightly" / "jobs").glob("*.yaml"))
    assert len(files) == 17
    for file in files:
        data = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
        assert [str(f) for f in checker.findings(data)] == [], file.name


STRANGE = "a\u0000 'b' " + "x" * 300


def strange(node: Any, path: tuple[Any, ...] = ()) -> Any:
    """A manifest with strange strings in all places that do not count for the likeness of manifests."""
    if isinstance(node, dict):
        return {k: strange(v, (*path, k)) for k, v in node.items()}
    if isinstance(node, list):
        return [strange(v, (*path, n)) for n, v in enumerate(node)]
    names = path[:2] in {("metadata", "name"), ("metadata", "labels"), ("metadata", "annotations")}
    words = path[-6:-3] == ("template", "spec", "containers") and path[-2] in {"args", "command"}
    return STRANGE if names or words else node


MANIFESTS = sorted((ROOT / "tests" / "golden" / "dialects").glob("*/*.yaml"))


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_no_schema_asks_for_more_than_strings_where_likeness_does_not_count(file: Path) -> None:
    schemas = KubernetesSchemas()
    for data in yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader):
        assert schemas.findings(data) == []
        assert strange(data) != data
        assert schemas.findings(strange(data)) == []
