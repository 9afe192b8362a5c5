from __future__ import annotations

import pytest

from dlaasgen import demux
from dlaasgen.errors import UsageError
from dlaasgen.joining import Job, Known, known
from dlaasgen.origins import Origin, compile_names, from_path, from_pod, is_log, part
from dlaasgen.tree import Entry, Index

JOBS = {"nightly-resnet50-bs32-w3-mkl-0a1b2c3d": 1, "nightly-resnet50": 1}
CELLS = {"resnet50-bs32-w3-mkl": "nightly-resnet50-bs32-w3-mkl-0a1b2c3d"}
UID = "6b1f2c3d-0000-4000-8000-00000000beef"


@pytest.mark.parametrize(
    ("path", "job", "role", "number"),
    [
        ("dist_alexnet_worker1.log", "dist_alexnet", "worker", 1),
        ("dist_alexnet_ps0.log", "dist_alexnet", "ps", 0),
        ("single_resnet50.log", "single_resnet50", "worker", 0),
        ("a-b-worker-12.log", "a-b", "worker", 12),
        ("a-b-worker-12", "a-b", "worker", 12),
        ("a-b-launcher-0-x7k2p.log", "a-b", "launcher", 0),
        ("train-node-0-3-x7k2p.log", "train", "worker", 3),
        ("train-node-1-x7k2p.log.gz", "train", "worker", 1),
        ("study/worker-2.log", "study", "worker", 2),
        ("worker-2.log", "worker-2", "worker", 2),
        ("x/nightly-resnet50-bs32-w3-mkl-0a1b2c3d-ps-1.log", "nightly-resnet50-bs32-w3-mkl-0a1b2c3d", "ps", 1),
        ("nightly-resnet50-bs32-w3-mkl-0a1b2c3d-4-x7k2p.log", "nightly-resnet50-bs32-w3-mkl-0a1b2c3d", "worker", 4),
        ("nightly-resnet50-bs32-w3-mkl-0a1b2c3d-x7k2p.log", "nightly-resnet50-bs32-w3-mkl-0a1b2c3d", "worker", 0),
        ("nightly-resnet50-node-0-2-x7k2p.log", "nightly-resnet50", "worker", 2),
        ("nightly-resnet50-bs32-w3-mkl-0a1b2c3d/logs/ps-1.log", "nightly-resnet50-bs32-w3-mkl-0a1b2c3d", "ps", 1),
        ("resnet50-bs32-w3-mkl/run-worker-1.log", "nightly-resnet50-bs32-w3-mkl-0a1b2c3d", "worker", 1),
        ("resnet50-bs32-w3-mkl-worker-1.log", "nightly-resnet50-bs32-w3-mkl-0a1b2c3d", "worker", 1),
        ("resnet50-bs32-w3-mkl.log", "nightly-resnet50-bs32-w3-mkl-0a1b2c3d", "worker", 0),
    ],
)
def test_a_file_is_joined_by_its_name_or_folder(path: str, job: str, role: str, number: int) -> None:
    found = from_path(path, JOBS, CELLS)
    assert (found.job, found.role, found.number) == (job, role, number)
    assert found.path == path
    assert found.key == f"file:{path.removesuffix('.gz')}"


def test_the_kubelets_layout_tells_everything() -> None:
    found = from_path(f"pods/dlaas_nightly-resnet50-worker-1_{UID}/tensorflow/2.log.20261124-074448.gz", JOBS)
    assert found == Origin(
        key=f"pod:dlaas/nightly-resnet50-worker-1/{UID}/tensorflow/2",
        job="nightly-resnet50",
        role="worker",
        number=1,
        namespace="dlaas",
        pod="nightly-resnet50-worker-1",
        uid=UID,
        container="tensorflow",
        restart=2,
        path=f"pods/dlaas_nightly-resnet50-worker-1_{UID}/tensorflow/2.log.20261124-074448.gz",
    )


def test_the_runtimes_layout_tells_the_container() -> None:
    found = from_path(f"containers/j-worker-0_dlaas_tensorflow-{'a' * 64}.log")
    assert (found.job, found.namespace, found.container, found.uid) == ("j", "dlaas", "tensorflow", "a" * 64)


def test_rotated_files_are_parts_of_one_log_in_order() -> None:
    names = ["0.log", "0.log.20261124-074448.gz", "0.log.20261123-000000", "0.log.2.gz", "0.log.1", "0.log.10"]
    ordered = sorted(names, key=lambda name: part(name).age)
    assert ordered == [
        "0.log.10",
        "0.log.2.gz",
        "0.log.1",
        "0.log.20261123-000000",
        "0.log.20261124-074448.gz",
        "0.log",
    ]
    assert {part(name).base for name in names} == {"0.log"}


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("a.log", True), ("a.out", True), ("a.txt.gz", True), ("a.log.1", True), ("a.log-20261124", True),
        ("a-worker-0", True), ("t-node-0-0-x7k2p", True), ("README.md", False), ("a.meta", False), ("flags.tsv", False),
        ("core", False),
    ],
)  # fmt: skip
def test_files_are_taken_for_logs_by_their_names(name: str, *, taken: bool) -> None:
    assert is_log(f"some/{name}") is taken


