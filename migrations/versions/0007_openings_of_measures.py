"""Openings of shown measures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measures_opening",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("showing_id", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["showing_id"],
            ["shown_measures.id"],
            name=op.f("fk_measures_opening_showing_id_shown_measures"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measures_opening")),
    )
    op.create_index(op.f("ix_measures_opening_showing_id"), "measures_opening", ["showing_id"], unique=False)
