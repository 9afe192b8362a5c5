"""Every shipped prototype in every dialect: what can be had is as committed and valid; what cannot says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dlaasgen.adapters.kubernetes_schemas import KubernetesSchemas
from dlaasgen.canonical import dump
from dlaasgen.dialects import DIALECTS, detect
from dlaasgen.pipeline.prototypes import describe, preview
from support import ROOT, Golden

if TYPE_CHECKING:
    from pathlib import Path

NAMES = sorted(p.stem for p in (ROOT / "prototypes").glob("*.jsonnet"))


@pytest.mark.parametrize("name", NAMES)
def test_a_prototype_in_every_dialect(
    name: str, golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree, why = {}, ""
    _, supports, _ = describe(name)
    assert [s.dialect for s in supports] == [*DIALECTS]
    for support in supports:
        seen = preview(name, (), support.dialect)
        errors = [f for f in seen.findings if f.severity == "error"]
        assert bool(errors) == bool(support.codes)
        if errors:
            why += f"{support.dialect}\n" + "".join(f"  {f.code} {f.path}: {f.message}\n" for f in errors)
            continue
        dialect = detect(seen.objects[0], support.dialect)
        assert dialect is DIALECTS[support.dialect]
        schemas = KubernetesSchemas(dialect=support.dialect)
        assert [str(f) for o in seen.objects for f in schemas.findings(o)] == []
        tree[f"{support.dialect}.yaml"] = "---\n".join(dump(o) for o in seen.objects).encode()
    assert sum(s.native for s in supports) == 1
    golden(f"dialects/{name}", {**tree, **({"unsupported.txt": why.encode()} if why else {})})
