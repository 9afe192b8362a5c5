"""The store's tables, as SQLAlchemy Core has them; the migrations make them.

Texts that hold JSON are texts: the same on every database, and the same bytes back. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

# A raw log, addressed by the SHA-256 of its bytes.
logs = Table(
    "logs",
    metadata,
    Column("digest", String(71), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("stored", String(32), nullable=False),
)

# Its bytes, packed a piece at a time (zstd, by earlier versions zlib), so that no log has to fit into memory.
chunks = Table(
    "log_chunks",
    metadata,
    Column("digest", String(71), ForeignKey("logs.digest", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# Where a log came from: one row for each log of each place (a container of a pod after so many restarts, or a file).
sources = Table(
    "sources",
    metadata,
    Column("key", Text, primary_key=True),
    Column("digest", String(71), ForeignKey("logs.digest"), primary_key=True),
    Column("job", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("pod", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("container", Text, nullable=False),
    Column("restart", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("found", String(32), nullable=False),
    Index("sources_job", "job", "run"),
    Index("sources_digest", "digest"),
)

# A job, and what is known of the cell that it ran: nothing, when its logs fit no cell.
jobs = Table(
    "jobs",
    metadata,
    Column("job", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("matrix", Text),
    Column("cell", Text),
    Column("axes", Text, nullable=False),
    Column("params", Text, nullable=False),
    Column("manifest_digest", Text),
)

# What a job's logs say. `inputs` names the logs, the cell and the parser: when it is another, the logs are read again.
results = Table(
    "results",
    metadata,
    Column("job", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("inputs", String(71), nullable=False),
    Column("parser", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("images_per_second", Float),
    Column("document", Text, nullable=False),
    Column("series", Text, nullable=False),
    Index("results_status", "status"),
)

# What could not be had, and why; a row goes when the log arrives after all.
missing = Table(
    "missing",
    metadata,
    Column("key", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("noticed", String(32), nullable=False),
)

# What Kubernetes said last of a job's pods and of the job itself, as JSON: of those that gave no log, too.
evidence = Table(
    "evidence",
    metadata,
    Column("key", Text, primary_key=True),
    Column("job", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("over", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("noticed", String(32), nullable=False),
    Index("evidence_job", "job", "run"),
    Index("evidence_over", "over"),
)

# A matrix' own patterns for metrics, as JSON: how the logs of its jobs are read.
patterns = Table(
    "patterns",
    metadata,
    Column("matrix", Text, primary_key=True),
    Column("document", Text, nullable=False),
)
