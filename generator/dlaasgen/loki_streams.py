"""Loki's streams: whose lines they are, by the labels that log shippers make of Kubernetes' own. No I/O here.

A shipper turns whatever is no letter or digit in a label's name into `_`: `training.kubeflow.org/job-name` becomes
`training_kubeflow_org_job_name`. What a stream's labels do not say, each line's structured metadata may.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from dlaasgen import origins, pod_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dlaasgen.joining import Job
    from dlaasgen.origins import Origin

# Promtail, Alloy and the k8s-monitoring chart; OpenTelemetry (k8s.pod.name); Fluent Bit, Vector.
_NAMESPACES = ("namespace", "k8s_namespace_name", "kubernetes_namespace_name", "namespace_name")
_PODS = ("pod", "pod_name", "k8s_pod_name", "kubernetes_pod_name")
_CONTAINERS = ("container", "container_name", "k8s_container_name", "kubernetes_container_name")
_UIDS = ("pod_uid", "k8s_pod_uid", "kubernetes_pod_uid")
_FILES = ("filename",)
_OWN = (*_NAMESPACES, *_PODS, *_CONTAINERS, *_UIDS, *_FILES)
# A time ago.
DURATION = re.compile(r"(\d{1,6})([smhdw])")
_AXIS = "axis_dlaasgen_"
# What OpenTelemetry, Fluent Bit and others put before a pod's label.
_PREFIX = re.compile(r"^(?:k8s_pod_labels?_|kubernetes_(?:pod_)?labels?_|label_)")
_OTHER = re.compile(r"[^A-Za-z0-9_]")
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z")
_LENGTH = 30


class Whose(NamedTuple):
    """A container of a pod after so many restarts, as far as labels say it; without a pod, all labels as one text."""

    namespace: str = ""
    pod: str = ""
    uid: str = ""
    container: str = ""
    restart: int = 0
    other: str = ""

    @property
    def key(self) -> str:
        """The place of its log in the store."""
        told = "/".join((self.namespace, self.pod, self.uid, self.container, str(self.restart)))
        return f"loki:{told}" if self.pod else f"loki:{self.other}"


class Group(NamedTuple):
    """Streams that are read together: the query for just their lines. `whose` is None where each line has to tell."""

    whose: Whose | None
    query: str
    labels: Mapping[str, str]


def selector(query: str) -> tuple[str, str] | None:
    """(the matchers between the braces, the pipeline after them) of a query for lines; None when it is none."""
    text = query.strip()
    if not text.startswith("{"):
        return None
    quote, at = "", 1
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\" and quote == '"':
                at += 1
            elif char == quote:
                quote = ""
        elif char in '"`':
            quote = char
        elif char == "}":
            matchers = text[1:at].strip().rstrip(",")
            return (matchers, text[at + 1 :].strip()) if matchers else None
        at += 1
    return None


def groups(query: str, series: Iterable[Mapping[str, str]]) -> list[Group]:
    """The streams of a query, those of one container together; no stream is in two of them."""
    found = selector(query)
    if found is None:
        raise ValueError(query)
    matchers, pipeline = found
    streams = [dict(labels) for labels in series]
    # A matcher for a label that a stream has not, `name=""`, keeps those out that have it.
    all_names = sorted({name for labels in streams for name in labels})
    together: dict[Whose, list[dict[str, str]]] = {}
    for labels in streams:
        together.setdefault(whose(labels), []).append(labels)
    out = []
    for own, members in together.items():
        names = [name for name in all_names if name in _OWN] if own.pod else all_names
        parts = [matchers, *(_matcher(name, sorted({labels.get(name, "") for labels in members})) for name in names)]
        narrow = f"{{{', '.join(parts)}}} {pipeline}".strip()
        out.append(Group(own if own.pod else None, narrow, members[0]))
    return out


def _matcher(name: str, values: Sequence[str]) -> str:
    how, value = ("=", values[0]) if len(values) == 1 else ("=~", "|".join(re.escape(value) for value in values))
    return f"{name}{how}{json.dumps(value, ensure_ascii=False)}"


def whose(labels: Mapping[str, str]) -> Whose:
    """Whose a line is, by its labels."""
    pod, filed = _first(labels, _PODS), None
    if name := labels.get("filename"):
        filed = origins.from_path(name.lstrip("/"))
        filed = filed if filed.pod and (not pod or filed.pod == pod) else None
    namespace, container, uid = (_first(labels, names) for names in (_NAMESPACES, _CONTAINERS, _UIDS))
    if filed is not None:
        uid = uid or (filed.uid if filed.path.count("/") > 1 else "")
        return Whose(namespace or filed.namespace, filed.pod, uid, container or filed.container, filed.restart)
    if pod:
        return Whose(namespace, pod, uid, container)
    # What a pipeline or Loki itself adds to a line tells no writer from another.
    told = {name: value for name, value in labels.items() if name not in {"detected_level", "level", "stream"}}
    return Whose(other=",".join(f"{name}={value}" for name, value in sorted(told.items())))


def lines(time: int, text: str) -> bytes:
    """A line, or several in one, as `kubectl logs --timestamps` has them. `time` is in ns since 1970."""
    head = _stamp(time)
    return b"".join(b"%s %s\n" % (head, line.encode(errors="replace")) for line in text.removesuffix("\n").split("\n"))


def before(pieces: Iterable[bytes], time: int) -> Iterator[bytes]:
    """Those lines of a log that `lines` made which were written before a time (ns)."""
    limit = _stamp(time)
    rest = b""
    for piece in pieces:
        data = rest + piece
        end = data.rfind(b"\n") + 1
        last = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
        if end and data[last : last + len(limit)] >= limit:
            at = 0
            while data[at : at + len(limit)] < limit:
                at = data.find(b"\n", at) + 1
            yield data[:at]
            return
        yield data[:end]
        rest = data[end:]


def weight(pieces: Iterable[bytes]) -> int:
    """The bytes of the lines that `lines` was given for these whole ones, and one for each: as `Loki.weight` has it."""
    return sum(len(data) - (_LENGTH + 1) * data.count(b"\n") for data in pieces)


def span(ends: tuple[bytes, bytes]) -> tuple[int, int] | None:
    """When (ns) the first and the last line of a log were written, from its first and last bytes; None if unknown."""
    head, tail = ends
    first = _time(head[:_LENGTH])
    at = tail.rfind(b"\n", 0, max(len(tail) - 1, 0)) + 1
    last = _time(tail[at : at + _LENGTH])
    return None if first is None or last is None else (first, last)


def _stamp(time: int) -> bytes:
    seconds, rest = divmod(time, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z".encode()


def _time(stamp: bytes) -> int | None:
    match = _STAMP.fullmatch(stamp)
    try:
        return (
            None
            if match is None
            else int(datetime.fromisoformat(f"{match[1].decode()}+00:00").timestamp()) * 10**9 + int(match[2])
        )
    except ValueError:
        return None


def identify(own: Whose, labels: Mapping[str, str], jobs: Mapping[str, Job]) -> tuple[Origin, Job]:
    """The origin and job of a log, from whose it is and its labels; of one without a pod, from its file's name."""
    if not own.pod:
        filed = origins.from_path(labels["filename"].lstrip("/"), jobs) if "filename" in labels else None
        name = filed.job if filed is not None else own.other
        metadata = {"name": name, "labels": _kubernetes(labels)}
        origin, job = pod_labels.identify({"metadata": metadata}, "", 0, jobs)
        if filed is not None and origin.job == filed.job:
            origin = replace(origin, role=filed.role, number=filed.number)
        return replace(origin, key=own.key, pod="", path=labels.get("filename") or own.other), job
    metadata = {"name": own.pod, "namespace": own.namespace, "uid": own.uid, "labels": _kubernetes(labels)}
    origin, job = pod_labels.identify({"metadata": metadata}, own.container, own.restart, jobs)
    return replace(origin, key=own.key), job


def _kubernetes(labels: Mapping[str, str]) -> dict[str, str]:
    """A pod's labels under their own names."""
    own = {_OTHER.sub("_", label): label for label in pod_labels.LABELS}
    found = {}
    for told, value in labels.items():
        name = _PREFIX.sub("", told)
        if name in own:
            found[own[name]] = value
        elif name.startswith(_AXIS):
            found[f"axis.dlaasgen/{name.removeprefix(_AXIS)}"] = value
    return found


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")
