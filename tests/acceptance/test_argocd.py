"""dlaasgen argocd, as installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

pytestmark = pytest.mark.outside


def test_health_prints_a_patch(dlaasgen: Run, tmp_path: Path) -> None:
    patch = yaml.safe_load(dlaasgen("argocd", "health", "--namespace", "gitops", cwd=tmp_path).ok().out)
    assert patch["metadata"]["namespace"] == "gitops"
    assert sorted(key.rpartition("_")[2] for key in patch["data"]) == ["MPIJob", "PyTorchJob", "TFJob", "TrainJob"]


def test_a_namespace_that_is_none_is_refused(dlaasgen: Run, tmp_path: Path) -> None:
    assert dlaasgen("argocd", "health", "--namespace", "a\nb: c", cwd=tmp_path).code == 2
