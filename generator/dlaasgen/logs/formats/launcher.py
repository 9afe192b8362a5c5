"""The launchers: the one of 2018, whose words stand behind its own prefix, and ours, which writes records of JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from dlaasgen.logs.events import Fact, LauncherRecord, Stage
from dlaasgen.logs.prefixes import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.prefixes import Peeled

NAME = "launcher"
RECORD = b"dlaasgen-launcher: "
NEEDLES = (
    "dlaasgen-launcher: ",
    r"Launcher started\.",
    "Command to run: ",
    "Running python",
    "Finished: ",
    "sleep for ever",
    "exited with code",
)
_SAYS = (
    (b"Launcher started.", "started"),
    (b"Command to run: ", "command"),
    (b"Finished: ", "finished"),
    (b"Command ran successfully sleep for ever", "finished"),
)
_EXITED = re.compile(rb"ValueError: cmd: (.{0,32768}) exited with code (-?[0-9]{1,10})\Z", re.DOTALL)
_FLAG = re.compile(r"--(job_name|task_index|num_intra_threads|num_inter_threads|mkl|kmp_blocktime)=(\S{0,200})")


def read(line: Peeled) -> Sequence[Event] | None:
    """What a launcher says of itself."""
    content = line.content
    start = content.find(RECORD)
    if start >= 0:
        # The line before may have had no end.
        return _record(content[start + len(RECORD) :])
    if content.startswith(b"ValueError: cmd: "):
        match = _EXITED.match(content.rstrip())
        return None if match is None else (LauncherRecord("exited", {"exit_code": int(match[2])}, seconds(line.time)),)
    return _old(content, seconds(line.time)) if line.launched else None


def _old(content: bytes, at: float | None) -> Sequence[Event] | None:
    for words, name in _SAYS:
        if content.startswith(words):
            command = content[len(words) :].decode("utf-8", "replace") if words.endswith(b": ") else ""
            flags = dict(_FLAG.findall(command))
            record = LauncherRecord(name, {"command": command[:4000], "flags": flags} if command else {}, at)
            stage = (Stage("launched", at),) if name == "started" else ()
            return (*stage, record, *_threads(flags))
    return None


def _threads(flags: dict[str, str]) -> Iterator[Fact]:
    for flag, name in (("num_intra_threads", "intra_op_threads"), ("num_inter_threads", "inter_op_threads")):
        if flag in flags:
            yield Fact(name, flags[flag])


def _record(text: bytes) -> Sequence[Event]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(data, dict) or not isinstance(data.get("event"), str):
        return ()
    at = seconds(str(data.get("time", "")).encode())
    record = LauncherRecord(data["event"][:100], data, at)
    if data["event"] != "start":
        return (record,)
    return (Stage("launched", at), record, *_facts(data))


def _facts(data: dict[str, Any]) -> Iterator[Fact]:
    """The environment as the record of a start tells it."""
    wanted = {
        "cpu": ("cpu", "model"),
        "cpu_cores": ("cpu", "usable"),
        "cpu_limit": ("cpu", "limit"),
        "memory_limit": ("memory", "limit"),
        "intra_op_threads": ("threads", "intra_op"),
        "inter_op_threads": ("threads", "inter_op"),
        "omp_threads": ("threads", "omp"),
        "host": ("host",),
        "kernel": ("kernel",),
        "image": ("image",),
    }
    for name, path in wanted.items():
        value: Any = data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str | int | float):
            yield Fact(name, str(value)[:200])
    for group in ("tuning", "versions"):
        values = data.get(group)
        if isinstance(values, dict):
            flat = values.get("tensorflow") if group == "versions" else values
            for key, value in list(flat.items())[:50] if isinstance(flat, dict) else ():
                yield Fact(str(key)[:100], str(value)[:200])
