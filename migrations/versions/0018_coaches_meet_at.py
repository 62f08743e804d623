"""Coaches meet from a moment on: where they may read each other today, from this upgrade on."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lesson", sa.Column("coaches_meet_at", sa.DateTime(timezone=True), nullable=True))
    lesson = sa.table("lesson", sa.column("coaches_meet", sa.Boolean()), sa.column("coaches_meet_at"))
    now = sa.literal(datetime.now(UTC), sa.DateTime(timezone=True))
    op.execute(sa.update(lesson).where(lesson.c.coaches_meet).values(coaches_meet_at=now))
    op.drop_column("lesson", "coaches_meet")
