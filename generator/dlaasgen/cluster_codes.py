"""The codes of findings about a cluster's API server and what it says."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {
    "S101": (
        "No way to a cluster",
        (
            "The cluster is named by --context, or by target.context of the tree's matrix: a context of kubeconfig, "
            "which KUBECONFIG names. The package kubernetes is needed: pip install 'dlaasgen[cluster]'."
        ),
    ),
    "S102": (
        "The cluster does not answer",
        "The API server cannot be reached, or says again and again that it is too busy.",
    ),
    "S103": (
        "The API server refuses a manifest",
        (
            "What it says is in the finding: a field that the kind does not have, a value that is out of bounds, a "
            "webhook or quota that objects, a right that is missing."
        ),
    ),
    "S104": ("The cluster has no such kind", "Its operator, or its CustomResourceDefinition, is not installed."),
    "S105": (
        "The tree is for another cluster",
        "target of the matrix says which cluster a tree is for, by context or server; it is not applied to another.",
    ),
    "S106": (
        "A field belongs to somebody else",
        (
            "Another manager, such as Argo CD or kubectl, owns a field that the manifest sets. Let one of them apply "
            "the tree; dlaasgen takes no field away from another."
        ),
    ),
    "S107": (
        "The namespace is not clear",
        "A manifest without a namespace needs --namespace, and one that has a namespace does not go to another.",
    ),
    "S109": ("A job has not succeeded", "`dlaasgen wait` names each cell whose job failed, or has not ended in time."),
    "S108": (
        "A namespace is missing in the cluster",
        "The manifests go to a namespace that the cluster does not have. gitops.setup, or kubectl create namespace.",
    ),
}
