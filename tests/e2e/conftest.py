"""Fixtures of the tests on a real cluster: one cluster for all of them, a namespace for each, small studies."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.cluster import builds, needs, running, workload
from e2e.kube import Kube
from e2e.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support import Run


@pytest.fixture(scope="session")
def cluster() -> Iterator[running.Cluster]:
    """The cluster; its parts are built first if need be, which takes minutes. All of it ends with the session.

    E2E_CLUSTER names the folder of one that runs already (`make cluster` prints it), and is left running.
    """
    if standing := os.environ.get("E2E_CLUSTER"):
        yield running.find(Path(standing))
        return
    if reason := needs.missing():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    say = print
    components, images = builds.build(say), workload.build(say)
    folder = builds.cache() / f"run-{os.getpid()}"
    running.remove(folder)
    started = running.start(folder, components, images, detached=False)
    yield started
    ended = started.ended()
    running.stop(folder)
    if not ended and not os.environ.get("E2E_KEEP"):
        running.remove(folder)
    assert not ended, f"parts of the cluster ended by themselves; their logs are in {folder}\n{ended}"


@pytest.fixture
def kube(cluster: running.Cluster, tmp_path: Path) -> Iterator[Kube]:
    """A namespace of its own, which admits only pods that keep to the restricted Pod Security profile."""
    name = f"e2e-{secrets.token_hex(4)}"
    here = Kube(cluster, tmp_path, name)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    made = here.call("POST", "api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    assert made.accepted, made.message
    yield here
    here.call("DELETE", f"api/v1/namespaces/{name}")


@pytest.fixture
def study(tmp_path: Path, dlaasgen: Run, kube: Kube) -> Study:
    """A small study whose jobs run in the test's namespace, on the benchmark's image."""
    return Study(tmp_path / "study", dlaasgen, kube)
