"""The fuzzers' targets: every promise holds for what they begin with, and for what once broke one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz_targets import TARGETS, seeds

# tests/fuzz_inputs/TARGET/NAME: what a fuzzer found.
INPUTS = Path(__file__).resolve().parent.parent / "fuzz_inputs"


@pytest.mark.parametrize("target", TARGETS)
def test_every_promise_holds(target: str) -> None:
    begun = [*seeds(target)]
    assert begun
    found = [path.read_bytes() for path in sorted((INPUTS / target).glob("*"))]
    for given in [*begun[:60], *found]:
        TARGETS[target](given)
