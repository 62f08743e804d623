"""Inserts of rows that are there once: of two writers at the same moment the second gets the row of the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.models import Base

T = TypeVar("T", bound=Base)


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
