"""Openings of measures: whether they were opened, or one of them stood in a list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("measures_opening", sa.Column("kind", sa.String(length=10), server_default="page", nullable=False))
