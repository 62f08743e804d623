"""Idempotent inserts: of two writers of one row at the same moment the second gets the row of the first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import Base

T = TypeVar("T", bound=Base)
PRESS = timedelta(seconds=10)  # within which the same words of the same person are one press of a button


def insert_or_find(session: Session, row: T, find: Callable[[], T | None]) -> tuple[T, bool]:
    """Return the row that `find` finds, else `row`, inserted; and whether it is new."""
    if (known := find()) is not None:
        return known, False
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody else inserted it meanwhile
        if (known := find()) is None:
            raise
        return known, False
    return row, True


def pressed_before(session: Session, table: type[T], when: Any, *its: ColumnElement[bool]) -> T | None:
    """Return the row of a moment ago that says the same: the form was sent twice. `when` is the column of its time.

    The caller holds the lock under which such rows are added.
    """
    return session.scalar(select(table).where(*its, when > utc_now() - PRESS).order_by(when).limit(1))
