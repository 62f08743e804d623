"""Locks: a rule and the row that depends on it stand under one lock, so that two requests at once cannot break it.

Taken in this order, so that no two requests wait for each other: the lock of the staff list, a partnership's row, a
lesson's row, the row of anything else. Each is held until the end of the transaction, and what it guards is read after
it is taken. PostgreSQL only: SQLite has one writer (`Database.write` begins with `BEGIN IMMEDIATE`).
"""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.models import Base

T = TypeVar("T", bound=Base)
STAFF_LIST = 7_261_001  # a number of our own among PostgreSQL's advisory locks


def lock_staff_list(session: Session) -> None:
    """Wait until nobody else changes who manages whom, who is the lead, or the state of a partnership."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STAFF_LIST})


def lock_row(session: Session, table: type[T], row_id: str) -> T | None:
    """Return a row as it is now, and keep others from changing it; rows that refer to it can still be added."""
    return session.get(table, row_id, with_for_update={"key_share": True}, populate_existing=True)
