"""Change events for open pages, written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import Event

KEPT = timedelta(hours=1)
WINDOW = 200  # numbers that are looked at again: on PostgreSQL a smaller one may be committed after a greater one
LATE = timedelta(seconds=15)  # and this is how much later, at most


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


def events_missed(session: Session, number: int, lesson_ids: frozenset[str]) -> Sequence[tuple[int, str, str]] | None:
    """Return what happened to these lessons after the number that a page knew last, oldest first.

    None when that is not known any more: the rows are trimmed, or the database is another one than it was. What was
    written shortly before that number is told again, since it may have been committed after it.
    """
    oldest = session.scalar(select(func.min(Event.number)))
    newest = last_event_number(session)
    if oldest is None:
        return [] if number == 0 else None
    if not oldest - 1 <= number <= newest:
        return None
    last_at = session.scalar(select(func.max(Event.at)).where(Event.number <= number))
    after = Event.number > number
    if last_at is not None:
        near = and_(Event.number > number - WINDOW, Event.number < number, Event.at > last_at - LATE)
        after = or_(after, near)
    rows = select(Event.number, Event.lesson_id, Event.kind).where(after, Event.lesson_id.in_(lesson_ids))
    return [(row.number, row.lesson_id, row.kind) for row in session.execute(rows.order_by(Event.number))]


def trim_events(session: Session) -> None:
    """Drop what no open page can still be waiting for.

    The newest stays: SQLite numbers from the highest that is there, and an open page must never see a number again.
    """
    session.execute(delete(Event).where(Event.at < utc_now() - KEPT, Event.number < last_event_number(session)))
