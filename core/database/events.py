"""Change events for open pages, written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Select, and_, delete, func, insert, or_, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import Event

KEPT = timedelta(hours=1)
TRIMMED_AT_ONCE = 1000  # in one transaction, which others wait for
WINDOW = 200  # numbers that are looked at again: on PostgreSQL a smaller one may be committed after a greater one
LATE = timedelta(seconds=15)  # and this is how much later, at most
RIGHTS = "rights"  # kind of the event that says that somebody's right may have ended: core/database/rights_watch.py


@dataclass(frozen=True, slots=True)
class About:
    """What an event is about, besides its lesson: it says who is told (see `Event`)."""

    partnership_id: str | None = None
    comment_id: str | None = None
    clip_id: str | None = None
    session_id: str | None = None
    person_id: str | None = None


WHOLE_LESSON = About()


@dataclass(frozen=True, slots=True)
class Happened:
    """One event as it was read."""

    number: int
    lesson_id: str | None
    kind: str
    about: About = WHOLE_LESSON


def record_event(session: Session, lesson_id: str | None, kind: str, about: About = WHOLE_LESSON) -> None:
    """Note that a lesson, or what `about` names, changed; `Event` says which kinds there are."""
    session.add(Event(**_values(lesson_id, kind, about)))


def record_events(session: Session, kind: str, changed: Iterable[tuple[str | None, About]]) -> None:
    """Note that several lessons, or what is said about each, changed, in one statement."""
    if rows := [_values(lesson_id, kind, about) for lesson_id, about in changed]:
        session.execute(insert(Event), rows)


def _values(lesson_id: str | None, kind: str, about: About) -> dict[str, Any]:
    ids = {name: getattr(about, name) for name in About.__dataclass_fields__}
    return {"lesson_id": lesson_id, "kind": kind, "at": utc_now(), **ids}


def last_event_number(session: Session) -> int:
    """Return the number of the newest event, 0 without any."""
    return session.scalar(select(func.max(Event.number))) or 0


def events_after(session: Session, number: int) -> Sequence[Happened]:
    """Return what happened since, oldest first; of rights also what was committed late, behind any number of others."""
    late = and_(Event.kind == RIGHTS, Event.at > utc_now() - LATE)
    return _read(session, select(Event).where(or_(Event.number > number, late)))


def events_missed(
    session: Session, number: int, lesson_ids: Collection[str], session_ids: Collection[str] = ()
) -> Sequence[Happened] | None:
    """Return what happened to these lessons and sessions after the number that a page knew last, oldest first.

    None when that is not known any more: the rows are trimmed, or the database is another one than it was. What was
    written shortly before that number is told again, since it may have been committed after it.
    """
    oldest = session.scalar(select(func.min(Event.number)))
    newest = last_event_number(session)
    if oldest is None:
        return [] if number == 0 else None
    if not oldest - 1 <= number <= newest:
        return None
    lately = select(func.max(Event.at)).where(Event.number <= number, Event.number > number - WINDOW)
    last_at = session.scalar(lately)
    after = Event.number > number
    if last_at is not None:
        near = and_(Event.number > number - WINDOW, Event.number < number, Event.at > last_at - LATE)
        after = or_(after, near)
    concerned = or_(Event.lesson_id.in_(lesson_ids), Event.session_id.in_(session_ids))
    return _read(session, select(Event).where(after, concerned, Event.kind != RIGHTS))


def _read(session: Session, events: Select[Event]) -> list[Happened]:
    found = session.scalars(events.order_by(Event.number))
    names = list(About.__dataclass_fields__)
    return [
        Happened(row.number, row.lesson_id, row.kind, About(**{name: getattr(row, name) for name in names}))
        for row in found
    ]


def trim_events(session: Session) -> int:
    """Drop some of what no open page can still be waiting for, the oldest first; returns how many went.

    The newest stays: SQLite numbers from the highest that is there, and an open page must never see a number again.
    """
    old = select(Event.number).where(Event.at < utc_now() - KEPT, Event.number < last_event_number(session))
    some = old.order_by(Event.at).limit(TRIMMED_AT_ONCE)
    gone = delete(Event).where(Event.number.in_(some)).execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", session.execute(gone)).rowcount
