"""What fuzzers drive: functions of any bytes that fail when a promise is broken. `make fuzz` runs them with atheris.

Inputs that once broke something lie in fuzz_inputs/<target>/ and are ordinary tests (property/test_fuzz_targets.py).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from dlaasgen import demux, headers, launch_records
from dlaasgen.adapters import matrix_files
from dlaasgen.errors import DlaasgenError, MatrixError, PrototypeError
from dlaasgen.ksonnet import headers as ksonnet_headers
from dlaasgen.logs import escapes
from dlaasgen.logs.formats.registry import FORMATS, events_of
from dlaasgen.logs.patterns import Compiled, Pattern, fault_of
from dlaasgen.logs.prefixes import NOBODY, Peeled, peel, seconds
from dlaasgen.logs.reading import Reader, read_log
from dlaasgen.results_json import from_json, to_json
from logs import PREFIXES, SAMPLES, in_chunks, prefixed, result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dlaasgen.findings import Finding
    from dlaasgen.logs.formats import Format


def prefixes(data: bytes) -> None:
    """Any nesting of prefixes, and lines that go on in the next."""
    parts: dict[bytes, bytes] = {}
    for line in data.split(b"\n"):
        peeled = peel(line, parts)
        seconds(peeled.time)
        events_of(peeled)
        events_of(peeled._replace(cut=True))
        demux.whose("kubectl", line)
        demux.whose("stern", line)
        demux.whose("json", line)
    demux.form(data.split(b"\n"))
    launch_records.claimed(data)


def lines_in_lines(data: bytes) -> None:
    """The launcher's repr of bytes and Docker's JSON."""
    escapes.repr_of_bytes(data)
    escapes.docker_line(data)
    assert escapes.repr_of_bytes(repr(data).encode()) == (data, False)


def parser(one: Format) -> Callable[[bytes], None]:
    """One format's reader, with what the launcher's prefix changes, and the law of its needles."""
    from dlaasgen.logs.needles import needles

    def read(data: bytes) -> None:
        content = data.replace(b"\n", b"")
        found = [
            one.read(Peeled(content, NOBODY, b"2026-11-24T07:44:48Z", launched=launched, cut=cut))
            for launched in (False, True)
            for cut in (False, True)
        ]
        assert all(events is None for events in found) or needles().search(content), "no needle finds this line"

    return read


def patterns(data: bytes) -> None:
    """A user's own pattern, and a line for it."""
    text, _, line = data.partition(b"\n")
    pattern = text.decode("utf-8", "replace")
    if fault_of(pattern) is None:
        for _ in Compiled([Pattern("x", pattern)]).read(line):
            pass


def reader(data: bytes) -> None:
    """Whole logs: lines add up, and runs, chunks and what is known change nothing."""
    whole = read_log(data)
    total = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    assert sum(one.lines.total for one in whole) <= total
    assert all(min(one.lines.read, one.lines.unread, one.lines.other) >= 0 for one in whole)
    assert repr(read_log(data)) == repr(whole), "a log that is read again says something else"
    assert repr(in_chunks(data, range(0, len(data), 97))) == repr(whole)
    each = Reader(runs=False)
    each.feed(data)
    # Lines of a run that differ in digits alone are counted as steps by the form of the first.
    for one, other in zip(each.close(), whole, strict=True):
        assert repr(replace(one, steps=other.steps, lines=other.lines)) == repr(other)
    read_log(data, (Pattern("x", "([0-9.]+)"),))


def results(data: bytes) -> None:
    """A log's result is JSON, and comes back."""
    document = to_json(result(data, parameters={"model": "alexnet", "batch_size": 8, "replicas": 2}))
    assert to_json(from_json(json.loads(json.dumps(document, allow_nan=False)))) == document


def matrix(data: bytes) -> None:
    """A matrix file is read or told."""
    for finding in told(lambda: matrix_files.read_bytes(data, "m.yaml"), MatrixError):
        assert str(finding).isprintable()


def header(data: bytes) -> None:
    """The comments of a prototype are read or told."""
    text = data.decode("utf-8", "replace")
    for finding in told(lambda: headers.parse_header(text, "p.jsonnet"), PrototypeError):
        assert finding.line
        assert 1 <= finding.line <= text.count("\n") + 1


def ksonnet_header(data: bytes) -> None:
    """The comments of a ksonnet prototype are read or told."""
    told(lambda: ksonnet_headers.parse(data.decode("utf-8", "replace"), "p.jsonnet"), DlaasgenError)


def told(read: Callable[[], object], kind: type[DlaasgenError]) -> tuple[Finding, ...]:
    """The findings of what cannot be read: there are some, and nothing else is raised."""
    try:
        read()
    except kind as error:
        findings = tuple(error.findings)
    else:
        return ()
    assert findings
    return findings


TARGETS: dict[str, Callable[[bytes], None]] = {
    "prefixes": prefixes,
    "lines-in-lines": lines_in_lines,
    **{one.NAME.replace("_", "-"): parser(one) for one in FORMATS},
    "patterns": patterns,
    "reader": reader,
    "results": results,
    "matrix": matrix,
    "header": header,
    "ksonnet-header": ksonnet_header,
}


def seeds(target: str) -> Iterator[bytes]:
    """Where a fuzzer begins: real logs behind each prefix, and files of the examples."""
    root = SAMPLES.parent.parent.parent
    if target == "matrix":
        yield from (file.read_bytes() for file in sorted((root / "tests/examples").glob("*/*.yaml")))
    elif target.endswith("header"):
        yield from (file.read_bytes() for file in sorted(root.glob("prototypes/*.jsonnet")))
    elif target == "patterns":
        yield b"^samples/s: (?P<value>[0-9.,]+)\nsamples/s: 1,234.5"
    else:
        for file in sorted(SAMPLES.glob("*.log")):
            data = file.read_bytes()
            if target in {"prefixes", "reader", "results"}:
                yield from (prefixed(data[-1500:], name) for name in PREFIXES)
            yield from data.splitlines()[-40:]
