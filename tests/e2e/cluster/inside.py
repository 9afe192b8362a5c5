"""Inside the cluster's own process and mount namespaces: starts every part, says `ready`, and obeys the control socket.

The process with id 1 only collects orphans. When it ends, the kernel ends all others and drops all mounts.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import traceback
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from e2e.cluster import configs, control, objects, parts
from e2e.cluster.processes import Processes, StartError
from e2e.cluster.settings import NODE, TOKEN, Settings, load

if TYPE_CHECKING:
    from collections.abc import Mapping

# Folders outside the cluster's own that a component writes to whatever it is told.
COVERED = ("/run/containerd", "/var/lib/cni", "/var/log/containers")
OPERATOR_CERTIFICATES = Path("/tmp/k8s-webhook-server/serving-certs")  # noqa: S108 - where the operator looks


def main(folder: Path) -> int:
    """Runs until it is killed; 1 when the cluster did not come up (the file `failed` says why)."""
    child = os.fork()
    if child:
        while True:
            ended, status = os.wait()
            if ended == child:
                return os.waitstatus_to_exitcode(status)
    settings = load(folder)
    cluster = Inside(settings)
    try:
        cluster.start()
        control.serve(folder, cluster)
    except (StartError, OSError) as error:
        _put(folder / "failed", str(error))
    except Exception:  # noqa: BLE001 - whatever it is, the one who waits for us must see it
        _put(folder / "failed", traceback.format_exc())
    os._exit(1)


def _put(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def _true(item: Mapping[str, Any], condition: str) -> bool:
    found = item.get("status", {}).get("conditions") or ()
    return any(c["type"] == condition and c["status"] == "True" for c in found)


class Inside:
    """One cluster, seen from within its namespaces."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        folder = settings.path
        for name in ("logs", "pki", "cni", "tmp", "home", "bin"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
        kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", ""), "/usr/sbin", "/sbin"])
        own = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "KUBECONFIG": str(settings.kubeconfig)}
        self.processes = Processes(folder / "logs", {**kept, **own})
        self.started = time.monotonic()
        self.marks: dict[str, float] = {}

    def start(self) -> None:
        """Two strands at once: containers with their images, and the control plane."""
        self._mounts()
        self._files()
        with ThreadPoolExecutor(2) as pool:
            containers = pool.submit(self._containers)
            self._control_plane()
            self._mark("API server")
            self._define()
            self._mark("definitions")
            self._apply()
            self._mark("objects")
            # One half of it looks for the certificates in TMPDIR, the other in /tmp.
            self.processes.start("training-operator", parts.operator(self.settings), {"TMPDIR": "/tmp"})  # noqa: S108
            self._argocd()
            digests = containers.result()
            self._mark("images")
        self._node()
        self._mark("node")
        self._wait_for_operator()
        self._mark("operator")
        _put(self.settings.path / "ready", json.dumps({"images": digests, "seconds": self.marks}, indent=1))

    def load_image(self, archive: str) -> str:
        """Imports an archive; its name with the digest, as a pod can use it."""
        self.processes.call("ctr", "-n", "k8s.io", "images", "import", archive)
        with subprocess.Popen(["tar", "-xOf", archive, "manifest.json"], stdout=subprocess.PIPE) as tar:
            name = json.load(tar.stdout)[0]["RepoTags"][0]  # type: ignore[arg-type]
        listed = self.processes.call("ctr", "-n", "k8s.io", "images", "ls", f"name=={name}").splitlines()
        digest = next(line.split()[2] for line in listed if line.startswith(f"{name} "))
        pinned = f"{name.rpartition(':')[0]}@{digest}"
        if name != configs.PAUSE:
            self.processes.call("ctr", "-n", "k8s.io", "images", "tag", "--force", name, pinned)
        return pinned

    def stop(self, name: str, *, kill: bool) -> None:
        """Ends one part."""
        self.processes.stop(name, kill=kill)

    def again(self, name: str) -> None:
        """Starts a part that was stopped; returns when it answers, as far as it can be asked."""
        self.processes.again(name)
        if name == "kube-apiserver":
            self.processes.wait(name, self._api_ready)

    def _mark(self, name: str) -> None:
        self.marks[name] = round(time.monotonic() - self.started, 1)

    def _mounts(self) -> None:
        for path in COVERED:
            subprocess.run(["mount", "-t", "tmpfs", "e2e", path], check=True)
        subprocess.run(["mount", "--bind", self.settings.path / "pki", OPERATOR_CERTIFICATES], check=True)

    def _files(self) -> None:
        settings, folder = self.settings, self.settings.path
        for name, text in (
            ("kubeconfig", configs.kubeconfig(settings)),
            ("containerd.toml", configs.containerd(settings)),
            ("cni/10-pods.conflist", configs.pod_network(settings)),
            ("kubelet.json", configs.kubelet(settings)),
            ("Corefile", configs.corefile(settings)),
            ("tokens.csv", f"{TOKEN},admin,1,system:masters\n"),
        ):
            (folder / name).write_text(text, encoding="utf-8")
        kustomize = folder / "bin" / "kustomize"
        kustomize.write_text(configs.KUSTOMIZE, encoding="utf-8")
        kustomize.chmod(0o755)
        self._certificates(folder / "pki")

    def _certificates(self, pki: Path) -> None:
        """One authority for all. The operator keeps those that bear the names it would give them."""
        call = self.processes.call
        new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", "-addext")
        authority = ("-keyout", f"{pki}/ca.key", "-out", f"{pki}/ca.crt", "-subj", "/CN=training-operator-ca")
        call(*new, "subjectAltName=DNS:training-operator-ca", *authority)
        call(
            "openssl", "rsa", "-traditional", "-in", f"{pki}/ca.key", "-out", f"{pki}/ca.key"
        )  # it reads no other form
        served = ("-keyout", f"{pki}/tls.key", "-out", f"{pki}/tls.crt", "-subj", "/CN=training-operator.kubeflow.svc")
        names = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:training-operator.kubeflow.svc"
        signed = ("-CA", f"{pki}/ca.crt", "-CAkey", f"{pki}/ca.key", "-addext", "basicConstraints=critical,CA:FALSE")
        call(*new, names, *served, *signed)
        call("openssl", "genrsa", "-out", f"{pki}/sa.key", "2048")

    def _containers(self) -> dict[str, str]:
        run = self.processes
        run.start("containerd", parts.containerd(self.settings))
        run.wait(
            "containerd", lambda: not subprocess.run(["ctr", "version"], capture_output=True, check=False).returncode
        )
        return {name: self.load_image(archive) for name, archive in self.settings.images.items()}

    def _control_plane(self) -> None:
        settings, run = self.settings, self.processes
        run.start("etcd", parts.etcd(settings))
        run.start("kube-apiserver", parts.apiserver(settings))
        run.wait("kube-apiserver", self._api_ready)
        run.start("kube-controller-manager", parts.controller_manager(settings))
        run.start("kube-scheduler", parts.scheduler(settings))
        run.start("coredns", parts.coredns(settings))

    def _define(self) -> None:
        """Hands in the resource definitions as they are: kubectl would take half a minute to look through them."""
        folders = [Path(self.settings.components[name]) / "crds" for name in ("operator", "trainer", "argocd")]
        address = f"{self.settings.server}/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        with ThreadPoolExecutor(4) as pool:
            texts = [file.read_bytes() for folder in folders for file in sorted(folder.iterdir())]
            for made in pool.map(lambda text: self._get(address, text), texts):
                if not made:
                    raise StartError(f"a resource definition was refused\n{self.processes.tail('kube-apiserver')}")
        self.processes.wait("kube-apiserver", self._definitions_ready)

    def _apply(self) -> None:
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects.base(self.settings)})
        self.processes.call("kubectl", "apply", "--server-side", "--filename=-", stdin=listed)

    def _argocd(self) -> None:
        settings, run = self.settings, self.processes
        run.start("redis", parts.redis(settings))
        for name, command in (
            ("argocd-repo-server", parts.repo_server(settings)),
            ("argocd-application-controller", parts.application_controller(settings)),
        ):
            run.start(name, command, parts.argocd_environment(settings, name, run.environment["PATH"]))

    def _node(self) -> None:
        self.processes.start("kubelet", parts.kubelet(self.settings))
        self.processes.wait("kubelet", self._node_ready)

    def _node_ready(self) -> bool:
        answer = self._get(f"{self.settings.server}/api/v1/nodes/{NODE}")
        return bool(answer) and _true(json.loads(answer), "Ready")

    def _definitions_ready(self) -> bool:
        answer = self._get(f"{self.settings.server}/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
        definitions = json.loads(answer)["items"] if answer else []
        return bool(definitions) and all(_true(item, "Established") for item in definitions)

    def _wait_for_operator(self) -> None:
        address = f"http://127.0.0.1:{self.settings.ports['operator_health']}/readyz"
        self.processes.wait("training-operator", lambda: bool(self._get(address)))

    def _api_ready(self) -> bool:
        return self._get(f"{self.settings.server}/readyz") == "ok"

    def _get(self, address: str, body: bytes | None = None) -> str:
        """The answer, or an empty text when there is none. With a body, which is YAML, something is created."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/yaml"}
        request = urllib.request.Request(address, body, headers)  # noqa: S310 - the cluster's own addresses
        context = ssl.create_default_context(cafile=self.settings.path / "pki" / "ca.crt")
        try:
            with urllib.request.urlopen(request, timeout=60 if body else 5, context=context) as answer:  # noqa: S310
                return str(answer.read().decode())
        except OSError:
            return ""


def prepare() -> None:
    """Makes the folders that get covered, where they lack; outside the namespaces, since they stay."""
    for path in (*map(Path, COVERED), OPERATOR_CERTIFICATES):
        path.mkdir(parents=True, exist_ok=True)
