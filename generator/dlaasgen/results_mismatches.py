"""Mismatches: what a log's header says against the cell that it is filed under."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from dlaasgen.results import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dlaasgen.logs.events import LogReading
    from dlaasgen.results import JobFacts

# The flag's value -> the name that the program prints.
_MODELS = {"lenet": "lenet5", "ncf": "official_ncf", "nasnetlarge": "nasnet"}
_OFFICIAL = re.compile(r"official_resnet([0-9]{1,4})(_v2)?")
_WORKERS = ("replicas", "workers", "num_workers", "worker_replicas")
_TASK = re.compile(r"task:?([0-9]{1,6})/")
# The parameter, and the header's name for it.
_SAME = (
    ("data_format", "data format"),
    ("num_batches", "num batches"),
    ("optimizer", "optimizer"),
    ("variable_update", "variables"),
    ("all_reduce_spec", "allreduce"),
    ("cross_replica_sync", "sync"),
)


def printed_model(flag: str) -> str:
    """The name that the program prints for a value of --model."""
    official = _OFFICIAL.fullmatch(flag)
    if official:
        return f"official_resnet_{official[1]}{official[2] or '_v1'}"
    return _MODELS.get(flag, flag)


def workers_of(reading: LogReading) -> int | None:
    """The number of workers that a header tells: the global batch over that of one process."""
    header = reading.header
    total = _first_number(header.get("batch size", ""))
    each = _first_number(header.get("per device", ""))
    if not total or not each:
        return None
    devices = _devices(header.get("devices", ""))
    if header.get("singlesess") == "True":
        # One process drives all: its list names the devices of every task.
        return len({match[1] for one in devices if (match := _TASK.search(one))}) or None
    if header.get("variables") == "horovod":
        # The list has an entry for each rank, and a rank has one device.
        return total // each
    return total // (each * max(len(devices), 1)) or None


def _first_number(text: str) -> int | None:
    match = re.match(r"([0-9]{1,12})(?![0-9.])", text)
    return int(match[1]) if match else None


def _devices(text: str) -> list[str]:
    try:
        value = ast.literal_eval(text[:4000])
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    return [str(one) for one in value] if isinstance(value, list) else []


def mismatches(job: JobFacts, reading: LogReading) -> Iterator[Mismatch]:
    """What the header says against the cell's parameters."""
    yield from _of_launcher(job, reading)
    header = reading.header
    flags = job.parameters.get("flags")
    parameters: Mapping[str, Any] = {**job.parameters, **(flags if isinstance(flags, dict) else {})}
    model = parameters.get("model")
    if isinstance(model, str) and header.get("model", model) not in {model, printed_model(model)}:
        yield Mismatch("model", model, header["model"])
    batch, each = parameters.get("batch_size"), header.get("per device")
    if each is not None and _says(batch) and not _equal(batch, each):
        yield Mismatch("batch_size", _text(batch), each)
    expected = job.workers or next((parameters[name] for name in _WORKERS if _says(parameters.get(name))), None)
    found = workers_of(reading)
    if expected is not None and found is not None and not _equal(expected, str(found)):
        yield Mismatch("workers", _text(expected), str(found))
    for parameter, key in _SAME:
        value = parameters.get(parameter)
        if key in header and _says(value) and not _equal(value, header[key]):
            yield Mismatch(parameter, _text(value), header[key])


def _of_launcher(job: JobFacts, reading: LogReading) -> Iterator[Mismatch]:
    """What the launcher's start record says against the cell, by whatever the log was filed."""
    start = next((record.values for record in reading.launcher if record.name == "start"), {})
    for name, filed in (("matrix", job.matrix), ("cell", job.cell), ("run", job.run), ("job", job.job)):
        told = start.get(name)
        if job.cell and filed and isinstance(told, str) and told and told != filed:
            yield Mismatch(name, filed, told[:300])


def _says(value: object) -> bool:
    return (isinstance(value, str | int | float) and value not in {"", 0}) or value is False


def _text(value: object) -> str:
    return str(value)


def _equal(value: object, printed: str) -> bool:
    text = _text(value)
    if text.casefold() == printed.casefold():
        return True
    try:
        return float(text) == float(printed)
    except ValueError:
        return False
