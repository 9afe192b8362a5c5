"""The health of jobs, for Argo CD in Lua and for Flux in CEL, which know none of their kinds. No I/O here.

A condition that has been and is no more stays in the list with the status "False": only "True" counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

# (group, kind) -> the condition of a job that has done what it should. Kubernetes' own Job is known to both.
DONE = {
    ("kubeflow.org", "MPIJob"): "Succeeded",
    ("kubeflow.org", "PyTorchJob"): "Succeeded",
    ("kubeflow.org", "TFJob"): "Succeeded",
    ("trainer.kubeflow.org", "TrainJob"): "Complete",
}
_LUA = """\
local health = {status = "Progressing", message = "not started"}
if obj.status == nil or obj.status.conditions == nil then
  return health
end
local holds = {}
for _, condition in ipairs(obj.status.conditions) do
  if condition.status == "True" then
    holds[condition.type] = condition
    health.message = condition.message or condition.reason or condition.type
  end
end
for _, known in ipairs({{"Failed", "Degraded"}, {"@", "Healthy"}, {"Suspended", "Suspended"}}) do
  local condition = holds[known[1]]
  if condition ~= nil then
    health.status = known[2]
    health.message = condition.message or condition.reason or condition.type
    return health
  end
end
return health
"""


def lua(done: str) -> str:
    """Argo CD's health check of a kind whose jobs end in the condition `done`."""
    return _LUA.replace("@", done)


def config_map(namespace: str) -> str:
    """A ConfigMap that holds the checks of all kinds and nothing else: to be merged into the one that is there."""
    lines = [
        "apiVersion: v1",
        "kind: ConfigMap",
        "metadata:",
        "  name: argocd-cm",
        f"  namespace: {namespace}",
        "  labels:",
        "    app.kubernetes.io/name: argocd-cm",
        "    app.kubernetes.io/part-of: argocd",
        "data:",
    ]
    for (group, kind), done in DONE.items():
        lines.append(f"  resource.customizations.health.{group}_{kind}: |")
        lines += [f"    {line}" for line in lua(done).splitlines()]
    return "\n".join([*lines, ""])


def expressions(kinds: Collection[tuple[str, str]]) -> list[dict[str, str]]:
    """Flux's health checks of the kinds that it does not know. What neither is done nor has failed is in progress.

    Flux asks again about a job that has no status yet, of which no expression says anything.
    """
    return [
        {
            "apiVersion": f"{group}/{version}",
            "kind": kind,
            "current": _holds(done),
            "failed": _holds("Failed"),
        }
        for (group, kind), done in DONE.items()
        if (group, kind) in kinds
        for version in (("v1alpha1",) if kind == "TrainJob" else ("v2beta1", "v1") if kind == "MPIJob" else ("v1",))
    ]


def _holds(condition: str) -> str:
    return f'has(status.conditions) && status.conditions.exists(c, c.type == "{condition}" && c.status == "True")'
