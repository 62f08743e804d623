"""Tell open pages that something changed; written in the same transaction as the change itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import Event

KEPT = timedelta(hours=1)


def record_event(session: Session, lesson_id: str, kind: str) -> None:
    """Note that a lesson changed; `kind` is step, words, comment, share or lesson."""
    session.add(Event(lesson_id=lesson_id, kind=kind, at=utc_now()))


def last_event_number(session: Session) -> int:
    """Return the number of the newest event, 0 without any."""
    return session.scalar(select(func.max(Event.number))) or 0


def events_after(session: Session, number: int) -> Sequence[tuple[int, str, str]]:
    """Return the number, lesson and kind of what happened since, oldest first."""
    rows = select(Event.number, Event.lesson_id, Event.kind).where(Event.number > number).order_by(Event.number)
    return [(row.number, row.lesson_id, row.kind) for row in session.execute(rows)]


def trim_events(session: Session) -> None:
    """Drop what no open page can still be waiting for.

    The newest stays: SQLite numbers from the highest that is there, and an open page must never see a number again.
    """
    session.execute(delete(Event).where(Event.at < utc_now() - KEPT, Event.number < last_event_number(session)))
