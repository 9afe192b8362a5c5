"""What one running cluster is: its folder, its network, its ports. Written once, as settings.json."""

from __future__ import annotations

import json
import random
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

PORTS = (
    "etcd",
    "etcd_peer",
    "apiserver",
    "operator_metrics",
    "operator_health",
    "operator_webhook",
    "redis",
    "repo_server",
    "repo_server_metrics",
    "argocd_metrics",
    "kwok",
)
TOKEN = "admin-of-a-throwaway-cluster"  # noqa: S105 - it listens on this machine alone, and is gone after the tests
CONTEXT = "dlaasgen-e2e"
NODE = "node1"


@dataclass(frozen=True, slots=True)
class Settings:
    """`number` names the bridge, the pods' subnet and the control group, so that clusters can run side by side."""

    folder: str
    number: int
    ports: dict[str, int]
    components: dict[str, str]
    images: dict[str, str]

    @property
    def bridge(self) -> str:
        """The pods' network interface on the host; a name has at most 15 characters."""
        return f"dlaas-e2e{self.number}"

    @property
    def address(self) -> str:
        """The node's address: the bridge's."""
        return f"10.244.{self.number}.1"

    @property
    def subnet(self) -> str:
        """The pods' addresses."""
        return f"10.244.{self.number}.0/24"

    @property
    def cgroup(self) -> str:
        """Below which all pods' control groups are."""
        return f"/{self.bridge}"

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self.ports['apiserver']}"

    @property
    def path(self) -> Path:
        """The folder of everything that this cluster writes."""
        return Path(self.folder)

    @property
    def kubeconfig(self) -> Path:
        """For kubectl and for the components alike."""
        return self.path / "kubeconfig"

    def program(self, component: str, name: str) -> str:
        """The path of a built program."""
        return str(Path(self.components[component]) / "bin" / name)

    def save(self) -> None:
        """Writes it into its own folder."""
        (self.path / "settings.json").write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def load(folder: Path) -> Settings:
    """What `save` wrote."""
    return Settings(**json.loads((folder / "settings.json").read_text(encoding="utf-8")))


def free_ports() -> dict[str, int]:
    """A free port for each of PORTS, below those that the kernel gives to outgoing connections."""
    found: dict[str, int] = {}
    for port in random.sample(range(20000, 32000), 400):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found[PORTS[len(found)]] = port
        if len(found) == len(PORTS):
            return found
    raise RuntimeError("no free ports between 20000 and 32000")
