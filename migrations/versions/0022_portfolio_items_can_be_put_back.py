"""Portfolio items that were taken out can be put back for a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("portfolio_item", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
