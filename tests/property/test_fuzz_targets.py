"""The fuzzers' targets: every promise holds for what they begin with, and for what once broke one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz_targets import TARGETS, seeds

INPUTS = Path(__file__).resolve().parent.parent / "fuzz_inputs"


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_fuzzer_begins_with(target: str) -> None:
    begun = [*seeds(target)]
    assert begun
    for seed in begun[:60]:
        TARGETS[target](seed)


@pytest.mark.parametrize(
    ("target", "name"), [(path.parent.name, path.name) for path in sorted(INPUTS.glob("*/*")) if path.is_file()]
)
def test_what_once_broke_a_promise(target: str, name: str) -> None:
    TARGETS[target]((INPUTS / target / name).read_bytes())
