"""The sections `gitops` and `target` of a matrix file: who applies the tree, and to which cluster. No I/O here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dlaasgen.matrix_faults import listed, meant, path_text, quoted
from dlaasgen.matrix_sections import parse_integer

if TYPE_CHECKING:
    from dlaasgen.matrix import Json, Path
    from dlaasgen.matrix_faults import Faults

CONTROLLERS = ("argocd", "flux")
PRUNE = ("never", "confirm", "auto")
MOST_PER_APPLICATION = 3000
KEYS = (
    "controller", "repository", "revision", "path", "namespace", "project", "server", "prune", "self_heal", "timeout",
    "max_per_application", "setup",
)  # fmt: skip
_SETUP = ("namespace", "quota", "cluster_queue", "local_queue")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LABEL_RULE = "lower-case letters, digits and '-', at most 63, beginning and ending with a letter or digit"
_URL = re.compile(r"(?:https?|ssh|git|file|oci)://[^\s\x00-\x1f\x7f]+|[\w.-]+@[\w.-]+:[^\s\x00-\x1f\x7f]+", re.ASCII)
_SERVER = re.compile(r"https?://[^\s/?#\x00-\x1f\x7f]+(?:/[^\s?#\x00-\x1f\x7f]*)?", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,254}", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*", re.ASCII)
_TIMEOUT = re.compile(r"[1-9][0-9]{0,4}[smh]", re.ASCII)
_TEXTS: dict[str, tuple[re.Pattern[str], str]] = {
    "repository": (_URL, "the URL of a git repository, such as https://git.example.com/team/study.git"),
    "revision": (_REVISION, "a branch or tag, such as main"),
    "path": (_PATH, "the folder of the tree inside the repository, such as rendered/nightly"),
    "namespace": (_LABEL, _LABEL_RULE),
    "project": (_LABEL, _LABEL_RULE),
    "server": (_SERVER, "the URL of an API server, such as https://kubernetes.default.svc"),
    "timeout": (_TIMEOUT, "a time, such as 90m or 24h"),
}
_CONTEXT = re.compile(r"[^\x00-\x1f\x7f]{1,253}")
_QUOTA = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,251}[A-Za-z0-9])?", re.ASCII)


def parse_gitops(value: Json, faults: Faults) -> dict[str, Json]:
    """The settings of GitOps as the file has them; `gitops.Settings` fills in what is left out."""
    path: Path = ("gitops",)
    if not faults.is_object(value, path, "an object, such as {controller: argocd, repository: https://...}"):
        return {}
    faults.check_keys(value, path, KEYS)
    if set(value) - {"self_heal"}:
        faults.missing(value, "repository", path, _TEXTS["repository"][1])
    for key in _TEXTS:
        _check_text(value, (*path, key), faults)
    for key, choices in (("controller", CONTROLLERS), ("prune", PRUNE)):
        _check_choice(value, (*path, key), choices, faults)
    if (value.get("controller"), value.get("prune")) == ("flux", "confirm"):
        faults.add("M113", (*path, "prune"), "Flux cannot ask before it prunes", expected="never or auto")
    _check_flag(value, (*path, "self_heal"), faults)
    parse_integer(value, (*path, "max_per_application"), 1, MOST_PER_APPLICATION, faults)
    if ".." in str(value.get("path", "")).split("/"):
        faults.add("M113", (*path, "path"), "gitops.path leads out of the repository", found=quoted(value["path"]))
    if "setup" in value:
        _check_setup(value["setup"], (*path, "setup"), faults)
    return dict(value)


def parse_target(value: Json, faults: Faults) -> dict[str, str]:
    """The cluster that a tree is for: a context of kubeconfig, the URL of its API server, or both."""
    path: Path = ("target",)
    example = "an object, such as {context: lab} or {server: https://cluster.example.com:6443}"
    if not faults.is_object(value, path, example):
        return {}
    faults.check_keys(value, path, ("context", "server"))
    if not value:
        faults.add("M111", path, "target names no cluster", expected=example)
    for key, pattern, rule in (
        ("context", _CONTEXT, "the name of a context of kubeconfig"),
        ("server", *_TEXTS["server"]),
    ):
        _check_form(value, (*path, key), pattern, rule, faults)
    return {key: str(text) for key, text in value.items()}


def _check_text(holder: dict[str, Json], path: Path, faults: Faults) -> None:
    _check_form(holder, path, *_TEXTS[str(path[-1])], faults)


def _check_form(holder: dict[str, Json], path: Path, pattern: re.Pattern[str], rule: str, faults: Faults) -> None:
    key = str(path[-1])
    if key in holder and faults.is_text(holder[key], path, rule) and not pattern.fullmatch(holder[key]):
        faults.add("M113", path, f"{path_text(path)} is not of its form", found=quoted(holder[key]), expected=rule)


def _check_choice(holder: dict[str, Json], path: Path, choices: tuple[str, ...], faults: Faults) -> None:
    key = str(path[-1])
    if key in holder and faults.is_text(holder[key], path, listed(choices)) and holder[key] not in choices:
        hint = meant(holder[key], choices)
        message = f"there is no such {key}"
        faults.add("M113", path, message, found=quoted(holder[key]), expected=listed(choices), hint=hint)


def _check_flag(holder: dict[str, Json], path: Path, faults: Faults) -> None:
    key = str(path[-1])
    if key in holder and not isinstance(holder[key], bool):
        said = holder[key] in ("true", "false")
        faults.wrong_type(path, holder[key], "true or false", "write it without quotes" if said else None)


def _check_setup(value: Json, path: Path, faults: Faults) -> None:
    if not faults.is_object(value, path, "an object, such as {namespace: true, quota: {requests.cpu: 108}}"):
        return
    faults.check_keys(value, path, _SETUP)
    _check_flag(value, (*path, "namespace"), faults)
    for key in ("cluster_queue", "local_queue"):
        _check_form(value, (*path, key), _LABEL, _LABEL_RULE, faults)
    if "cluster_queue" in value or "local_queue" in value:
        for key in ("cluster_queue", "local_queue"):
            faults.missing(value, key, path, "both: the queue of the jobs' namespace, and the one that it leads to")
    quota = value.get("quota", {})
    here: Path = (*path, "quota")
    if not faults.is_object(quota, here, "an object, such as {requests.cpu: 108, pods: 200}"):
        return
    for name, amount in quota.items():
        if not _QUOTA.fullmatch(name):
            faults.add("M113", (*here, name), "this is no resource", found=quoted(name), expected="such as pods")
        if isinstance(amount, bool) or not isinstance(amount, str | int | float):
            faults.wrong_type((*here, name), amount, "a quantity, such as 108 or 576Gi")
