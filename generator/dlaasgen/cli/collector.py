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
        bool, typer.Option("--follow", help="A Deployment that follows the cluster or Loki, in place of a CronJob.")
    ] = False,
    interval: Annotated[
        int, typer.Option("--interval", metavar="SECONDS", min=1, help="With --follow: between two looks.")
    ] = 30,
    loki: Annotated[
        str | None,
        typer.Option("--loki", metavar="URL", help="Collect from Loki at loki+https://HOST, not from the API server."),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            "--query", metavar="LOGQL", help='With --loki: which streams, {namespace="dlaas"}, and filters after it.'
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="With --loki: lines since so long ago; 7d.")
    ] = None,
    loki_secret: Annotated[
        str | None,
        typer.Option(
            "--loki-secret",
            metavar="NAME",
            help="The Secret with Loki's credentials: keys USERNAME and PASSWORD, or BEARER_TOKEN; ORG_ID.",
        ),
    ] = None,
    loki_ca: Annotated[
        str | None,
        typer.Option("--loki-ca", metavar="NAME", help="The ConfigMap whose key ca.crt is Loki's authority."),
    ] = None,
    store_secret: Annotated[
        str | None,
        typer.Option("--store-secret", metavar="NAME", help="The Secret whose key url is the store's URL."),
    ] = None,
    store_claim: Annotated[
        str | None,
        typer.Option("--store-claim", metavar="NAME", help="The PersistentVolumeClaim for a store in a file."),
    ] = None,
) -> None:
    """Print the manifests of the collector: workload, service account, and a role for each watched namespace.

    With --loki it asks Loki and not the API server, and needs no role and no token.
    """
    from dlaasgen import canonical
    from dlaasgen.collector_manifests import Collector, FromLoki
    from dlaasgen.collector_manifests import manifests as made
    from dlaasgen.errors import UsageError
    from dlaasgen.findings import Finding

    options = {"--query": query, "--since": since, "--loki-secret": loki_secret, "--loki-ca": loki_ca}
    if loki is None and (given := [name for name, value in options.items() if value is not None]):
        raise UsageError([Finding("C131", f"{given[0]} is for Loki", expected="--loki loki+https://HOST")])
    source = None if loki is None else FromLoki(loki, query, since, loki_secret, loki_ca)
    asked = Collector(
        image,
        namespace,
        watch or ([] if source else [namespace]),
        None if follow else schedule,
        store_secret,
        store_claim,
        interval,
        source,
    )
    sys.stdout.write("---\n".join(canonical.dump(one) for one in made(asked)))
