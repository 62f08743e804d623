"""Comments on clips, readable by whoever may see the clip."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    clip = sa.Column("clip_id", sa.String(length=16), sa.ForeignKey("clip.id"), nullable=True)
    op.add_column("comment", clip, inline_references=True)
    op.create_index(op.f("ix_comment_clip_id"), "comment", ["clip_id"], unique=False)
