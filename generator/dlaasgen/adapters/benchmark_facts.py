"""What is known of tf_cnn_benchmarks, from the data files that dlaasgen ships."""

from __future__ import annotations

import json
import os
from functools import lru_cache

from dlaasgen.flags import Facts, facts_of

# importlib.resources would say the same, 20 ms later.
_SCHEMAS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "schemas")


@lru_cache(maxsize=1)
def benchmark_facts() -> Facts:
    """The flags and models; read once."""
    return facts_of(_read("flags"), _read("models"))


def _read(what: str) -> dict[str, object]:
    with open(os.path.join(_SCHEMAS, f"tf_cnn_benchmarks_{what}.json"), encoding="utf-8") as file:
        data: dict[str, object] = json.load(file)
    return data
