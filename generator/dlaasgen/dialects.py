"""Dialects: the shapes of the jobs' APIs, as data, and which of them a manifest is written in. No I/O here.

An apiVersion alone does not settle the shape: kubeflow.org/v1 moved a TFJob's policies from `spec` to `spec.runPolicy`
and kept its name. Sources: the Go types and CRDs of kubeflow/training-operator v0.3.0 to v1.9.0, kubeflow/trainer
(v1alpha1) and kubeflow/mpi-operator (v2beta1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlaasgen.matrix import DEFAULT_DIALECT

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where pods are asked to be: the fields of a run policy, as they were added over the years.
_OLDEST = ("cleanPodPolicy", "ttlSecondsAfterFinished")
_FLAT = (*_OLDEST, "activeDeadlineSeconds", "backoffLimit")
_RUN_POLICY = (*_FLAT, "schedulingPolicy", "suspend", "managedBy")
_TF_ROLES = ("PS", "Worker", "Chief", "Master", "Evaluator")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One shape of a job's API.

    name        as matrix files name it
    kind        "TFJob"; with `api_version` what a manifest of the dialect says of itself
    replicas    the field of spec that maps roles to replica specs; None when there is none
    roles       the roles in their right spelling
    run_policy  the field of spec that holds the run policies; None when they stand in spec itself
    policies    the run policies that the dialect has
    container   the name that the operator demands of a container in each pod; None when it demands none
    """

    name: str
    api_version: str
    kind: str
    replicas: str | None = None
    roles: tuple[str, ...] = ()
    run_policy: str | None = None
    policies: tuple[str, ...] = ()
    container: str | None = None

    @property
    def policy_path(self) -> str:
        """Where the run policies stand."""
        return f"spec.{self.run_policy}" if self.run_policy else "spec"


def _tfjob(name: str, version: str, policies: tuple[str, ...], run_policy: str | None = None) -> Dialect:
    api_version = f"kubeflow.org/{version}"
    return Dialect(name, api_version, "TFJob", "tfReplicaSpecs", _TF_ROLES, run_policy, policies, "tensorflow")


DIALECTS: Mapping[str, Dialect] = {
    d.name: d
    for d in (
        _tfjob("tfjob-v1alpha2", "v1alpha2", _OLDEST),
        _tfjob("tfjob-v1beta2", "v1beta2", _FLAT),
        _tfjob("tfjob-v1-flat", "v1", _FLAT),
        _tfjob("tfjob-v1", "v1", _RUN_POLICY, "runPolicy"),
        Dialect("job", "batch/v1", "Job", policies=("ttlSecondsAfterFinished", "activeDeadlineSeconds", "suspend")),
        Dialect("trainjob-v1alpha1", "trainer.kubeflow.org/v1alpha1", "TrainJob", policies=("suspend",)),
        Dialect(
            "pytorchjob-v1",
            "kubeflow.org/v1",
            "PyTorchJob",
            "pytorchReplicaSpecs",
            ("Master", "Worker"),
            "runPolicy",
            _RUN_POLICY,
            "pytorch",
        ),
        Dialect(
            "mpijob-v1",
            "kubeflow.org/v1",
            "MPIJob",
            "mpiReplicaSpecs",
            ("Launcher", "Worker"),
            "runPolicy",
            _RUN_POLICY,
        ),
        Dialect(
            "mpijob-v2beta1",
            "kubeflow.org/v2beta1",
            "MPIJob",
            "mpiReplicaSpecs",
            ("Launcher", "Worker"),
            "runPolicy",
            _RUN_POLICY,
        ),
    )
}
_BY_KIND = {(d.api_version, d.kind): d for d in DIALECTS.values()}
_TFJOB_V1, _TFJOB_V1_FLAT = DIALECTS[DEFAULT_DIALECT], DIALECTS["tfjob-v1-flat"]
_BY_KIND["kubeflow.org/v1", "TFJob"] = _TFJOB_V1
_ONLY_FLAT = frozenset(_FLAT)
_ONLY_V1 = frozenset({"runPolicy", "successPolicy", "enableDynamicWorker"})


def detect(manifest: Mapping[str, Any], expected: str | None = None) -> Dialect | None:
    """The dialect of a manifest, by its shape; None when it is no job that dlaasgen knows.

    A v1 TFJob without any policy could be either of two dialects: then it is the `expected` one, or tfjob-v1.
    """
    api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return None
    dialect = _BY_KIND.get((api_version, kind))
    if dialect is not _TFJOB_V1:
        return dialect
    spec = manifest.get("spec")
    if not isinstance(spec, dict) or not _ONLY_V1.isdisjoint(spec):
        return dialect
    if not _ONLY_FLAT.isdisjoint(spec) or expected == _TFJOB_V1_FLAT.name:
        return _TFJOB_V1_FLAT
    return dialect
