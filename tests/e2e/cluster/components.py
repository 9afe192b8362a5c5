"""What the test cluster is made of: Go programs and files of their modules, at the versions in go/*/go.mod."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "go"


@dataclass(frozen=True, slots=True)
class Component:
    """One Go module to build from: `programs` (name -> package) and `files` (folder here -> module, glob in it).

    `variables` are set in the programs: those built from a module cannot know their own version.
    """

    name: str
    programs: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> Path:
        """Where its go.mod and go.sum are."""
        return FOLDER / self.name


def _kubernetes(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"k8s.io/kubernetes/cmd/{name}") for name in names)


# The operator's kinds that there are dialects of. A definition is half a megabyte, which the API server has to digest.
JOBS = ("mpijobs", "pytorchjobs", "tfjobs")
_ARGO = "github.com/argoproj/argo-cd/v3"
_OPERATOR = "github.com/kubeflow/training-operator"
_TRAINER = "github.com/kubeflow/trainer/v2"

COMPONENTS = (
    Component(
        "kubernetes",
        _kubernetes("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"),
        variables=(("k8s.io/component-base/version.gitVersion", "v1.34.4"),),
    ),
    Component(
        "operator",
        (("training-operator.v1", f"{_OPERATOR}/cmd/training-operator.v1"),),
        (
            *(("crds", _OPERATOR, f"manifests/base/crds/kubeflow.org_{kind}.yaml") for kind in JOBS),
            ("webhook", _OPERATOR, "manifests/base/webhook/manifests.yaml"),
        ),
    ),
    Component("coredns", (("coredns", "."),)),
    Component("trainer", files=(("crds", _TRAINER, "manifests/base/crds/trainer.kubeflow.org_trainjobs.yaml"),)),
    Component(
        "argocd",
        (("argocd", f"{_ARGO}/cmd"),),
        (("crds", _ARGO, "manifests/crds/app*[tn]-crd.yaml"), ("bin", _ARGO, "hack/git-verify-wrapper.sh")),
    ),
    Component("kwok", (("kwok", "sigs.k8s.io/kwok/cmd/kwok"),)),
)