def test_a_pattern_of_ones_own_names_files() -> None:
    named = compile_names(r"(?P<job>[a-z]+)/(?P<role>ps|worker)(?P<number>\d+)\.(?P<container>\w+)")
    found = named("x/study/worker3.tensorflow.dat")
    assert found is not None
    assert (found.job, found.role, found.number, found.container) == ("study", "worker", 3, "tensorflow")
    assert named("nothing") is None


def test_a_pattern_may_name_the_pod() -> None:
    found = compile_names(r"^(?P<pod>[^.]+)\.dat$")("study-ps-1.dat")
    assert found is not None
    assert (found.job, found.role, found.number, found.pod) == ("study", "ps", 1, "study-ps-1")


def test_a_group_that_finds_nothing_leaves_the_path() -> None:
    found = compile_names(r"(?P<job>x)?\.dat$")("a.dat")
    assert found is not None
    assert found.job == "a.dat"


def test_a_wrong_pattern_is_told() -> None:
    with pytest.raises(UsageError, match=r"C110.*missing \)"):
        compile_names("(?P<job>")
    with pytest.raises(UsageError, match=r"--pattern names no job; found \(\?P<worker>a\)"):
        compile_names("(?P<worker>a)")


def test_a_pod_without_known_jobs_is_read_by_its_form() -> None:
    assert from_pod("study-worker-0", namespace="dlaas").job == "study"
    assert from_pod("study").job == "study"


@pytest.mark.parametrize(
    ("form", "line", "whose"),
    [
        ("kubectl", b"[pod/a-worker-0/tensorflow] 2026-11-24T00:00:00Z x", ("", "a-worker-0", "tensorflow")),
        ("kubectl", b"x", None),
        ("stern", b"a-worker-0 tensorflow 1\timages/sec", ("", "a-worker-0", "tensorflow")),
        ("stern", b"dlaas a-worker-0 tensorflow x", ("dlaas", "a-worker-0", "tensorflow")),
        ("stern", b"\x1b[32ma-worker-0\x1b[0m \x1b[33mtensorflow\x1b[0m x", ("", "a-worker-0", "tensorflow")),
        ("stern", b"just words", None),
        (
            "json",
            b'{"message":"x","namespace":"dlaas","podName":"a-ps-0","containerName":"c"}',
            ("dlaas", "a-ps-0", "c"),
        ),
        ("json", b'{"podName": "a-ps-0"}', ("", "a-ps-0", "")),
        ("json", b'{"message": 1}', None),
        ("json", b"x", None),
    ],
)
def test_a_line_says_whose_it_is(form: str, line: bytes, whose: demux.Whose | None) -> None:
    assert demux.whose(form, line) == whose


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        ([b"[pod/a-0/c] x", b"", b"[pod/b-0/c] y"], "kubectl"),
        ([b"a-worker-0 tensorflow x", b"a-worker-1 tensorflow y"], "stern"),
        ([b'{"podName":"a"}'], "json"),
        ([b"[pod/a-0/c] x", b"TensorFlow:  2.21"], None),
        ([], None),
    ],
)
def test_a_stream_is_of_several_pods_when_all_its_first_lines_say_so(lines: list[bytes], form: str | None) -> None:
    assert demux.form(lines) == form


def index(matrix: str, run: object) -> Index:
    entries = [
        Entry("c1", f"{matrix}-c1-x", {"model": "m"}, {"model": "m"}, {"jobs/c1.yaml": "sha256:1"}),
        Entry(f"{matrix}-only", f"{matrix}-only-x", {}, {}, {}),
    ]
    options = {} if run is None else {"run": run}
    return Index(matrix, "m.yaml", "p", "d", {}, options, {"num_batches": 1}, entries)


def test_the_jobs_of_trees_are_known_by_name_and_their_cells_where_only_one_tree_has_them() -> None:
    found = known([index("a", "1"), index("b", None)], run="7")
    assert found.jobs["a-c1-x"] == Job(
        "a-c1-x", "1", "a", "c1", {"model": "m"}, {"num_batches": 1, "model": "m"}, "sha256:1"
    )
    assert found.jobs["b-only-x"] == Job("b-only-x", "7", "b", "b-only", {}, {"num_batches": 1}, None)
    assert found.cells == {"a-only": "a-only-x", "b-only": "b-only-x"}
    assert known([]) == Known({}, {})
