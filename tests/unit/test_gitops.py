"""What Argo CD and Flux get beside the jobs of a tree."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dlaasgen.gitops import files, object_text, of_tree, settings, shards
from dlaasgen.gitops_health import DONE, config_map, expressions
from dlaasgen.matrix_parser import parse
from dlaasgen.tree import Entry, Index, dump_index, load_index

REPOSITORY = "https://git.example.com/team/study.git"
JOB = "kubeflow.org/v1 TFJob dlaas"
SETUP = {"namespace": True, "quota": {"pods": 3}, "cluster_queue": "all", "local_queue": "studies"}


def made(jobs: list[str], objects: list[str] | None = None, **gitops: Any) -> dict[str, list[Any]]:
    head = {"apiVersion": "dlaasgen/v1", "name": "small", "prototype": "tfjob", "axes": {"a": [1]}}
    own = settings(parse({**head, "gitops": {"repository": REPOSITORY, **gitops}}))
    assert own is not None
    texts = files(own, [f"jobs/{name}.yaml" for name in jobs], [JOB] if objects is None else objects)
    return {path: list(yaml.safe_load_all(text)) for path, text in texts.items()}


def test_a_project_allows_what_the_tree_holds_and_no_more() -> None:
    tree = made(["x"], [JOB, "v1 Service dlaas", "v1 PersistentVolume ", "batch/v1 Job other"])
    (project,) = tree["argocd/project.yaml"]
    assert project["metadata"]["name"] == "dlaasgen-small"
    spec = project["spec"]
    assert spec["sourceRepos"] == [REPOSITORY]
    assert [d["namespace"] for d in spec["destinations"]] == ["dlaas", "other"]
    assert spec["clusterResourceWhitelist"] == [{"group": "", "kind": "PersistentVolume"}]
    assert [(r["group"], r["kind"]) for r in spec["namespaceResourceWhitelist"]] == [
        ("", "Service"),
        ("batch", "Job"),
        ("kubeflow.org", "TFJob"),
    ]


@pytest.mark.parametrize(
    ("prune", "option", "prunes"), [("never", "Prune=false", False), ("confirm", "Prune=confirm", True)]
)
def test_jobs_are_not_pruned_unasked(*, prune: str, option: str, prunes: bool) -> None:
    (application,) = made(["x"], prune=prune)["argocd/application.yaml"]
    policy = application["spec"]["syncPolicy"]
    assert policy["syncOptions"] == ["ServerSideApply=true", "ApplyOutOfSyncOnly=true", option]
    assert policy["automated"] == {"prune": prunes, "selfHeal": False}
    assert policy["retry"]["limit"] == 5
    assert "finalizers" not in application["metadata"]


def test_jobs_are_pruned_when_asked() -> None:
    (application,) = made(["x"], prune="auto")["argocd/application.yaml"]
    assert application["spec"]["syncPolicy"]["automated"]["prune"] is True
    assert application["spec"]["syncPolicy"]["syncOptions"] == ["ServerSideApply=true", "ApplyOutOfSyncOnly=true"]


def test_what_sets_up_comes_first_and_is_never_pruned() -> None:
    tree = made(["x"], prune="auto", setup=SETUP)
    waves = {
        p: d["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] for p, (d,) in tree.items() if "setup" in p
    }
    assert waves == {
        "setup/dlaas-namespace.yaml": "-2",
        "setup/dlaas-quota.yaml": "-1",
        "setup/dlaas-queue.yaml": "-1",
        "argocd/setup.yaml": "-1",
    }
    assert "annotations" not in tree["argocd/application.yaml"][0]["metadata"]
    assert "Prune=false" in tree["argocd/setup.yaml"][0]["spec"]["syncPolicy"]["syncOptions"]
    assert tree["setup/dlaas-quota.yaml"][0]["spec"] == {"hard": {"pods": "3"}}
    assert tree["setup/dlaas-queue.yaml"][0]["spec"] == {"clusterQueue": "all"}
    kinds = tree["argocd/project.yaml"][0]["spec"]
    assert kinds["clusterResourceWhitelist"] == [{"group": "", "kind": "Namespace"}]
    assert {r["kind"] for r in kinds["namespaceResourceWhitelist"]} == {"TFJob", "ResourceQuota", "LocalQueue"}


def test_a_tree_without_cells_has_a_project() -> None:
    tree = made([], [])
    assert list(tree) == ["argocd/project.yaml", "argocd/application.yaml"]
    assert tree["argocd/application.yaml"][0]["spec"]["destination"]["namespace"] == "default"


def test_many_jobs_are_parted_by_how_their_names_begin() -> None:
    jobs = [f"{m}-{n}" for m in ("alexnet", "resnet50", "vgg16") for n in range(2)]
    tree = made(jobs, max_per_application=4)
    sources = [tree[f"argocd/application-{n}.yaml"][0]["spec"]["source"] for n in range(2)]
    assert [s["directory"]["include"] for s in sources] == ["{a*,r*}", "v*"]
    assert {s["path"] for s in sources} == {"rendered/small/jobs"}
    flux = made(jobs, max_per_application=4, controller="flux")
    assert sorted(flux) == ["flux/jobs-0.yaml", "flux/jobs-1.yaml"]
    assert flux["flux/jobs-0.yaml"][0]["spec"]["ignore"].splitlines()[-3:] == [
        "/rendered/small/jobs/*",
        "!/rendered/small/jobs/a*",
        "!/rendered/small/jobs/r*",
    ]


NAMES = st.lists(st.text("ab.-", min_size=1, max_size=6).map(lambda s: s + ".yaml"), unique=True, max_size=40)


@given(NAMES, st.integers(1, 8))
def test_every_name_is_in_one_shard_and_none_is_too_large(names: list[str], most: int) -> None:
    parts = shards(sorted(names), most)
    taken = [sum(fnmatchcase(n, p) for part in parts for p in part) for n in names]
    assert taken == [1] * len(names)
    assert all(sum(fnmatchcase(n, p) for n in names for p in part) <= most for part in parts)


def test_a_name_may_begin_another() -> None:
    assert shards(["a", "aa", "ab"], 1) == [["a"], ["aa*"], ["ab*"]]


def test_flux_waits_for_jobs() -> None:
    tree = made(["x"], controller="flux", setup=SETUP, timeout="90m")
    source, kustomization = tree["flux/jobs.yaml"]
    assert source["spec"]["ref"] == {"branch": "main"}
    spec = kustomization["spec"]
    assert (spec["prune"], spec["wait"], spec["force"], spec["timeout"]) == (False, True, False, "90m")
    assert spec["dependsOn"] == [{"name": "small-setup"}]
    assert [c["kind"] for c in spec["healthCheckExprs"]] == ["TFJob"]
    assert "annotations" not in tree["setup/dlaas-namespace.yaml"][0]["metadata"]
    assert "healthCheckExprs" not in made(["x"], ["batch/v1 Job x"], controller="flux")["flux/jobs.yaml"][1]["spec"]


@pytest.mark.parametrize(
    ("conditions", "verdict"),
    [
        (None, ""),
        ([], ""),
        ([("Running", "True")], ""),
        ([("Running", "True"), ("Suspended", "True")], ""),
        ([("Running", "False"), ("Succeeded", "True")], "current"),
        ([("Running", "False"), ("Failed", "True")], "failed"),
        ([("Failed", "False"), ("Running", "True")], ""),
    ],
)
def test_what_flux_makes_of_a_status(conditions: list[tuple[str, str]] | None, verdict: str) -> None:
    cel = import_module("cel_expr_python.cel")
    status = {} if conditions is None else {"conditions": [{"type": t, "status": s} for t, s in conditions]}
    (checks,) = expressions([("kubeflow.org", "TFJob")])
    env = cel.NewEnv(variables={"status": cel.Type.DYN})
    # In the order in which Flux asks; where none holds, the job is in progress.
    asked = [name for name in ("inProgress", "failed", "current") if name in checks]
    holds = [name for name in asked if env.compile(checks[name]).eval(data={"status": status}).value()]
    assert holds == [verdict] * bool(verdict)


def test_what_the_index_keeps_of_an_object_is_safe() -> None:
    assert object_text({"apiVersion": "v1", "kind": "A b", "metadata": {"namespace": "n"}}) == "v1 Ab n"
    assert object_text({"apiVersion": "v1", "kind": "Service", "metadata": []}) == "v1 Service "


CONDITIONS = [
    ({}, "Progressing"),
    ({"Created": "True"}, "Progressing"),
    ({"Created": "True", "Running": "True"}, "Progressing"),
    ({"Running": "False", "DONE": "True"}, "Healthy"),
    ({"Running": "True", "DONE": "False"}, "Progressing"),
    ({"DONE": "Unknown"}, "Progressing"),
    ({"Running": "False", "Failed": "True"}, "Degraded"),
    ({"Failed": "True", "DONE": "True"}, "Degraded"),
    ({"Failed": "False", "Restarting": "True"}, "Progressing"),
    ({"Suspended": "True"}, "Suspended"),
    ({"Suspended": "False", "Running": "True"}, "Progressing"),
    ({"Suspended": "True", "DONE": "True"}, "Healthy"),
]


def _object(conditions: dict[str, str], done: str) -> dict[str, Any]:
    known = [{"type": t.replace("DONE", done), "status": s, "message": f"{t} said"} for t, s in conditions.items()]
    return {"spec": {}, "status": {"conditions": known}}


@pytest.mark.parametrize(("conditions", "health"), CONDITIONS)
@pytest.mark.parametrize(("group", "kind"), DONE)
def test_health_in_lua(group: str, kind: str, conditions: dict[str, str], health: str) -> None:
    lupa = pytest.importorskip("lupa.lua51", reason="the Lua checks need `lupa`, which `make setup` installs")
    code = yaml.safe_load(config_map("argocd"))["data"][f"resource.customizations.health.{group}_{kind}"]
    lua = lupa.LuaRuntime(register_eval=False)
    check = lua.eval(f"function(obj) {code} end")
    data = _object(conditions, DONE[group, kind])
    said = check(lua.table_from(data, recursive=True))
    assert said["status"] == health
    if health != "Progressing":
        assert str(said["message"]).endswith("said")
    assert check(lua.table_from({"spec": {}}, recursive=True))["status"] == "Progressing"


@pytest.mark.parametrize(("conditions", "health"), CONDITIONS)
@pytest.mark.parametrize("kind", DONE)
def test_health_in_cel(kind: tuple[str, str], conditions: dict[str, str], health: str) -> None:
    """The expressions have optional fields, which our own reader of CEL may lack: so their parts are read here."""
    (check, *_) = expressions([kind])
    done = DONE[kind]
    assert f'"{done}" && c.status == "True"' in check["current"]
    assert '"Failed" && c.status == "True"' in check["failed"]
    holds = {c["type"] for c in _object(conditions, done)["status"]["conditions"] if c["status"] == "True"}
    assert (health == "Degraded") == ("Failed" in holds)


@pytest.mark.parametrize(
    ("gitops", "told"),
    [
        ({"controller": "argocd"}, "gitops.repository is missing"),
        ({"repository": "x"}, "gitops.repository is not of its form"),
        ({"repository": REPOSITORY, "path": "a/../b"}, "gitops.path leads out of the repository"),
        ({"repository": REPOSITORY, "controller": "argo"}, "did you mean argocd?"),
        ({"repository": REPOSITORY, "controller": "flux", "prune": "confirm"}, "Flux cannot ask before it prunes"),
        ({"repository": REPOSITORY, "max_per_application": 4000}, "out of range"),
        ({"self_heal": 1}, "gitops.self_heal has the wrong type"),
        ({"self_heal": "true"}, "expected true or false; write it without quotes"),
        ({"selfHeal": True}, "did you mean self_heal?"),
        ({"repository": REPOSITORY, "setup": []}, "gitops.setup has the wrong type"),
        ({"repository": REPOSITORY, "setup": {"local_queue": "x"}}, "gitops.setup.cluster_queue is missing"),
        ({"repository": REPOSITORY, "setup": {"quota": []}}, "gitops.setup.quota has the wrong type"),
        ({"repository": REPOSITORY, "setup": {"quota": {"-": 1, "pods": True}}}, "this is no resource"),
    ],
)
def test_settings_that_are_wrong(gitops: Any, told: str) -> None:
    head = {"apiVersion": "dlaasgen/v1", "name": "small", "prototype": "tfjob", "axes": {"a": [1]}}
    with pytest.raises(Exception, match=r"gitops") as caught:
        parse({**head, "gitops": gitops})
    assert told in str(caught.value)


@pytest.mark.parametrize("target", [[], {}, {"context": ""}, {"server": "x"}, {"name": "x"}])
def test_targets_that_are_wrong(target: Any) -> None:
    head = {"apiVersion": "dlaasgen/v1", "name": "small", "prototype": "tfjob", "axes": {"a": [1]}}
    with pytest.raises(Exception, match=r"target"):
        parse({**head, "target": target})


def test_only_a_matrix_with_a_repository_renders_for_gitops() -> None:
    head = {"apiVersion": "dlaasgen/v1", "name": "small", "prototype": "tfjob", "axes": {"a": [1]}}
    entry = Entry("x", "small-x", {}, {}, {"jobs/x.yaml": "", "jsonnet/x.jsonnet": ""}, 1, [JOB])
    assert of_tree(parse({**head, "gitops": {"self_heal": True}}), [entry]) == {}
    assert "argocd/application.yaml" in of_tree(parse({**head, "gitops": {"repository": REPOSITORY}}), [entry])


def test_an_index_says_what_objects_are_and_is_read_so() -> None:
    entry = Entry("x", "small-x", {}, {}, {"jobs/x.yaml": ""}, 1, [JOB])
    index = Index("small", "m.yaml", "tfjob", None, {}, {}, {}, [entry])
    document = json.loads(dump_index(index))
    read = load_index(document)
    assert read is not None
    assert list(read.entries[0].objects) == [JOB]
    document["cells"][0]["objects"] = ["one word"]
    assert load_index(document) is None
