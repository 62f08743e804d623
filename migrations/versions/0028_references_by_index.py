"""An index for each column that refers to a row that can be deleted: else its deletion reads the whole table."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

COLUMNS = (
    ("coaching_session", "clip_id"),
    ("comment", "author_id"),
    ("lesson", "conversation_id"),
    ("opening", "clip_id"),
    ("upload", "lesson_id"),
    ("walk", "goal_id"),
    ("walk", "lesson_id"),
)


def upgrade() -> None:
    for table, column in COLUMNS:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    # The newest comments of a partnership are found without reading the others.
    op.drop_index("ix_comment_partnership_id", table_name="comment")
    op.create_index("ix_comment_partnership_id_created_at", "comment", ["partnership_id", "created_at"], unique=False)
