"""dlaasgen argocd: what Argo CD has to be told once for a whole cluster."""

from __future__ import annotations

import re
from typing import Annotated

import typer

argocd = typer.Typer(name="argocd", help="What Argo CD has to know of jobs.", no_args_is_help=True)


@argocd.callback()
def group() -> None:
    """What Argo CD has to know of jobs."""


@argocd.command()
def health(
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", metavar="NAME", help="The namespace that Argo CD runs in.")
    ] = "argocd",
) -> None:
    """Print health checks for TFJob, PyTorchJob, MPIJob and TrainJob as a patch of the ConfigMap argocd-cm.

    kubectl apply --server-side --field-manager=dlaasgen-health -f - merges it into the ConfigMap that is there.
    """
    from dlaasgen.gitops_health import config_map

    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", namespace):
        msg = f"--namespace {namespace!r}: lower-case letters, digits and '-', at most 63"
        raise typer.BadParameter(msg)
    print(config_map(namespace), end="")
