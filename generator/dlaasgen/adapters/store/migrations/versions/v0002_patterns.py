"""A matrix' own patterns for metrics, so that its logs are read the same way by whoever reads them again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "patterns",
        sa.Column("matrix", sa.Text, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
    )
