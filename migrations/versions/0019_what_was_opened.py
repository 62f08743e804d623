"""Openings: what was opened, or that it stood in a list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("opening", sa.Column("kind", sa.String(length=10), server_default="page", nullable=False))
