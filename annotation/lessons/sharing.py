"""Lesson shares: open a lesson to one partnership, withdraw it, and record who opened it when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from annotation.access.conversations import require_no_conversation
from annotation.access.locks import lock_row
from annotation.access.reading import is_coachee, is_partner_of, live_share, partnerships_of, require_see
from annotation.access.states import require_active
from annotation.access.writing import require_change
from annotation.people.names import short_name
from core.clock import latest_now, utc_now
from core.database.events import About, record_event, record_events
from core.errors import InvalidInput
from core.models import Clip, ClipShare, Lesson, Partnership, Person, Share
from core.school_day import LAST_YEAR, SchoolDay, full_day

CLOSED_AT_ONCE = 100  # shares of a day that is over, in one transaction

S = TypeVar("S", Share, ClipShare)


@dataclass(frozen=True, slots=True)
class OpenShare:
    """A share that is open now, and the other person of its partnership."""

    share: Share
    partnership: Partnership
    other: Person


def end_of(day: date) -> datetime:
    """Return the moment at which a share "until" a day closes: when that day is over at the school (UTC)."""
    return SchoolDay.of(day).ends


def closing(until: date | None) -> datetime | None:
    """Return when a share closes that is open until a day; raises InvalidInput for a day that is over."""
    if until is not None and until < SchoolDay.of(utc_now()):
        raise InvalidInput(why="Please choose a day that is still to come, or no day at all.")
    if until is not None and until.year > LAST_YEAR:
        raise InvalidInput(why=f"Please choose a day before {LAST_YEAR + 1}, or no day at all.")
    return None if until is None else end_of(until)


def last_day(until: datetime | None) -> SchoolDay | None:
    """Return the last day on which a share is open."""
    return None if until is None else SchoolDay.of(until - timedelta(microseconds=1))


def share_lesson(session: Session, person: Person, lesson: Lesson, partnership_id: str, until: date | None) -> Share:
    """Open a lesson to a partnership; sharing again moves the date."""
    require_change(session, person, lesson)
    require_coached_in(session, person, partnership_id, "A lesson can be shared with somebody who coaches you.")
    return open_share(session, Share, {"lesson_id": lesson.id}, lesson.id, partnership_id, until)


def require_coached_in(session: Session, person: Person, partnership_id: str, why: str) -> None:
    """Refuse unless the person is coached in this active partnership; `why` tells a coach who may share.

    The partnership is locked: it is neither suspended nor ended before what is opened here can be closed with it.
    """
    partnership = require_see(session, person, lock_row(session, Partnership, partnership_id))
    if not is_coachee(partnership, person):
        raise InvalidInput(why=why)
    require_active(session, partnership)


def open_share(
    session: Session, table: type[S], of: dict[str, str], lesson_id: str, partnership_id: str, until: date | None
) -> S:
    """Open a lesson or a clip (`of` names it) to a partnership until the end of a day; the share that is open moves.

    Raises ConversationClosed for a recorded conversation.
    """
    closes = closing(until)
    lesson = lock_row(session, Lesson, lesson_id)
    assert lesson is not None
    require_no_conversation(lesson)
    now_open = select(table).filter_by(**of, partnership_id=partnership_id, taken_back_at=None)
    share = session.scalar(now_open)
    if share is not None and share.until is not None and share.until <= utc_now():
        share.taken_back_at, share = share.until, None
        session.flush()
    if share is None:
        share = table(**of, partnership_id=partnership_id, created_at=utc_now())
        session.add(share)
    share.until = closes
    session.flush()
    record_event(session, lesson_id, "share", about_share(share))
    return share


def about_share(share: Share | ClipShare) -> About:
    """Return what an event of a share is about: its partnership, which alone hears of it, and its clip."""
    return About(partnership_id=share.partnership_id, clip_id=share.clip_id if isinstance(share, ClipShare) else None)


def withdraw(session: Session, share: Share | ClipShare, lesson_id: str) -> None:
    """Close a share at once; one that is closed stays as it is."""
    if share.taken_back_at is None:
        share.taken_back_at = utc_now()
        record_event(session, lesson_id, "share", about_share(share))


def close_expired(session: Session) -> int:
    """Close some shares whose last day is over, for good: a clock that is set back opens none. Return how many."""
    shares = session.scalars(_closing_expired(Share)).all()
    of_clips = session.scalars(_closing_expired(ClipShare)).all()
    rows = select(Clip.id, Clip.lesson_id).where(Clip.id.in_({one.clip_id for one in of_clips}))
    lesson_ids = {row.id: row.lesson_id for row in session.execute(rows)}
    closed = [(share.lesson_id, about_share(share)) for share in shares]
    record_events(session, "share", closed + [(lesson_ids[one.clip_id], about_share(one)) for one in of_clips])
    return len(shares) + len(of_clips)


def has_expired(session: Session) -> bool:
    """Say whether there is a share to close."""
    shares, of_clips = select(Share.id).where(_is_expired(Share)), select(ClipShare.id).where(_is_expired(ClipShare))
    return session.scalar(shares.union_all(of_clips).limit(1)) is not None


def _closing_expired(table: type[S]) -> ReturningUpdate[S]:
    """Close in one statement: a share that its owner prolongs at this moment stays open."""
    some = select(table.id).where(_is_expired(table)).limit(CLOSED_AT_ONCE)
    closing = update(table).where(table.id.in_(some), _is_expired(table))
    return closing.values(taken_back_at=table.until).returning(table)


def _is_expired(table: type[S]) -> ColumnElement[bool]:
    return and_(table.taken_back_at.is_(None), table.until <= latest_now())


def withdraw_share(session: Session, person: Person, share_id: str) -> None:
    """Close a share at once; raises NotFound unless it is of one's own lesson."""
    share = require_change(session, person, session.get(Share, share_id))
    withdraw(session, share, share.lesson_id)


