"""The API server as tests use it: objects read and tried, and waiting for what controllers make of them."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from e2e.cluster.settings import TOKEN
from support import Result, command, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from e2e.cluster.running import Cluster

PLURALS = {
    "Application": ("apis/argoproj.io/v1alpha1", "applications"),
    "Event": ("api/v1", "events"),
    "Job": ("apis/batch/v1", "jobs"),
    "MPIJob": ("apis/kubeflow.org/v1", "mpijobs"),
    "Pod": ("api/v1", "pods"),
    "Service": ("api/v1", "services"),
    "PyTorchJob": ("apis/kubeflow.org/v1", "pytorchjobs"),
    "TFJob": ("apis/kubeflow.org/v1", "tfjobs"),
    "TrainJob": ("apis/trainer.kubeflow.org/v1alpha1", "trainjobs"),
}
WAIT = 90.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server says: the object, or a Status that refuses."""

    code: int
    data: dict[str, Any]

    @property
    def accepted(self) -> bool:
        """Whether it would be, or is, stored."""
        return self.code < 300

    @property
    def message(self) -> str:
        """Why not."""
        return str(self.data.get("message", ""))


@dataclass(frozen=True, slots=True)
class Kube:
    """`namespace` is where objects are looked for."""

    cluster: Cluster
    home: Path
    namespace: str

    def kubectl(self, *args: str | Path, stdin: str = "", cwd: Path | None = None) -> Result:
        """Runs kubectl as an administrator."""
        return self.run("kubectl", *args, stdin=stdin, cwd=cwd)

    def run(self, name: str, *args: str | Path, stdin: str = "", cwd: Path | None = None) -> Result:
        """Runs an installed command with the cluster's kubeconfig."""
        line = [command(name), *map(str, args)]
        done = subprocess.run(
            line,
            cwd=cwd or self.home,
            env=environment(HOME=str(self.home), KUBECONFIG=str(self.cluster.kubeconfig)),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        return Result((name, *line[1:]), done.returncode, done.stdout, done.stderr)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: str) -> Answer:
        """One request to the API server."""
        where = f"{self.cluster.settings.server}/{path}?{urllib.parse.urlencode(query)}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(where, data, headers, method=method)  # noqa: S310 - the cluster's own address
        context = ssl.create_default_context(cafile=self.cluster.settings.path / "pki" / "ca.crt")
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:  # noqa: S310
                return Answer(answer.status, json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.loads(error.read()))

    def attempt(self, manifest: Mapping[str, Any]) -> Answer:
        """What the server says of creating it, strictly; nothing is stored."""
        group, plural = PLURALS[manifest["kind"]]
        path = f"{group}/namespaces/{self.namespace}/{plural}"
        metadata = {**manifest["metadata"], "namespace": self.namespace}
        return self.call("POST", path, {**manifest, "metadata": metadata}, dryRun="All", fieldValidation="Strict")

    def get(self, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
        """An object, or an empty one when there is none."""
        group, plural = PLURALS[kind]
        answer = self.call("GET", f"{group}/namespaces/{namespace or self.namespace}/{plural}/{name}")
        return answer.data if answer.accepted else {}

    def list(self, kind: str, **labels: str) -> list[dict[str, Any]]:
        """The objects of the namespace with these labels; `__` in a label's name stands for a slash."""
        group, plural = PLURALS[kind]
        selector = ",".join(f"{key.replace('__', '/').replace('_', '-')}={value}" for key, value in labels.items())
        path = f"{group}/namespaces/{self.namespace}/{plural}"
        found = self.call("GET", path, labelSelector=selector).data["items"]
        return [dict(item) for item in found]

    def pods(self, job: str) -> dict[str, dict[str, Any]]:
        """The pods of a job of the training operator, by role and index: `worker-0`."""
        label = "training.kubeflow.org/replica-"
        return {
            f"{pod['metadata']['labels'][label + 'type']}-{pod['metadata']['labels'][label + 'index']}": pod
            for pod in self.list("Pod", **{"training.kubeflow.org__job_name": job})
        }

    def conditions(self, job: str, kind: str = "TFJob") -> dict[str, str]:
        """The conditions of a job that are true, with their reasons."""
        found = self.get(kind, job).get("status", {}).get("conditions", ())
        return {c["type"]: c.get("reason", "") for c in found if c["status"] == "True"}

    def wait(self, told: str, ready: Callable[[], Any], seconds: float = WAIT) -> Any:
        """What `ready` returns once it is true; the test fails, and shows the namespace, when it stays false."""
        until = time.monotonic() + seconds
        while not (value := ready()):
            if ended := self.cluster.ended():
                pytest.fail(f"a part of the cluster ended: {ended}")
            if time.monotonic() > until:
                state = self.kubectl("get", "tfjobs,pods,events", "--namespace", self.namespace).out
                pytest.fail(f"not within {seconds:.0f} s: {told}\n{state}")
            time.sleep(0.2)
        return value

    def finished(self, job: str, *, as_: str = "Succeeded", seconds: float = WAIT) -> dict[str, Any]:
        """The TFJob once it has ended, which must be as `as_`."""

        def ended() -> dict[str, str]:
            found = self.conditions(job)
            return found if {"Succeeded", "Failed"} & set(found) else {}

        conditions = self.wait(f"TFJob {job} {as_}", ended, seconds)
        assert as_ in conditions, (conditions, self.logs(job))
        return self.get("TFJob", job)

    def logs(self, job: str) -> str:
        """What all pods of a job have said."""
        selector = f"training.kubeflow.org/job-name={job}"
        return self.kubectl("logs", "--namespace", self.namespace, "--selector", selector, "--prefix", "--tail=-1").out
