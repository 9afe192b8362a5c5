"""The metrics of a job, each once, with its unit and direction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dlaasgen.results import Metric, Worker
from dlaasgen.results_mismatches import workers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dlaasgen.logs.events import LogReading
    from dlaasgen.results import PodLog

RATE = "images/s"
# Workers' totals that differ by more than this part of the first are told.
_APART = 0.01
_ALONE = ("independent", "replicated")


def metrics_of(workers: Sequence[PodLog]) -> tuple[dict[str, Metric], list[str]]:
    """The metrics, and the flags on them. The first worker is the chief, if there is one."""
    readings = [log.reading for log in workers]
    metrics: dict[str, Metric] = {}
    flags: list[str] = []
    _throughput(readings, metrics, flags)
    if any(reading.steps.nan for reading in readings):
        flags.append("nan-loss")
    # Of those that have figures: a log whose place is not known may be that of a parameter server.
    telling = [reading for reading in readings if reading.steps.count or reading.totals or reading.evaluations]
    for reading in (telling or readings)[:1]:
        metrics.update(_of_steps(reading))
        metrics.update(_of_evaluations(reading))
        metrics.update(_durations(reading, flags))
    metrics.update(_of_launchers(readings))
    for reading in readings:
        for one in reading.metrics:
            metrics.setdefault(one.name, Metric(finite(one.value), one.unit, one.direction))
    return metrics, flags


def finite(value: float | None) -> float | None:
    """A number that JSON can hold, or None."""
    return value if value is not None and math.isfinite(value) else None


def total_of(reading: LogReading) -> float | None:
    """The rate of the whole job as one worker printed it; the chief's benchmark logger says the same."""
    if reading.totals:
        return reading.totals[-1]
    return next((one.value for one in reading.metrics if one.name == "average_examples_per_sec"), None)


def _throughput(readings: Sequence[LogReading], metrics: dict[str, Metric], flags: list[str]) -> None:
    totals = [total for reading in readings if (total := total_of(reading)) is not None]
    if totals:
        value = totals[0]
        if len(totals) > 1 and all(_is_alone(reading) for reading in readings):
            # No cluster: each process measured itself.
            flags.append("independent-workers")
            value = math.fsum(totals)
        elif len(totals) > 1:
            spread = max(totals) - min(totals)
            metrics["images_per_second_spread"] = Metric(round(spread, 6), RATE, "lower")
            if spread > _APART * max(value, 0):
                flags.append("totals-differ")
        metrics["images_per_second"] = Metric(value, RATE, "higher")
        return
    stepping = [reading for reading in readings if reading.steps.last]
    needed = max((workers_of(reading) or 1 for reading in stepping), default=1)
    single = any(reading.header.get("singlesess") == "True" for reading in stepping)
    if stepping and (single or len(stepping) >= needed):
        rates = [reading.steps.last.rate for reading in stepping[: 1 if single else None] if reading.steps.last]
        metrics["images_per_second"] = Metric(round(math.fsum(rates), 6), RATE, "higher")
        flags.append("rate-from-steps")


def _is_alone(reading: LogReading) -> bool:
    return workers_of(reading) == 1 and reading.header.get("variables") in _ALONE


def _of_steps(reading: LogReading) -> Iterator[tuple[str, Metric]]:
    last = reading.steps.last
    if last is None:
        return
    if last.loss is not None and reading.header.get("mode") != "forward-only":
        yield "loss", Metric(finite(last.loss), "1", "lower")
    if last.top_1 is not None:
        yield "top_1_accuracy", Metric(finite(last.top_1), "1", "higher")
        yield "top_5_accuracy", Metric(finite(last.top_5), "1", "higher")
    if last.uncertainty is not None:
        yield "step_uncertainty", Metric(last.uncertainty, RATE, "lower")
        yield "step_jitter", Metric(finite(last.jitter), RATE, "lower")


def _of_evaluations(reading: LogReading) -> Iterator[tuple[str, Metric]]:
    if reading.evaluation_rates:
        rates = reading.evaluation_rates
        yield "evaluation_examples_per_second", Metric(round(math.fsum(rates) / len(rates), 6), "examples/s", "higher")
    if reading.evaluations:
        last = reading.evaluations[-1]
        yield "eval_top_1_accuracy", Metric(finite(last.top_1), "1", "higher")
        yield "eval_top_5_accuracy", Metric(finite(last.top_5), "1", "higher")


def _durations(reading: LogReading, flags: list[str]) -> Iterator[tuple[str, Metric]]:
    times = {stage.name: stage.at for stage in reading.stages}
    told = {at for name, at in times.items() if at is not None and name != "launched"}
    buffered = len(told) == 1 and len(times) > 3
    if buffered:
        flags.append("buffered")
    start, steps = times.get("warm-up"), times.get("steps")
    if start is not None and steps is not None and not buffered:
        yield "warm_up_seconds", Metric(round(steps - start, 6), "s", "lower")
    total, images = total_of(reading), _images(reading)
    done = times.get("done")
    if total and images:
        # The program's own measure: what it printed is the number of images over this time.
        yield "run_seconds", Metric(round(images / total, 6), "s", "lower")
    elif steps is not None and done is not None and not buffered:
        yield "run_seconds", Metric(round(done - steps, 6), "s", "lower")
    if reading.first_at is not None and reading.last_at is not None and reading.last_at >= reading.first_at:
        yield "log_seconds", Metric(round(reading.last_at - reading.first_at, 6), "s", "none")


def _images(reading: LogReading) -> int | None:
    batches = reading.header.get("num batches", "")
    whole = reading.header.get("batch size", "").split(" ")[0]
    if not (batches.isdigit() and whole.isdigit() and reading.totals):
        return None
    return int(batches[:12]) * int(whole[:12])


def _of_launchers(readings: Sequence[LogReading]) -> Iterator[tuple[str, Metric]]:
    ends = [record.values for reading in readings for record in reading.launcher if record.name == "end"]
    for key, name, unit, join in (
        ("duration_seconds", "command_seconds", "s", max),
        ("waited_seconds", "waited_seconds", "s", max),
        ("peak_memory_bytes", "peak_memory_bytes", "B", max),
        ("cpu_seconds", "cpu_seconds", "s", math.fsum),
    ):
        values = [number for end in ends if (number := _number(end.get(key))) is not None]
        if values:
            yield name, Metric(join(values), unit, "lower")


def _number(value: object) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    return value if number and isinstance(value, int | float) else None


def worker_of(log: PodLog) -> Worker:
    """One worker's own figures."""
    reading = log.reading
    steps = reading.steps
    return Worker(
        role=log.role,
        index=log.index,
        rate=finite(steps.last.rate) if steps.last else None,
        total=finite(total_of(reading)),
        stage=reading.stage,
        steps=steps.count,
        series=steps.series,
    )
