"""tf_cnn_benchmarks: header, progress, step lines, totals, evaluations."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from dlaasgen.logs.events import Columns, Evaluation, EvaluationStep, Header, Stage, Step, Total
from dlaasgen.logs.prefixes import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dlaasgen.logs.events import Event, Point
    from dlaasgen.logs.prefixes import Peeled

NAME = "tf_cnn_benchmarks"

# The header's names as printed, padded to 13 columns: other programs print `Model: ...` too.
KEYS = (
    "TensorFlow",
    "Model",
    "Dataset",
    "Mode",
    "SingleSess",
    "Batch size",
    "Num batches",
    "Num epochs",
    "Devices",
    "NUMA bind",
    "Data format",
    "Layout optimizer",
    "RewriterConfig",
    "Optimizer",
    "Variables",
    "AllReduce",
    "Sync",
    "Staged vars",
    "Horovod on",
)
_PADDED = tuple(f"{key}: ".ljust(13) for key in KEYS)
_PROGRESS = {
    "Generating training model": "building",
    "Generating evaluation model": "building",
    "Generating model": "building",
    "Initializing graph": "initializing",
    "Running warm up": "warm-up",
    "Done warm up": "steps",
    "Waiting for other replicas to finish warm up": "waiting",
    "Resuming training": "steps",
    "Done with training": "done",
}
NEEDLES = (
    "images/sec",
    "examples/sec",
    *(padded for padded in _PADDED),
    " per device",
    "Img/sec",
    *_PROGRESS,
    "Running parameter server ",
    "Starting worker ",
    "Running evaluation at global_step",
    "Running final evaluation at",
    "Accuracy @ ",
)

_NUMBER = rb"[0-9]{1,15}\.[0-9]"
# Three digits after the point close the line: one that was cut is told from one that is whole.
_LOSS = rb"-?[0-9]{1,40}\.[0-9]{3}|-?nan|-?inf"
_SHARE = rb"[0-9]{1,3}\.[0-9]{3}|nan"
_GAP = rb"[\t ]{1,8}"  # tabs become blanks on the way through some terminals
STEP = re.compile(
    rb"([0-9]{1,12})" + _GAP + rb"images/sec: (" + _NUMBER + rb")"
    rb"(?: \+/- (" + _NUMBER + rb") \(jitter = (" + _NUMBER + rb")\))?"
    + _GAP + rb"(" + _LOSS + rb")(?:" + _GAP + rb"(" + _SHARE + rb")" + _GAP + rb"(" + _SHARE + rb"))?"
)  # fmt: skip
_TAB = rb"(?:[\t ]{1,8}|\\{1,2}t)"  # as it is, and as the launcher of 2018 wrote it
_END = rb"['\"]?\r?$"
# A whole line that tells of one step, whatever stands before it.
_STEP_LINE = re.compile(
    rb"(?<![0-9.])([0-9]{1,12})" + _TAB + rb"images/sec: (" + _NUMBER + rb")"
    rb"(?: \+/- " + _NUMBER + rb" \(jitter = " + _NUMBER + rb"\))?"
    + _TAB + rb"(" + _LOSS + rb")(?:" + _TAB + rb"(?:" + _SHARE + rb")" + _TAB + rb"(?:" + _SHARE + rb"))?" + _END,
    re.MULTILINE,
)  # fmt: skip
_TOTAL = re.compile(rb"total images/sec: ([0-9]{1,15}\.[0-9]{2})(?![0-9.])")
_EVALUATION_STEP = re.compile(rb"(?<![0-9.])([0-9]{1,12})" + _GAP + rb"([0-9]{1,15}\.[0-9]) examples/sec")
_ACCURACY = re.compile(
    rb"Accuracy @ 1 = ([0-9]{1,3}\.[0-9]{4}|nan) Accuracy @ 5 = ([0-9]{1,3}\.[0-9]{4}|nan) \[([0-9]{1,15}) examples\]"
)
_HEADER = re.compile("|".join(re.escape(padded) for padded in _PADDED).encode())
_PER_DEVICE = re.compile(rb"[ \t]{0,16}([0-9]{1,12}) per device[ \t]*\Z")
_SERVER = re.compile(rb"Running parameter server ([0-9]{1,6})\Z")
_COLUMNS = re.compile(rb"Step" + _GAP + rb"Img/sec" + _GAP + rb"([^\r\n]{1,200})")
_DIGITS = frozenset(b"0123456789.")
_DIGIT = frozenset(bytes((digit,)) for digit in b"0123456789")
_PROGRESS_LINES = {text.encode(): stage for text, stage in _PROGRESS.items()}


def read(line: Peeled) -> Sequence[Event] | None:
    """The events of one line."""
    content = line.content
    if b"images/sec" in content:
        return _rates(content, line)
    if b"examples/sec" in content:
        found = _EVALUATION_STEP.search(content)
        return (Stage("evaluating"), EvaluationStep(int(found[1]), float(found[2]))) if found else ()
    text = content.strip()
    stage = _PROGRESS_LINES.get(text)
    if stage:
        return (Stage(stage, seconds(line.time)),)
    header = _header(content, text, line)
    return _others(text, line) if header is None else header


def _header(content: bytes, text: bytes, line: Peeled) -> Sequence[Event] | None:
    match = _HEADER.match(text) or _HEADER.match(content)
    if match:
        key = match[0].decode().rstrip(" :").lower()
        value = (text if match.string is text else content)[match.end() :].strip()
        if line.cut or not value:
            return ()
        event = Header(key, value[:1000].decode("utf-8", "replace"))
        return (Stage("started", seconds(line.time)), event) if key == "tensorflow" else (event,)
    per_device = _PER_DEVICE.match(content)
    return (Header("per device", per_device[1].decode()),) if per_device else None


def _others(text: bytes, line: Peeled) -> Sequence[Event] | None:
    columns = _COLUMNS.match(text)
    if columns:
        names = columns[1].decode("utf-8", "replace").split("\t")
        return (Columns(tuple(name.strip() for name in names)), Stage("steps", seconds(line.time)))
    if text.startswith(b"Accuracy @ "):
        found = _ACCURACY.match(text)
        return (Evaluation(float(found[1]), float(found[2]), int(found[3])),) if found else ()
    server = _SERVER.match(text)
    if server:
        return (Header("parameter server", server[1].decode()), Stage("serving", seconds(line.time)))
    if text.startswith((b"Running evaluation at global_step", b"Running final evaluation at")):
        return (Stage("evaluating", seconds(line.time)),)
    return (Stage("initializing", seconds(line.time)),) if text.startswith(b"Starting worker ") else None


def _rates(content: bytes, line: Peeled) -> Sequence[Event]:
    """Step lines and totals; several, when writers got into one line."""
    total = _TOTAL.search(content)
    if total:
        at = seconds(line.time)
        return (*_steps(content[: total.start()]), Total(float(total[1])), Stage("done", at))
    return _steps(content)


def points_of(lines: Sequence[bytes]) -> list[Point] | None:
    """What lines tell that each are known to tell of one step and of nothing else; None: look at each by itself."""
    found = _STEP_LINE.findall(b"\n".join(lines))
    if len(found) != len(lines):
        return None
    if not found:
        return []
    steps, rates, losses = zip(*found, strict=True)
    numbers: Iterable[float | None] = map(float, losses)
    if b"n" in b"".join(losses):
        numbers = map(_finite, map(float, losses))
    return [*zip(map(int, steps), map(float, rates), numbers, strict=True)]


def point_of(step: Step) -> Point:
    """A step as a series has it."""
    return (step.step, step.rate, _finite(step.loss))


def _finite(loss: float | None) -> float | None:
    return loss if loss is not None and math.isfinite(loss) else None


def _steps(content: bytes) -> list[Step]:
    events: list[Step] = []
    position = 0
    while match := STEP.search(content, position):
        before, start, position = position, *match.span()
        # A digit that touches is another number's: whose digits are whose cannot be told, but behind a whole line.
        if start not in {0, before} and content[start - 1] in _DIGITS:
            continue
        if content[position : position + 1] in _DIGIT and not STEP.match(content, position):
            continue
        step, rate, uncertainty, jitter, loss, top_1, top_5 = match.groups()
        events.append(
            Step(
                int(step),
                float(rate),
                float(uncertainty) if uncertainty else None,
                float(jitter) if jitter else None,
                float(loss),
                float(top_1) if top_1 else None,
                float(top_5) if top_5 else None,
            )
        )
    return events
