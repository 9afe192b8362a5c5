"""Collect: find logs, store them, and read the results of their jobs."""

from __future__ import annotations

import glob
import os
import time
from dataclasses import asdict, dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any

from dlaasgen import joining
from dlaasgen.adapters import loki, matrix_files, project, workers
from dlaasgen.adapters.api_server import ApiServer
from dlaasgen.adapters.log_files import unpacking
from dlaasgen.adapters.log_files.finding import Places
from dlaasgen.adapters.store import logs as log_store
from dlaasgen.adapters.store import results as result_store
from dlaasgen.adapters.store.database import opened
from dlaasgen.errors import ClusterError, StoreError, UsageError
from dlaasgen.findings import Finding, counted
from dlaasgen.origins import compile_names, is_log
from dlaasgen.pipeline import from_cluster, from_loki, ingest, parsing, places, watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dlaasgen.adapters.store.database import Database
    from dlaasgen.joining import Known
    from dlaasgen.pipeline.ingest import Ingested, Progress

STDIN = "-"
SERVERS = (from_cluster.SCHEME, *loki.SCHEMES)
# A cluster that is away is tried again for a quarter of a minute.
_AWAY = 6
# So many times as long as it took to find out what is new, nothing is looked for.
_SPARED = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What to collect and how: see the options of `dlaasgen collect`."""

    sources: Sequence[str]
    store: str
    trees: Sequence[str] = ()
    matrices: Sequence[str] = ()
    run: str = ""
    pattern: str | None = None
    name: str | None = None
    jobs: int | None = None
    selector: str = "dlaasgen/matrix"
    context: str | None = None
    follow: bool = False
    interval: float = 30.0
    query: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass
class Collected:
    """What came of it. `unmatched` are the logs in the store that fit no cell."""

    logs: int = 0
    new: int = 0
    size: int = 0
    results: int = 0
    unmatched: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    contradicted: list[tuple[str, str, str]] = field(default_factory=list)


def collect(asked: Asked, stdin: IO[bytes], progress: Progress, told: Callable[[str | Finding], None]) -> Collected:
    """Find, store and read. Raises UsageError before anything is stored when the command line is wrong."""
    known = trees(asked.trees, asked.matrices, asked.run)
    jobs = asked.jobs or workers.default_jobs()
    pattern = compile_names(asked.pattern) if asked.pattern else None
    naming = ingest.Naming(known, asked.run, pattern)
    out = Collected()
    servers = _servers(asked)
    sources = Places()
    try:
        files = [p for p in asked.sources if p != STDIN and not p.startswith(SERVERS)]
        found = [(path, sources.find(path, pattern or is_log)) for path in files]
        with opened(asked.store, make=True) as database:
            result_store.keep_patterns(database, patterns(asked.trees, asked.matrices))
            log_store.rejoin(database, known)
            for path, logs in found:
                top = f"{os.path.basename(os.path.abspath(path))}/" if os.path.isdir(path) else ""
                _add(out, ingest.ingest(database, logs.logs, naming, unpacking.text(top), jobs, progress))
                out.left_out += logs.left_out
                out.failed += logs.failed
            if STDIN in asked.sources:
                stream = unpacking.stream(stdin)
                _add(out, ingest.ingest_stream(database, stream, naming, asked.name))
            log_store.note_missing(database, [(f"file:{name}", why) for name, why in out.failed])
            _clusters(asked, database, known, out, jobs, told)
            if servers and asked.follow:
                came = from_loki.follow(database, servers, known, asked.interval, told)
                _follow(asked, database, out, jobs, told, came)
            for server, wanted in servers:
                _add(out, from_loki.collect(database, server, wanted, known))
            out.results += parsing.parse(database, jobs, progress)
            out.unmatched = result_store.listed(database, unmatched=True)
    finally:
        sources.close()
    return out


def _servers(asked: Asked) -> list[tuple[loki.Loki, from_loki.Range]]:
    """The places of Loki's. Raises UsageError for options that do not fit the places."""
    names = [path for path in asked.sources if path.startswith(loki.SCHEMES)]
    options = (("--query", asked.query), ("--since", asked.since), ("--until", asked.until))
    given = [name for name, value in options if value]
    if given and not names:
        raise UsageError([Finding("C131", f"{given[0]} is for Loki", expected="--from loki+https://HOST")])
    if asked.follow and not any(path.startswith(SERVERS) for path in asked.sources):
        expected = "--from k8s://NAMESPACE or loki+https://HOST"
        raise UsageError([Finding("C131", "--follow needs a cluster or Loki", expected=expected)])
    if asked.follow and names and any(path.startswith(from_cluster.SCHEME) for path in asked.sources):
        told = Finding("C131", "--follow goes after a cluster or Loki, not both", expected="a collector for each")
        raise UsageError([told])
    if asked.follow and asked.until:
        raise UsageError([Finding("C131", "--follow and --until do not go together", expected="one of them")])
    return [(loki.Loki(name), from_loki.asked(asked.query, asked.since, asked.until)) for name in names]


