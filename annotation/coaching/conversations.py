"""Recorded coaching conversations, analysed for the coach alone and only while the partner consents.

Both know of it. Only both together can turn one into a lesson: one asks, the other agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from annotation.access.conversations import recorded_of, require_conversation
from annotation.access.locks import lock_row
from annotation.access.reading import is_coach, is_coachee, is_owner, is_person
from annotation.access.states import get_active_partnership, refuse_suspended
from annotation.lessons.clips import clips_open_of
from annotation.lessons.lessons import delete_for_good, get_own_lesson
from annotation.lessons.sharing import open_shares
from core.clock import utc_now
from core.database.events import record_event
from core.errors import InvalidInput, NotFound
from core.models import Clip, ClipShare, Erasure, Lesson, Partnership, Person, Share

NEWS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recorded conversation, the name of the other one of its two people, and who asks for it to be a lesson."""

    lesson: Lesson
    other: str
    mine: bool  # the reader recorded it
    i_ask: bool
    other_asks: bool


def call_conversation(session: Session, coach: Person, lesson_id: str, partnership_id: str, *, agreed: bool) -> Lesson:
    """Say that a recording of one's own is a conversation with a coachee, who agreed to it; it is then never shared.

    The partnership is active: both have said yes to it. Whose conversation it is does not change any more.
    """
    partnership = get_active_partnership(session, coach, partnership_id, lock=True)
    get_own_lesson(session, coach, lesson_id)
    lesson = lock_row(session, Lesson, lesson_id)
    assert lesson is not None
    if not is_coach(partnership, coach):
        raise InvalidInput(why="The mirror is for conversations in which you coach.", fields=("partnership_id",))
    if not agreed:
        raise InvalidInput(why="Please ask your partner first, and record only if they agree.", fields=("agreed",))
    if lesson.conversation_id == partnership.id:
        return lesson
    if lesson.conversation_id is not None:
        raise InvalidInput(why="This is already a conversation with somebody else.", fields=("lesson_id",))
    if open_shares(session, coach, [lesson.id]) or clips_open_of(session, coach, [lesson.id]):
        raise InvalidInput(
            why="This recording, or a clip of it, is shared. Please take it back first.", fields=("lesson_id",)
        )
    _close_shares(session, lesson)
    lesson.conversation_id, lesson.conversation_since = partnership.id, utc_now()
    record_event(session, lesson.id, "lesson")
    return lesson


def _close_shares(session: Session, lesson: Lesson) -> None:
    """Close what opens nothing now and could later: shares of deleted clips, those that had an end."""
    clips = select(Clip.id).where(Clip.lesson_id == lesson.id)
    for table, its in ((Share, Share.lesson_id == lesson.id), (ClipShare, ClipShare.clip_id.in_(clips))):
        session.execute(update(table).where(its, table.taken_back_at.is_(None)).values(taken_back_at=utc_now()))


def ask_for_lesson(session: Session, person: Person, lesson_id: str) -> bool:
    """Say that a conversation is a lesson after all; return whether both have said so now, and it is one."""
    lesson = lock_row(session, Lesson, lesson_id)
    refuse_suspended(session, require_conversation(session, person, lesson))
    assert lesson is not None
    both = lesson.release_asked_by_id is not None and not is_person(person, lesson.release_asked_by_id)
    if both:
        lesson.conversation_id = lesson.conversation_since = lesson.release_asked_by_id = None
    else:
        lesson.release_asked_by_id = person.id
    record_event(session, lesson.id, "lesson")
    return both


def keep_conversation(session: Session, person: Person, lesson_id: str) -> None:
    """Say that it stays a conversation: a request for a lesson is withdrawn, or refused."""
    lesson = lock_row(session, Lesson, lesson_id)
    require_conversation(session, person, lesson)
    assert lesson is not None
    lesson.release_asked_by_id = None
    record_event(session, lesson.id, "lesson")


def conversations_of(session: Session, coach: Person) -> list[Conversation]:
    """Return a coach's recorded conversations, newest first."""
    rows = (
        select(Lesson, Person.name)
        .join(Partnership, Partnership.id == Lesson.conversation_id)
        .join(Person, Person.id == Partnership.coachee_id)
        .where(Lesson.owner_id == coach.id, Lesson.deleted_at.is_(None))
        .order_by(Lesson.created_at.desc(), Lesson.id)
    )
    return [_as_seen_by(coach, lesson, name) for lesson, name in session.execute(rows)]


def get_conversation(session: Session, coach: Person, lesson_id: str) -> Conversation:
    """Return a recorded conversation of one's own; raises NotFound."""
    lesson = get_own_lesson(session, coach, lesson_id)
    partnership = require_conversation(session, coach, lesson)
    return _as_seen_by(coach, lesson, session.get_one(Person, partnership.coachee_id).name)


def recorded_with(session: Session, coachee: Person, partnership_id: str | None = None) -> list[Conversation]:
    """Return the conversations with this coachee that her coaches have recorded: that they exist, nothing of them.

    A deleted one is among them until it is gone for good.
    """
    rows = (
        select(Lesson, Person.name)
        .join(Partnership, Partnership.id == Lesson.conversation_id)
        .join(Person, Person.id == Lesson.owner_id)
        .where(recorded_of(coachee), *([Partnership.id == partnership_id] if partnership_id is not None else []))
        .order_by(Lesson.created_at.desc(), Lesson.id)
    )
    return [_as_seen_by(coachee, lesson, name) for lesson, name in session.execute(rows)]


def conversation_news(session: Session, person: Person) -> list[Conversation]:
    """Return what somebody should know of: what was lately recorded with her, and what waits for her answer."""
    coachee = aliased(Person)
    hers = and_(Lesson.owner_id == person.id, Lesson.deleted_at.is_(None))
    rows = (
        select(Lesson, Person.name, coachee.name)
        .join(Partnership, Partnership.id == Lesson.conversation_id)
        .join(Person, Person.id == Lesson.owner_id)
        .join(coachee, coachee.id == Partnership.coachee_id)
        .where(or_(hers, recorded_of(person)))
        .order_by(Lesson.created_at.desc(), Lesson.id)
    )
    found = [
        _as_seen_by(person, lesson, other if is_owner(lesson, person) else owner)
        for lesson, owner, other in session.execute(rows)
    ]
    return [one for one in found if one.other_asks or (not one.mine and _is_new(one.lesson))]


def _is_new(lesson: Lesson) -> bool:
    return lesson.conversation_since is not None and lesson.conversation_since > utc_now() - NEWS


def _as_seen_by(person: Person, lesson: Lesson, other: str) -> Conversation:
    asked_by = lesson.release_asked_by_id
    mine = asked_by is not None and is_person(person, asked_by)
    return Conversation(
        lesson, other, is_owner(lesson, person), i_ask=mine, other_asks=asked_by is not None and not mine
    )


def forget_conversation(session: Session, coachee: Person, lesson_id: str) -> Erasure:
    """Have a recorded conversation with oneself deleted for good."""
    lesson = lock_row(session, Lesson, lesson_id)
    partnership = require_conversation(session, coachee, lesson)
    if lesson is None or not is_coachee(partnership, coachee):
        raise NotFound
    lesson.deleted_at = utc_now()
    record_event(session, lesson.id, "lesson")
    return delete_for_good(session, lesson.id, "conversation")
