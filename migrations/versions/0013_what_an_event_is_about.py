"""Events: what each is about, so that it is told to those alone who may know of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("event") as event:
        event.alter_column("lesson_id", existing_type=sa.String(length=16), nullable=True)
        for name in ("partnership_id", "comment_id", "clip_id", "session_id", "person_id"):
            event.add_column(sa.Column(name, sa.String(length=16), nullable=True))