def open_shares(session: Session, person: Person, lesson_ids: Iterable[str]) -> dict[str, list[OpenShare]]:
    """Return, for each lesson, the open shares that this person is part of.

    The owner is part of all of them; a coach only of those with him, so he never learns of another coach.
    """
    found: dict[str, list[OpenShare]] = {}
    rows = session.execute(
        select(Share, Partnership, Person)
        .join(Lesson, Lesson.id == Share.lesson_id)
        .join(Partnership, Partnership.id == Share.partnership_id)
        .join(Person, is_partner_of(person))
        .where(live_share(), partnerships_of(person), Share.lesson_id.in_(list(lesson_ids)))
        .order_by(Share.created_at, Share.id)
    )
    for share, partnership, other in rows:
        found.setdefault(share.lesson_id, []).append(OpenShare(share, partnership, other))
    return found


class Opened(Protocol):
    """A share of a lesson or of a clip, and the other person of its partnership."""

    @property
    def share(self) -> Share | ClipShare:
        """What says until when."""

    @property
    def other(self) -> Person:
        """Who can see it."""


class OpenedClip(Opened, Protocol):
    """A share of a clip, with the clip."""

    @property
    def clip(self) -> Clip:
        """What is open."""


def pill_text(shares: Sequence[Opened], clips: Sequence[OpenedClip] = ()) -> str:
    """Say who can see a lesson: "Only you", "You and Priya, until 12 March", "Only you, and one clip with Priya".

    `clips` are the shares of its clips; whoever sees the whole lesson is not said twice.
    """
    whole = {one.other.id for one in shares}
    parts = [one for one in clips if one.other.id not in whole]
    if not parts:
        return _whole_in_words(shares)
    count = len({one.clip.id for one in parts})
    people = {one.other.id: short_name(one.other) for one in parts}
    who = next(iter(people.values())) if len(people) == 1 else f"{_in_words(len(people))} coaches"
    return f"{_whole_in_words(shares)}, and {_in_words(count)} clip{'' if count == 1 else 's'} with {who}"


def _in_words(count: int) -> str:
    return {1: "one", 2: "two", 3: "three", 4: "four"}.get(count, str(count))


def _whole_in_words(shares: Sequence[Opened]) -> str:
    if not shares:
        return "Only you"
    people = {one.other.id for one in shares}
    if len(people) > 1:
        return f"You and your {_in_words(len(people))} coaches"
    who = f"You and {short_name(shares[0].other)}"
    return with_last_day(who, [one.share.until for one in shares])


def with_last_day(who: str, untils: Sequence[datetime | None]) -> str:
    """Add the last day to a pill, unless one of the shares is open without an end."""
    dated = [until for until in untils if until is not None]
    if not dated or len(dated) < len(untils):
        return who
    day = last_day(max(dated))
    assert day is not None
    return f"{who}, until {full_day(day)}"
