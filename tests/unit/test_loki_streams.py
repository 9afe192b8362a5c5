from __future__ import annotations

import pytest

from dlaasgen.joining import Job
from dlaasgen.loki_streams import Group, Whose, before, groups, identify, lines, selector, span, weight, whose

UID = "6b1f2c3d-0000-4000-8000-00000000beef"


@pytest.mark.parametrize(
    ("time", "text", "expected"),
    [
        (0, "x", b"1970-01-01T00:00:00.000000000Z x\n"),
        (1_500_000_000, "x\n", b"1970-01-01T00:00:01.500000000Z x\n"),
        (1, "\udcff", b"1970-01-01T00:00:00.000000001Z ?\n"),
        (1, "a\n\n", b"1970-01-01T00:00:00.000000001Z a\n1970-01-01T00:00:00.000000001Z \n"),
    ],
)
def test_a_line_is_as_kubectl_has_it(time: int, text: str, expected: bytes) -> None:
    assert lines(time, text) == expected


@pytest.mark.parametrize("texts", [[], ["x"], ["a", "", "b\nc\n", "ä\n\n"]])
def test_what_lines_come_to_is_told_from_the_log_that_they_make(texts: list[str]) -> None:
    log = [lines(at, text) for at, text in enumerate(texts)]
    expected = sum(len(text.removesuffix("\n").encode()) + 1 for text in texts)
    assert weight(log) == weight([b"".join(log)]) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('{a="b"}', ('a="b"', "")),
        (' {a="}\\"", b=`}`,} |= "x}" ', ('a="}\\"", b=`}`', '|= "x}"')),
        ('rate({a="b"}[5m])', None),
        ("{}", None),
        ('{a="b"', None),
        ('{a="b\\', None),
    ],
)
def test_a_query_for_lines_is_known(query: str, expected: tuple[str, str] | None) -> None:
    assert selector(query) == expected


def test_streams_of_one_container_are_one_group_and_no_stream_is_in_two() -> None:
    pod = {"namespace": "n", "pod": "p", "container": "c"}
    found = groups('{x="y"} | json', [{**pod, "stream": "stderr"}, {**pod, "stream": "stdout"}, {"app": 'a"'}])
    query = '{x="y", container="c", namespace="n", pod="p"} | json'
    assert found == [
        Group(Whose("n", "p", "", "c"), query, {**pod, "stream": "stderr"}),
        Group(None, '{x="y", app="a\\"", container="", namespace="", pod="", stream=""} | json', {"app": 'a"'}),
    ]  # fmt: skip
    files = [{**pod, "filename": f"/var/log/pods/n_p_{UID}/c/0.log{end}"} for end in ("", ".20261124-101112")]
    (group,) = groups('{x="y"}', files)
    assert group.whose == Whose("n", "p", UID, "c")
    assert 'filename=~"/var/log/pods/' in group.query
    with pytest.raises(ValueError, match="rate"):
        groups("rate", [])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (
            {"k8s_pod_name": "p", "k8s_namespace_name": "n", "k8s_pod_uid": "u", "k8s_container_name": "c"},
            Whose("n", "p", "u", "c"),
        ),
        ({"filename": f"/var/log/pods/n_p_{UID}/c/2.log"}, Whose("n", "p", UID, "c", 2)),
        ({"filename": f"/var/log/pods/n_p_{UID}/c/2.log", "pod": "p", "pod_uid": "u"}, Whose("n", "p", "u", "c", 2)),
        # Another pod's file, and one whose name says no pod.
        ({"filename": f"/var/log/pods/n_p_{UID}/c/2.log", "pod": "q"}, Whose("", "q")),
        ({"filename": "/x/train.log", "level": "info"}, Whose(other="filename=/x/train.log")),
        ({"filename": f"/var/log/containers/p_n_c-{'0' * 64}.log"}, Whose("n", "p", "0" * 64, "c")),
        ({}, Whose()),
    ],
)  # fmt: skip
def test_whose_a_line_is(labels: dict[str, str], expected: Whose) -> None:
    assert whose(labels) == expected


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
def test_the_beginning_of_a_log_is_cut_by_time(size: int) -> None:
    log = b"".join(lines(10**9 + n, f"line {n}" + "x" * n) for n in range(9))
    pieces = [log[at : at + size] for at in range(0, len(log), size)]
    for n in range(10):
        expected = b"".join(lines(10**9 + m, f"line {m}" + "x" * m) for m in range(min(n, 9)))
        assert b"".join(before(pieces, 10**9 + n)) == expected


def test_the_span_of_a_log() -> None:
    first, last = lines(5, "a"), lines(10**18 + 7, "b")
    assert span((first + last, first + last)) == (5, 10**18 + 7)
    assert span((first, last)) == (5, 10**18 + 7)
    assert span((b"", b"")) is None
    assert span((first, b"no time")) is None
    assert span((b"1970-99-01T00:00:00.000000001Z x\n", last)) is None


def test_a_log_without_a_pod_is_known_by_its_files_name_or_its_labels() -> None:
    labels = {"filename": "/logs/j/j-worker-3.log"}
    origin, job = identify(whose(labels), labels, {"j": Job("j", "1", "m", "c")})
    assert (origin.key, origin.role, origin.number, origin.path) == (
        "loki:filename=/logs/j/j-worker-3.log", "worker", 3, "/logs/j/j-worker-3.log",
    )  # fmt: skip
    assert job.cell == "c"
    labels = {"b": "2", "a": "1"}
    origin, job = identify(whose(labels), labels, {})
    assert (origin.key, origin.pod, origin.path, job.job, job.cell) == ("loki:a=1,b=2", "", "a=1,b=2", "a=1,b=2", None)
    labels = {"filename": "/x-worker-3.log", "job_name": "other"}
    origin, _ = identify(whose(labels), labels, {})
    assert (origin.job, origin.number) == ("other", 0)


@pytest.mark.parametrize(
    "start", ["", "k8s_pod_label_", "k8s_pod_labels_", "kubernetes_labels_", "kubernetes_pod_labels_"]
)
def test_labels_of_kubernetes_come_back_under_their_names(start: str) -> None:
    own = {"dlaasgen_cell": "c", "dlaasgen_run": "7", "axis_dlaasgen_model": "m", "replica_type": "PS", "x": "y"}
    told = {"pod": "x-0", **{start + name: value for name, value in own.items()}}
    origin, job = identify(whose(told), told, {})
    assert (origin.key, origin.role, job.cell, job.run, job.axes) == ("loki:/x-0///0", "ps", "c", "7", {"model": "m"})
