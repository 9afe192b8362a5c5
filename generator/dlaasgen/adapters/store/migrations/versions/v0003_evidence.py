"""What Kubernetes said last of a job's pods and of the job itself: of those that gave no log, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "evidence",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("over", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("noticed", sa.String(32), nullable=False),
    )
    op.create_index("evidence_job", "evidence", ["job", "run"])
    op.create_index("evidence_over", "evidence", ["over"])
