"""Alembic environment: uses the connection that `core.database.migrate` opened."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from core.models import Base
from core.models.base import UtcDateTime


def render_item(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Write our column types as plain ones, so that old migrations do not depend on today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
context.run_migrations()
