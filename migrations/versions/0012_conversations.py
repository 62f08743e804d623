"""Recorded conversations: since when, and who asked for it to be a lesson; what was shared of them is closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lesson", sa.Column("conversation_since", sa.DateTime(timezone=True), nullable=True))
    asked_by = sa.Column("release_asked_by_id", sa.String(length=16), sa.ForeignKey("person.id"), nullable=True)
    op.add_column("lesson", asked_by, inline_references=True)
    op.execute(CLOSE_SHARES)
    op.execute(CLOSE_CLIPS)


CLOSE_SHARES = """
    UPDATE share SET taken_back_at = CURRENT_TIMESTAMP WHERE taken_back_at IS NULL
    AND lesson_id IN (SELECT id FROM lesson WHERE conversation_id IS NOT NULL)
"""
CLOSE_CLIPS = """
    UPDATE clip_share SET taken_back_at = CURRENT_TIMESTAMP WHERE taken_back_at IS NULL AND clip_id IN (
        SELECT clip.id FROM clip JOIN lesson ON lesson.id = clip.lesson_id WHERE lesson.conversation_id IS NOT NULL)
"""
