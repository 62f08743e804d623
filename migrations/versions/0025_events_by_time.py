"""Events by time: an index from which the old ones are found and dropped, some at a time."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_event_at"), "event", ["at"], unique=False)
