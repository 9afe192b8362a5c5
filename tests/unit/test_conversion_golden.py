"""Every shipped prototype's job, from every dialect that it has to every other: carried, or said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
from dlaasgen.conversion import convert
from dlaasgen.dialects import DIALECTS
from support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOLDEN = ROOT / "tests/golden"
FILES = [*sorted(GOLDEN.glob("dialects/*/*.yaml")), *sorted(GOLDEN.glob("examples-*/jobs/*.yaml"))]
SCHEMAS = {name: KubernetesSchemas(dialect=name) for name in DIALECTS}
# Where a job has words of its own for things, which other dialects call otherwise: kind, roles, how pods are restarted.
OWN = frozenset(
    {"apiVersion", "kind", "replicas", "restartPolicy", "numNodes", "completions", "parallelism", "manager"}
)


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """(key, value) of everything that is said below, but for the names of containers and the job's own words."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in OWN and not (name == "name" and ("image" in value or "securityContext" in value)):
                yield from leaves(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, key)
    else:
        yield key, str(value)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(GOLDEN).as_posix())
def test_what_a_job_says_is_carried_or_told(file: Path) -> None:
    for manifest in yaml.safe_load_all(file.read_text(encoding="utf-8")):
        said = set(leaves(manifest))
        for to in DIALECTS:
            done = convert(manifest, to)
            if any(f.severity == "error" for f in done.findings):
                continue
            assert [str(f) for f in SCHEMAS[to].findings(done.data)] == []
            lost = said - set(leaves(done.data))
            told = " ".join(str(f) for f in done.findings)
            for key, value in lost:
                assert key in told, (to, key, value, told)
