"""The first form: logs, where they came from, jobs, results, what is missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "logs",
        sa.Column("digest", sa.String(71), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.BigInteger, nullable=False),
        sa.Column("stored", sa.String(32), nullable=False),
    )
    op.create_table(
        "log_chunks",
        sa.Column("digest", sa.String(71), sa.ForeignKey("logs.digest", ondelete="CASCADE"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "sources",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("digest", sa.String(71), sa.ForeignKey("logs.digest"), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("job", "run", "role")),
        sa.Column("number", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("namespace", "pod", "uid", "container")),
        sa.Column("restart", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("found", sa.String(32), nullable=False),
    )
    op.create_index("sources_job", "sources", ["job", "run"])
    op.create_index("sources_digest", "sources", ["digest"])
    op.create_table(
        "jobs",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("matrix", sa.Text),
        sa.Column("cell", sa.Text),
        sa.Column("axes", sa.Text, nullable=False),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("manifest_digest", sa.Text),
    )
    op.create_table(
        "results",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("inputs", sa.String(71), nullable=False),
        sa.Column("parser", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("images_per_second", sa.Float),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
    )
    op.create_index("results_status", "results", ["status"])
    op.create_table(
        "missing",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("noticed", sa.String(32), nullable=False),
    )
