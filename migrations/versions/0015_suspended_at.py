"""When a partnership was suspended: what ends suspended opens nothing to the coach."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("partnership", sa.Column("suspended_at", sa.DateTime(timezone=True)))
