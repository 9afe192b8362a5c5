"""A small project whose jobs run on the test cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.kube import Kube
    from support import Run


class Study:
    """A small project: one matrix, rendered into a tree."""

    def __init__(self, folder: Path, dlaasgen: Run, kube: Kube) -> None:
        self.folder, self.dlaasgen, self.kube = folder, dlaasgen, kube

    def render(self, *, name: str = "small", run: str = "", **changes: Any) -> dict[str, str]:
        """Renders it anew with some keys of the matrix changed; cell id -> job name."""
        params = {
            "namespace": self.kube.namespace,
            "image": self.kube.cluster.images["benchmark"],
            "num_batches": 20,
            "num_warmup_batches": 1,
            "cpu": "50m",
            "memory": "64Mi",
            **({"ps_cpu": "50m", "ps_memory": "64Mi"} if "prototype" not in changes else {}),
            "deadline_seconds": 300,
            **changes.pop("params", {}),
        }
        matrix = {
            "apiVersion": "dlaasgen/v1",
            "name": name,
            "prototype": "tfjob",
            "params": params,
            "axes": {"model": ["trivial"], "batch_size": [32], "replicas": [2]},
            "id": "{{ model }}-bs{{ batch_size }}-w{{ replicas }}",
            **changes,
        }
        file = self.folder / "matrix" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(matrix), encoding="utf-8")
        options = ["--run", run] if run else []
        self.dlaasgen("render", file, "--out", self.folder / "rendered", *options, cwd=self.folder).ok()
        index = json.loads((self.tree(name) / "index.json").read_text(encoding="utf-8"))
        return {cell["id"]: cell["job"] for cell in index["cells"]}

    def tree(self, name: str = "small") -> Path:
        """The rendered tree."""
        return self.folder / "rendered" / name

    def apply(self, name: str = "small") -> None:
        """What a person does: kubectl apply -k."""
        self.kube.kubectl("apply", "-k", self.tree(name)).ok()
