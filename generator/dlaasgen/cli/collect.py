"""dlaasgen collect: logs of finished jobs into the store, and their results."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Store

_SHOWN = 10


def collect(
    store: Store,
    from_: Annotated[
        list[str],
        typer.Option(
            "--from",
            metavar="PLACE",
            help="A folder, archive or file of logs, - for standard input, k8s://NAMESPACE, or Loki's URL as "
            "loki+https://HOST. Can be repeated.",
        ),
    ],
    tree: Annotated[
        list[str] | None,
        typer.Option(
            "--tree",
            metavar="DIR",
            help="The rendered tree whose jobs these are. Can be repeated. Without it and --matrix: all in ./rendered.",
        ),
    ] = None,
    matrix: Annotated[
        list[str] | None,
        typer.Option("--matrix", metavar="MATRIX", help="A matrix file whose tree to take. Can be repeated."),
    ] = None,
    run_: Annotated[str, typer.Option("--run", metavar="RUN", help="The run, for jobs of which no tree says it.")] = "",
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            metavar="REGEX",
            help="How files are named: RE2 with groups job, role, number; only these files are taken.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="POD", help="The pod that standard input is the log of, if its lines name none."
        ),
    ] = None,
    selector: Annotated[
        str, typer.Option("--selector", metavar="LABELS", help="Which pods of a cluster, by their labels.")
    ] = "dlaasgen/matrix",
    context: Annotated[
        str | None, typer.Option("--context", metavar="NAME", help="The context of the kubeconfig; its current one.")
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            "--query", metavar="LOGQL", help='Which streams of Loki\'s: {namespace="dlaas"}, and filters after it.'
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Loki's lines since then: 90m, 7d (the default), or RFC 3339."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Loki's lines before then; now when left out.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on collecting from the cluster or Loki until interrupted.")
    ] = False,
    interval: Annotated[
        int,
        typer.Option("--interval", metavar="SECONDS", min=1, help="How often to read the logs of pods that still run."),
    ] = 30,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", min=1, help="Processes; one a core when left out.")
    ] = None,
    output_: Annotated[output.Output, typer.Option("--output", "-o", help="Form of the summary.")] = output.Output.text,
) -> None:
    """Store logs and the results of their jobs. Collecting again changes nothing."""
    from dlaasgen.findings import Finding, counted
    from dlaasgen.pipeline import collect as pipeline

    asked = pipeline.Asked(
        from_,
        store,
        tuple(tree or ()),
        tuple(matrix or ()),
        run_,
        pattern,
        name,
        jobs,
        selector,
        context,
        follow,
        interval,
        query,
        since,
        until,
    )

    def told(what: str | Finding) -> None:
        if isinstance(what, Finding):
            output.findings([what])
        elif output_ is output.Output.text:
            output.say(what)
            # For those who are watching, by `kubectl logs` too.
            sys.stdout.flush()

    with output.progress("collecting") as progress:
        done = pipeline.collect(asked, sys.stdin.buffer, progress, told)
    if output_ is output.Output.json:
        output.data(
            {
                "logs": done.logs,
                "new": done.new,
                "bytes": done.size,
                "results": done.results,
                "unmatched": [
                    {"path": u["path"] or u["key"], "job": u["job"], "log": u["digest"]} for u in done.unmatched
                ],
                "left_out": [{"name": name, "reason": reason} for name, reason in done.left_out],
                "contradicted": [{"name": name, "named": named, "job": job} for name, named, job in done.contradicted],
                "failed": [{"name": name, "reason": reason} for name, reason in done.failed],
            }
        )
    else:
        for name_, reason in done.left_out:
            output.detail(f"left out: {name_}: {reason}")
        if done.left_out and output.level < output.VERBOSE:
            output.say(f"left out: {counted(len(done.left_out), 'file')}; -v lists them and says why")
        _unmatched([u["path"] or u["key"] for u in done.unmatched])
        logs = f"{counted(done.logs, 'log')}, {done.new} of them new"
        output.say(f"{store_name(store)}: {logs}; {counted(done.results, 'result')}")
    output.findings(pipeline.contradictions(done))
    pipeline.raise_failed(done)


def store_name(store: str) -> str:
    """A store as messages name it: without a password."""
    if "://" not in store:
        return store
    scheme, _, rest = store.partition("://")
    return f"{scheme}://{rest.rsplit('@', 1)[-1]}"


def _unmatched(names: list[str]) -> None:
    for name in names if output.level >= output.VERBOSE else names[:_SHOWN]:
        output.say(f"fits no cell: {name}")
    if len(names) > _SHOWN and output.level < output.VERBOSE:
        output.say(f"fits no cell: {len(names) - _SHOWN} more; `dlaasgen store logs --unmatched` lists them")
