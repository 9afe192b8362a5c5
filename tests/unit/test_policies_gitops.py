"""Policies on jobs under GitOps (P5xx), each by an example and by what it has nothing against."""

from __future__ import annotations

from dlaasgen.checks import Context
from jobs import tfjob
from policing import Manifest, annotated, each_bad, each_good, policies_of, policy, shown_by, told, without

# (manifest, all that is found in it)
BAD: list[tuple[Manifest, list[str]]] = [
    (
        policy("ttlSecondsAfterFinished", 60),
        [
            "spec.runPolicy.ttlSecondsAfterFinished: warning[P501]: the finished job deletes itself, and GitOps may "
            "make it anew; found 60; remove ttlSecondsAfterFinished"
        ],
    ),
    (
        without(tfjob(), "spec", "runPolicy", "cleanPodPolicy"),
        [
            "spec.runPolicy.cleanPodPolicy: warning[P502]: cleanPodPolicy is not set, and its default depends on the "
            "operator's version; set cleanPodPolicy: Running"
        ],
    ),
    (
        policy("cleanPodPolicy", "All"),
        [
            "spec.runPolicy.cleanPodPolicy: error[P503]: all pods, and their logs, are deleted when the job ends; "
            "found All; expected Running or None; write Running, which keeps the pods that have ended, or None"
        ],
    ),
    (
        annotated("argocd.argoproj.io/hook", "Sync"),
        [
            'metadata.annotations["argocd.argoproj.io/hook"]: error[P504]: the object is a hook, which runs again with '
            "every sync (argocd.argoproj.io/hook); found 'Sync'; remove the annotation"
        ],
    ),
    (
        annotated("argocd.argoproj.io/sync-options", "Prune=false, Force=true,Replace=true"),
        [
            'metadata.annotations["argocd.argoproj.io/sync-options"]: error[P505]: Force=true and Replace=true makes a '
            "finished job run again; found 'Prune=false, Force=true,Replace=true'; remove the option"
        ],
    ),
]


@each_bad(BAD)
def test_bad(manifest: Manifest, findings: list[str]) -> None:
    assert told(manifest) == findings


def test_every_policy_on_one_manifest_has_an_example() -> None:
    assert shown_by(BAD) == policies_of("P5") - {"P506"}, "P506 is about many manifests: test_checks.py"


GOOD = [
    policy("cleanPodPolicy", "None"),
    annotated("argocd.argoproj.io/sync-options", "Prune=false,ApplyOutOfSyncOnly=true"),
    annotated("argocd.argoproj.io/hook", "Skip"),
]


@each_good(GOOD)
def test_good(manifest: Manifest) -> None:
    assert told(manifest) == []


def test_self_heal_decides_on_ttl() -> None:
    data = policy("ttlSecondsAfterFinished", 60)
    assert told(data, Context(gitops={"self_heal": False})) == []
    assert told(data, Context(gitops={"self_heal": True})) == [
        "spec.runPolicy.ttlSecondsAfterFinished: error[P501]: self-heal makes the job anew after it has deleted "
        "itself, for ever; found 60; remove ttlSecondsAfterFinished"
    ]


def test_mpijobs_of_v1_have_a_second_place_for_clean_pod_policy() -> None:
    data = {
        "apiVersion": "kubeflow.org/v1",
        "kind": "MPIJob",
        "metadata": {"name": "a", "namespace": "b"},
        "spec": {"cleanPodPolicy": "All", "runPolicy": {"activeDeadlineSeconds": 1}, "mpiReplicaSpecs": {}},
    }
    assert [f.split(":")[0] for f in told(data)] == ["spec.cleanPodPolicy"]
