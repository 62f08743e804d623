"""Ready steps: an index that says of each lesson how many wait, since when, and how many were sent."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

COLUMNS = ["state", "queue", "lesson_id", "next_at", "dispatched_at"]


def upgrade() -> None:
    op.drop_index("ix_step_state_next_at", table_name="step")
    op.create_index("ix_step_ready", "step", COLUMNS, unique=False)