def _clusters(
    asked: Asked, database: Database, known: Known, out: Collected, jobs: int, told: Callable[[str | Finding], None]
) -> None:
    """Logs from clusters, once or for ever."""
    namespaces = [p.removeprefix(from_cluster.SCHEME) for p in asked.sources if p.startswith(from_cluster.SCHEME)]
    if not namespaces:
        return
    try:
        api = ApiServer(asked.context, away=_AWAY)
        sources = watching.sources(api, namespaces, asked.selector)
        collection = from_cluster.Collection(database, api, known, told)
        if asked.follow:
            _follow(asked, database, out, jobs, told, collection.follow(sources, asked.interval))
        else:
            _add(out, collection.once(sources))
    except ClusterError as error:
        raise StoreError([replace(finding, code="C140") for finding in error.findings]) from None


def _follow(
    asked: Asked,
    database: Database,
    out: Collected,
    jobs: int,
    told: Callable[[str | Finding], None],
    came: Iterator[Ingested],
) -> None:
    """Results as logs come. Where it takes long to find out what is new, it is done less often."""
    dirty, ready = True, 0.0
    for one in came:
        _add(out, one)
        dirty = dirty or bool(one.changed or one.said)
        began = time.monotonic()
        if (dirty and began >= ready) or one.failed:
            out.results += parsing.parse(database, jobs, None)
            took = time.monotonic() - began
            dirty, ready = False, began + took + min(_SPARED * took, asked.interval)
            many = f"{counted(out.logs, 'log')}, {out.new} of them new; {counted(out.results, 'result')}"
            told(f"{many}; {len(out.failed)} not had")


def reparse(store: str, jobs: int | None, progress: Progress) -> int:
    """Read all stored logs again; the number of results."""
    with opened(store) as database:
        return parsing.parse(database, jobs or workers.default_jobs(), progress, everything=True)


def trees(folders: Sequence[str], matrices: Sequence[str], run: str = "") -> Known:
    """The jobs of these trees, of the matrices' own trees, or when neither is named of all in ./rendered."""
    named = list(folders)
    files = places.find_matrices(matrices) if matrices else []
    named += [os.path.join(project.root(file), "rendered", matrix_files.read(file).name) for file in files]
    wanted = named or sorted(glob.glob("rendered/*/"))
    indexes = []
    for folder in wanted:
        index = places.tree_index(folder)
        if index is not None:
            indexes.append(index)
        elif named:
            hint = "a folder with an index.json, as `dlaasgen render` writes it"
            raise UsageError([Finding("C111", f"{places.shown(folder)} is no rendered tree", expected=hint)])
    return joining.known(indexes, run)


def patterns(folders: Sequence[str], matrices: Sequence[str]) -> dict[str, str]:
    """The patterns of the matrices that were named, and of those that the trees were made from, as JSON by matrix."""
    import orjson

    files = places.find_matrices(matrices) if matrices else []
    for folder in folders or ([] if matrices else sorted(glob.glob("rendered/*/"))):
        index = places.tree_index(folder)
        # A tree lies in <project>/rendered/<matrix>, unless it was made elsewhere.
        file = os.path.join(folder, "..", "..", index.source) if index is not None else ""
        if os.path.isfile(file):
            files.append(file)
    found = {}
    for file in files:
        matrix = matrix_files.read(file)
        found[matrix.name] = orjson.dumps([asdict(pattern) for pattern in matrix.patterns]).decode()
    return found


def _add(out: Collected, came: ingest.Ingested) -> None:
    out.logs += came.seen
    out.new += came.changed
    out.size += came.size
    out.failed += came.failed
    out.contradicted += came.contradicted


def contradictions(done: Collected) -> list[Finding]:
    """A warning for each log whose name and launcher's record lead to different jobs."""
    return [
        Finding("C114", "the log's name and its launcher's record contradict each other; it is filed by the record",
                severity="warning", file=name, found=f"record of {job}", expected=f"{named}, by its name")
        for name, named, job in done.contradicted
    ]  # fmt: skip


def raise_failed(done: Collected) -> None:
    """Raise StoreError when something could not be read: after all else has been stored."""
    if done.failed:
        raise StoreError([Finding("C113", f"{name} could not be read whole: {why}") for name, why in done.failed])
