"""Collect from Loki: the lines of its streams, put together to a log for each container, once or again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dlaasgen import launch_records, loki_streams
from dlaasgen.adapters import loki
from dlaasgen.adapters.spool import Spool
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.errors import StoreError, UsageError
from dlaasgen.findings import Finding
from dlaasgen.joining import Arrival
from dlaasgen.pipeline.ingest import Ingested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dlaasgen.adapters.loki import Loki
    from dlaasgen.adapters.store.database import Database
    from dlaasgen.joining import Known
    from dlaasgen.loki_streams import Group, Whose

    # Whose it is, its labels, and its bytes.
    Line = tuple[Whose, Mapping[str, str], bytes]

# How far back Loki is asked, unless --since says it.
SINCE = "7d"
_SECOND = 10**9
# Loki takes lines that are up to an hour older than their stream's newest one; shippers hold some back. Those of a
# stream of their own may come days later: whether any did is asked when the whole range is looked at.
LATE = 2 * 3600 * _SECOND
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@dataclass
class Range:
    """Which lines: of the streams that `query` means, from `start` to before `end` (ns); None for now.

    read   what this process has read of each group's streams: up to when
    whole  up to when it has read everything; None before the first time
    full   when it last looked at the whole range, for streams and lines that came late
    """

    query: str
    start: int
    end: int | None = None
    read: dict[object, int] = field(default_factory=dict)
    whole: int | None = None
    full: int = 0


def asked(query: str | None, since: str | None, until: str | None) -> Range:
    """The options --query, --since and --until. Raises UsageError for what is none."""
    if not query:
        told = Finding("C131", "Loki needs --query", expected="""--query '{namespace="dlaas"}'""")
        raise UsageError([told])
    if loki_streams.selector(query) is None:
        expected = """{label="value", ...}, and filters after it"""
        raise UsageError([Finding("C146", "--query is no query for lines", found=query[:200], expected=expected)])
    start, end = _time("--since", since or SINCE), _time("--until", until) if until else None
    if start >= (time.time_ns() if end is None else end):
        raise UsageError(
            [Finding("C146", "--since is not before --until", found=since or SINCE, expected="an earlier time")]
        )
    return Range(query, start, end)


def _time(option: str, text: str) -> int:
    """A time ago (`90m`, `7d`), or a point in time as RFC 3339 has it, in ns."""
    if match := loki_streams.DURATION.fullmatch(text.strip()):
        return time.time_ns() - int(match[1]) * _UNITS[match[2]] * _SECOND
    try:
        found = datetime.fromisoformat(text.strip())
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        since = found - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        since = timedelta(-1)
    if since < timedelta(0):
        expected = "a time ago, such as 90m or 7d, or a time, such as 2026-11-24T18:00:00Z"
        raise UsageError([Finding("C146", f"{option} is no time", found=text[:100], expected=expected)])
    return since // timedelta(microseconds=1) * 1000


def follow(
    database: Database,
    servers: Sequence[tuple[Loki, Range]],
    known: Known,
    interval: float,
    told: Callable[[str | Finding], None],
) -> Iterator[Ingested]:
    """Collect again and again, for ever. A server that is away, or refuses for a while, is told and asked again."""
    while True:
        for api, wanted in servers:
            try:
                came = collect(database, api, wanted, known)
            except StoreError as error:
                if any(finding.code != "C145" for finding in error.findings):
                    raise
                for finding in error.findings:
                    told(replace(finding, severity="warning"))
                continue
            for name, why in came.failed:
                told(Finding("C113", f"{name} could not be read whole: {why}", severity="warning"))
            yield came
        time.sleep(interval)


def collect(database: Database, api: Loki, wanted: Range, known: Known) -> Ingested:
    """Store a log for each container. Each group of streams is a transaction of its own: what is counted is stored.

    A log that is stored already is gone on with: its lines are kept, even those that Loki has thrown away since.
    Raises StoreError when Loki does not say which streams there are; what fails later is among `failed`.
    """
    out = Ingested()
    end = wanted.end or time.time_ns()
    # What was read whole can have changed since then only by what came late; streams may come later still.
    full = wanted.whole is None or end - wanted.full > LATE // 2
    start = wanted.start if full or wanted.whole is None else wanted.whole - LATE
    matchers, _ = loki_streams.selector(wanted.query) or ("", "")
    groups = loki_streams.groups(wanted.query, api.series(matchers, start, end))
    for number, group in enumerate(groups):
        try:
            _group(database, api, group, wanted, end, known, out, full=full)
        except loki.Unavailable as error:
            out.failed.append((_name(group), str(error)))
        except StoreError as error:
            if any(finding.code != "C145" for finding in error.findings):
                raise
            left = len(groups) - number - 1
            more = f"; {left} more were not asked for" if left else ""
            out.failed.append((_name(group), f"{error.findings[0].message}{more}"))
            break
    log_store.note_missing(database, out.failed)
    if not out.failed:
        wanted.whole, wanted.full = end, end if full else wanted.full
    return out


def _group(
    database: Database, api: Loki, group: Group, wanted: Range, end: int, known: Known, out: Ingested, *, full: bool
) -> None:
    spool = Spool()
    lost: list[str] = []
    labels: dict[Whose, Mapping[str, str]] = {}
    read = None if full else wanted.read.get(_key(group))
    start = wanted.start if read is None else read - LATE
    if group.whose is not None:
        lines = _of_one(database, api, group, start, end, lost, again=read is not None)
    else:
        lines = _of_many(database, api, group, start, end, lost)
    try:
        for whose, told, data in lines:
            labels.setdefault(whose, told)
            spool.add(whose, data)
        arrivals = []
        for whose, log in spool.packed():
            origin, job = loki_streams.identify(whose, labels[whose], known.jobs)
            own = launch_records.job_of(log.claim, known)
            if log.claim is not None and own is not None and job.cell is None:
                origin, job = launch_records.placed(origin, log.claim, own), own
            arrivals.append(Arrival(origin, log, job))
        out.changed += log_store.store(database, arrivals)
        out.seen += len(arrivals)
        out.size += sum(a.log.size for a in arrivals)
    finally:
        spool.close()
    out.failed += [(_name(group), words) for words in dict.fromkeys(lost)]
    wanted.read[_key(group)] = end


def _of_one(
    database: Database, api: Loki, group: Group, start: int, end: int, lost: list[str], *, again: bool
) -> Iterator[Line]:
    """The lines of one container: those that are stored, with what Loki has before, after and, late, among them."""
    whose = group.whose or loki_streams.Whose()
    with database.read() as connection:
        digest = log_store.longest(connection, whose.key)
        span = loki_streams.span(log_store.ends(connection, digest)) if digest is not None else None
    first, last = span or (start, start + LATE)
    edge = max(first, last - LATE)
    some = False
    if span is not None and not again:
        for entry in api.entries(group.query, start, min(first, end), lost.append):
            some = True
            yield whose, {**group.labels, **entry.labels}, loki_streams.lines(entry.time, entry.line)
        begin, stop = max(first, start), min(edge, end)
        if digest is not None and begin < stop and _differs(database, api, group, digest, begin, stop):
            edge = begin
    held = digest
    for entry in api.entries(group.query, edge, end, lost.append):
        if held is not None:
            for data in _before(database, held, entry.time):
                yield whose, {**group.labels, **entry.labels}, data
            held = None
        some = True
        yield whose, {**group.labels, **entry.labels}, loki_streams.lines(entry.time, entry.line)
    if some and held is not None:
        for data in _before(database, held, None):
            yield whose, group.labels, data


def _differs(database: Database, api: Loki, group: Group, digest: str, start: int, end: int) -> bool:
    """Whether Loki has other lines from `start` to before `end` than the stored log, but for those thrown away since.

    Telling what the lines come to is cheaper than handing them out. A server that does not tell is taken to differ.
    """
    told = api.weight(group.query, start, end)
    if told is None or told == (stored := _weight(database, digest, start, end)):
        return told is None
    if told > stored:
        return True
    oldest = next(api.entries(group.query, start, end, lambda _: None), None)
    return oldest is not None and told != _weight(database, digest, oldest.time, end)


def _weight(database: Database, digest: str, start: int, end: int) -> int:
    return loki_streams.weight(_before(database, digest, end)) - loki_streams.weight(_before(database, digest, start))


def _of_many(database: Database, api: Loki, group: Group, start: int, end: int, lost: list[str]) -> Iterator[Line]:
    """The lines of streams that do not say their pods: each line does, or they are one log together."""
    seen: set[Whose] = set()
    for entry in api.entries(group.query, start, end, lost.append):
        labels = {**group.labels, **entry.labels}
        whose = loki_streams.whose(labels)
        if whose not in seen:
            seen.add(whose)
            with database.read() as connection:
                digest = log_store.longest(connection, whose.key)
            for data in _before(database, digest, entry.time) if digest is not None else ():
                yield whose, labels, data
        yield whose, labels, loki_streams.lines(entry.time, entry.line)


def _before(database: Database, digest: str, time: int | None) -> Iterator[bytes]:
    """The lines of a stored log that were written before a time; None for all."""
    with database.read() as connection:
        pieces = log_store.read(connection, digest)
        yield from pieces if time is None else loki_streams.before(pieces, time)


def _key(group: Group) -> object:
    return group.whose or tuple(sorted(group.labels.items()))


def _name(group: Group) -> str:
    return (group.whose or loki_streams.whose(group.labels)).key
