"""A collector that dies by SIGKILL at a step of its own choosing, and what a store holds after it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dlaasgen.adapters.store.database import opened
from dlaasgen.adapters.store.tables import chunks, jobs, logs, results, sources
from support import environment

if TYPE_CHECKING:
    from pathlib import Path

# Times of storing differ from one collection to the next.
TIMES = {"stored", "found"}

# Its steps are the statements and commits of the store, requests to a cluster or to Loki, and pages of a copy.
_PROGRAM = """
import atexit, os, signal, sqlite3, sys
import sqlalchemy as sa
from dlaasgen.adapters import api_server, loki
from dlaasgen.adapters.store import care, database
limit, seen, collector = int(sys.argv.pop(1)), 0, os.getpid()
def count(*_):
    global seen
    seen += 1
    if seen == limit:
        os.kill(collector, signal.SIGKILL)  # be it a step of one of its workers
atexit.register(lambda: print("steps", seen))
make = database._engine
def engine(url):
    found = make(url)
    sa.event.listen(found, "before_cursor_execute", count)
    sa.event.listen(found, "commit", count)
    return found
database._engine = engine
def counted(of, name):
    inner = getattr(of, name)
    def call(*args, **more):
        count()
        return inner(*args, **more)
    setattr(of, name, call)
counted(loki.Loki, "_get")
counted(api_server.ApiServer, "request")
counted(api_server.ApiServer, "stream")
class Copied(sqlite3.Connection):
    def backup(self, target, pages):
        super().backup(target, pages=1, progress=count)
connect = sqlite3.connect
sqlite3.connect = lambda *args, **more: connect(*args, **more, factory=Copied)
for name in ("rename", "fsync"):
    counted(care.os, name)
import dlaasgen.pipeline.ingest as ingest, dlaasgen.pipeline.parsing as parsing
ingest.BATCH = parsing.BATCH = 1
ingest.MANY = parsing.MANY = 12
# Small pages, so that there are many.
loki.LIMIT = 7
sys.argv[0] = "dlaasgen"
from dlaasgen.cli import main
main()
"""


def started(limit: int, folder: Path, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
    """`dlaasgen ARGUMENTS` in a folder; it kills itself at step `limit`, if it gets so far.

    If not, the last words that it prints are the number of its steps.
    """
    line = [sys.executable, "-c", _PROGRAM, str(limit), *arguments]
    return subprocess.Popen(line, env=environment(**env), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def content(store: str) -> dict[str, Any]:
    """All that a store holds of logs and results, but for times."""
    with opened(store) as database, database.read() as connection:
        return {
            table.name: sorted(
                repr({k: v for k, v in row.items() if k not in TIMES})
                for row in connection.execute(sa.select(table)).mappings()
            )
            for table in (logs, chunks, sources, jobs, results)
        }
