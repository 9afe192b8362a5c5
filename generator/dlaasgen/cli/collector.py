"""dlaasgen collector: the collector in a cluster."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

collector = typer.Typer(name="collector", no_args_is_help=True, help="Manifests that run the collector in a cluster.")


@collector.callback()
def group() -> None:
    """Manifests that run the collector in a cluster."""


@collector.command()
def manifests(
    image: Annotated[
        str, typer.Option("--image", metavar="IMAGE", help="The image that has dlaasgen in it, best by its digest.")
    ],
    namespace: Annotated[
        str, typer.Option("--namespace", metavar="NAMESPACE", help="Where the collector itself runs.")
    ] = "dlaas",
    watch: Annotated[
        list[str] | None,
        typer.Option(
            "--watch",
            metavar="NAMESPACE",
            help="A namespace whose pods' logs it collects. Can be repeated; its own when left out.",
        ),
    ] = None,
    schedule: Annotated[
        str, typer.Option("--schedule", metavar="CRON", help="When the CronJob runs.")
    ] = "*/10 * * * *",
    follow: Annotated[
        bool, typer.Option("--follow", help="A Deployment that follows the cluster, in place of a CronJob.")
    ] = False,
    interval: Annotated[
        int, typer.Option("--interval", metavar="SECONDS", min=1, help="With --follow: between two looks.")
    ] = 30,
    store_secret: Annotated[
        str | None,
        typer.Option("--store-secret", metavar="NAME", help="The Secret whose key url is the store's URL."),
    ] = None,
    store_claim: Annotated[
        str | None,
        typer.Option("--store-claim", metavar="NAME", help="The PersistentVolumeClaim for a store in a file."),
    ] = None,
) -> None:
    """Print the manifests of the collector: workload, service account, and a role for each watched namespace."""
    from dlaasgen import canonical
    from dlaasgen.collector_manifests import Collector
    from dlaasgen.collector_manifests import manifests as made

    asked = Collector(
        image, namespace, watch or [namespace], None if follow else schedule, store_secret, store_claim, interval
    )
    sys.stdout.write("---\n".join(canonical.dump(one) for one in made(asked)))
