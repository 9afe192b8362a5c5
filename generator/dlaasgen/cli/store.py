"""dlaasgen store: look into the store, and care for it."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from dlaasgen.cli import output
from dlaasgen.cli.arguments import Store


class StoreAction(StrEnum):
    """What to do."""

    doctor = "doctor"
    backup = "backup"
    prune = "prune"
    logs = "logs"
    log = "log"
    missing = "missing"


def store(
    action: Annotated[
        StoreAction,
        typer.Argument(
            metavar="ACTION",
            help="doctor: is it whole? backup: copy it. prune: remove a run, and logs of no place. "
            "logs: list them. log: print one. missing: what could not be had.",
        ),
    ],
    store_: Store,
    to: Annotated[str | None, typer.Option("--to", metavar="FILE", help="backup: the new file.")] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="prune: the run to remove.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="prune: only say what would go.")] = False,
    unmatched: Annotated[bool, typer.Option("--unmatched", help="logs: only those that fit no cell.")] = False,
    digest: Annotated[
        str | None, typer.Option("--digest", metavar="DIGEST", help="log: which; its first digits will do.")
    ] = None,
    output_: Annotated[output.Output, typer.Option("--output", "-o", help="Form of lists.")] = output.Output.text,
) -> None:
    """Look into the store of results, and care for it."""
    from dlaasgen.errors import UsageError
    from dlaasgen.findings import Finding, counted
    from dlaasgen.pipeline import care

    needs = {StoreAction.backup: ("--to", to), StoreAction.log: ("--digest", digest)}
    if action in needs and needs[action][1] is None:
        raise UsageError([Finding("C131", f"`store {action}` needs {needs[action][0]}")])
    as_json = output_ is output.Output.json
    if action is StoreAction.doctor:
        _doctor(store_, as_json=as_json)
    elif action is StoreAction.backup:
        care.backup(store_, str(to))
        output.say(f"written: {to}")
    elif action is StoreAction.prune:
        jobs, logs = care.prune(store_, run, dry=dry_run)
        output.say(f"{'would remove' if dry_run else 'removed'} {counted(jobs, 'job')} and {counted(logs, 'log')}")
    elif action is StoreAction.log:
        for piece in care.raw(store_, str(digest)):
            sys.stdout.buffer.write(piece)
    elif action is StoreAction.missing:
        _list(care.missing(store_), ["key", "reason"], as_json=as_json)
    else:
        rows = care.logs(store_, unmatched=unmatched)
        short = rows if as_json else [{**row, "digest": row["digest"][:19]} for row in rows]
        _list(short, ["digest", "job", "cell", "lines", "path"], as_json=as_json)


def _doctor(store: str, *, as_json: bool) -> None:
    from dlaasgen.errors import StoreError
    from dlaasgen.formats import as_dict
    from dlaasgen.pipeline import care

    found = care.doctor(store)
    if as_json:
        output.data([as_dict(one) for one in found])
    if any(one.severity == "error" for one in found):
        raise StoreError([] if as_json else found)
    if not as_json:
        output.findings(found)
        output.say("the store is whole")


def _list(rows: list[dict[str, Any]], columns: list[str], *, as_json: bool) -> None:
    from dlaasgen import tabular

    if as_json:
        output.data(rows)
        return
    print(tabular.table(rows, columns))
    output.say(f"{len(rows)} found")
