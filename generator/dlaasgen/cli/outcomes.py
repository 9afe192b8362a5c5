"""How apply and delete say what became of each manifest; the option that they share."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dlaasgen.cli import output
from dlaasgen.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.pipeline.cluster import Outcome


class DryRun(StrEnum):
    """Where a dry run takes place."""

    server = "server"


Dry = Annotated[
    DryRun | None, typer.Option("--dry-run", help="Change nothing; the API server says what would become of it.")
]


def tell(outcomes: Sequence[Outcome], form: Output, *, dry: bool) -> None:
    """Prints them. Raises ClusterError when one was refused."""
    from dlaasgen.errors import ClusterError
    from dlaasgen.formats import as_dict

    if form is Output.json:
        output.data(
            [
                {
                    "file": o.item.file,
                    "kind": o.item.data["kind"],
                    "name": o.item.data["metadata"]["name"],
                    "namespace": o.item.namespace,
                    "outcome": o.done,
                    "findings": [as_dict(o.finding)] if o.finding is not None else [],
                }
                for o in outcomes
            ]
        )
    else:
        for o in outcomes:
            output.detail(f"{o.done}: {o.item.data['kind']} {o.item.data['metadata']['name']}")
        numbers: dict[str, int] = {}
        for o in outcomes:
            numbers[o.done] = numbers.get(o.done, 0) + 1
        told = ", ".join(f"{number} {done}" for done, number in numbers.items())
        output.say(f"{told or 'nothing to do'}{' (dry run)' if dry else ''}")
    wrong = [o.finding for o in outcomes if o.finding is not None]
    if wrong:
        raise ClusterError(wrong)
