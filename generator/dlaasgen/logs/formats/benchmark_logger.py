"""The model garden's benchmark logger: metric.log and benchmark_run.log, and the same in the stream of the program."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from dlaasgen.logs.events import Fact, Header, Measured, Stage, Step
from dlaasgen.logs.prefixes import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.prefixes import Peeled

NAME = "benchmark_logger"
NEEDLES = (r'\{"name": ?"', r'"model_name": ?"', "Benchmark metric: ", "Benchmark run: ")

# Without a dictionary of JSON: the stream has Python's repr of one.
_REPR = re.compile(
    rb"Benchmark metric: \{'name': u?'([A-Za-z0-9_./@-]{1,128})', 'value': (-?[0-9.eE+-]{1,40}|-?nan|-?inf), "
    rb"'unit': (?:None|u?'([^']{0,64})'), 'global_step': (None|[0-9]{1,15})"
)
_UNITS = {
    "average_examples_per_sec": ("examples/s", "higher"),
    "eval_average_examples_per_sec": ("examples/s", "higher"),
    "top_1_accuracy": ("1", "higher"),
    "top_5_accuracy": ("1", "higher"),
    "eval_top_1_accuracy": ("1", "higher"),
    "eval_top_5_accuracy": ("1", "higher"),
}
# What the header of the program calls them.
_PARAMETERS = {
    "model": "model",
    "dataset": "dataset",
    "mode": "mode",
    "batch_size_per_device": "per device",
    "num_batches": "num batches",
    "data_format": "data format",
    "optimizer": "optimizer",
}


def read(line: Peeled) -> Sequence[Event] | None:
    """The events of one line."""
    text = line.content.strip()
    if text.startswith(b"{"):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return () if b'"global_step"' in text or b'"run_parameters"' in text else None
        return _of_json(data) if isinstance(data, dict) else None
    if b"Benchmark metric: " in text:
        match = _REPR.search(text)
        if match is None:
            return ()
        step = None if match[4] == b"None" else int(match[4])
        return _metric(match[1].decode(), match[2].decode(), (match[3] or b"").decode("utf-8", "replace"), step, None)
    return None


def _of_json(data: dict[str, Any]) -> Sequence[Event] | None:
    if isinstance(data.get("name"), str) and "value" in data and "global_step" in data:
        step = data["global_step"]
        at = seconds(str(data.get("timestamp", "")).encode())
        return _metric(data["name"][:128], data["value"], str(data.get("unit") or "")[:64], _whole(step), at)
    if isinstance(data.get("model_name"), str) and "run_parameters" in data:
        return tuple(_run(data))
    return None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else None


def _metric(name: str, value: object, unit: str, step: int | None, at: float | None) -> Sequence[Event]:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return ()
    if name == "current_examples_per_sec":
        return () if step is None else (Step(step, number, at=at),)
    known, direction = _UNITS.get(name, ("", "none"))
    measured = Measured(name, number, unit or known, direction, step)
    return (measured, Stage("done", at)) if name == "average_examples_per_sec" else (measured,)


def _run(data: dict[str, Any]) -> Iterator[Event]:
    yield Stage("started", seconds(str(data.get("run_date", "")).encode()))
    parameters = data["run_parameters"]
    for one in parameters[:200] if isinstance(parameters, list) else ():
        if isinstance(one, dict) and one.get("name") in _PARAMETERS:
            value = next((one[key] for key in one if key.endswith("_value")), "")
            yield Header(_PARAMETERS[one["name"]], str(value)[:200])
    version = data.get("tensorflow_version")
    if isinstance(version, dict):
        yield Header("tensorflow", str(version.get("version", ""))[:200])
    machine = data.get("machine_config")
    cpu = machine.get("cpu_info") if isinstance(machine, dict) else None
    if isinstance(cpu, dict):
        yield Fact("cpu", str(cpu.get("cpu_info", ""))[:200])
        yield Fact("cpu_cores", str(cpu.get("num_cores", ""))[:200])
    variables = data.get("tensorflow_environment_variables")
    for one in variables[:50] if isinstance(variables, list) else ():
        if isinstance(one, dict):
            yield Fact(str(one.get("name", ""))[:100], str(one.get("value", ""))[:200])
