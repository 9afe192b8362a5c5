"""MLPerf's compliance log: `:::MLLOG {JSON}`, and `:::MLPv0.5.0 model time (file:line) key: value` before it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from dlaasgen.logs.events import Failure, Header, Measured, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.prefixes import Peeled

NAME = "mlperf"
NEEDLES = (":::ML",)

_JSON = re.compile(rb":::MLLOG[ \t]{1,8}(?=\{)")
_OLD = re.compile(
    rb":::MLP(?:v[0-9.]{1,12})? ([A-Za-z0-9_.-]{1,64}) ([0-9]{1,12}(?:\.[0-9]{1,12})?) \([^()\r\n]{0,512}\) "
    rb"([A-Za-z0-9_.-]{1,128})(?: ?: ?(.*))?",
    re.DOTALL,
)
# The better way of what the rules call these; any other key has none.
_DIRECTIONS = {
    "eval_accuracy": ("higher", "1"),
    "throughput": ("higher", "samples/s"),
    "samples_per_second": ("higher", "samples/s"),
    "samples_per_sec": ("higher", "samples/s"),
    "epoch_time": ("lower", "s"),
    "time_to_train": ("lower", "s"),
}
_STAGES = {"init_start": "initializing", "run_start": "steps", "eval_start": "evaluating", "run_stop": "done"}
_HEADERS = {"global_batch_size": "global batch size", "submission_benchmark": "mlperf benchmark"}


def read(line: Peeled) -> Sequence[Event] | None:
    """The events of one line."""
    content = line.content
    if b":::ML" not in content:
        return None
    match = _JSON.search(content)
    if match:
        data = _loads(content[match.end() :])
        if not isinstance(data, dict) or not isinstance(data.get("key"), str):
            return ()
        time = data.get("time_ms")
        metadata = data.get("metadata")
        at = float(time) / 1000 if time is not None and _is_number(time) else None
        return tuple(_events(data["key"], data.get("value"), metadata if isinstance(metadata, dict) else {}, at))
    old = _OLD.search(content)
    if old is None:
        return ()
    value = _loads(old[4]) if old[4] else None
    metadata = value if isinstance(value, dict) else {}
    return tuple(_events(old[3].decode(), metadata.get("value", value), metadata, float(old[2])))


def _loads(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _events(key: str, value: Any, metadata: dict[str, Any], at: float | None) -> Iterator[Event]:
    key = key[:128].lower()
    yield Stage(_STAGES.get(key, "launched"), at)
    if key in {"run_start", "run_stop"} and at is not None:
        yield Measured(f"mlperf.{key}", at, "s")
    if key == "run_stop" and metadata.get("status") not in {None, "success"}:
        yield Failure(f"MLPerf: the run stopped with status {str(metadata['status'])[:100]}")
    if key in _HEADERS and isinstance(value, str | int | float):
        yield Header(_HEADERS[key], str(value)[:200])
    values = value if isinstance(value, dict) else {key: value}
    step = next((int(metadata[name]) for name in ("step_num", "epoch_num") if _is_number(metadata.get(name))), None)
    for name, one in list(values.items())[:50]:
        if _is_number(one):
            short = str(name)[:128].lower()
            direction, unit = _DIRECTIONS.get(short, ("none", ""))
            yield Measured(f"mlperf.{short}", float(one), unit, direction, step)
