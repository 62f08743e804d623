"""Recorded coaching conversations, analysed for the coach alone and only while the partner consents."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import is_coach, is_coachee, partnerships_of, require_see
from annotation.lessons.lessons import delete_for_good, get_own_lesson
from annotation.lessons.sharing import open_shares
from core.clock import utc_now
from core.errors import InvalidInput, NotFound
from core.models import Clip, ClipShare, Lesson, Partnership, Person


def call_conversation(session: Session, coach: Person, lesson_id: str, partnership_id: str, *, agreed: bool) -> Lesson:
    """Say that a recording of one's own is a conversation with a coachee, who agreed to it; it is then never shared."""
    lesson = get_own_lesson(session, coach, lesson_id)
    partnership = require_see(session, coach, session.get(Partnership, partnership_id))
    if not is_coach(partnership, coach):
        raise InvalidInput(why="The mirror is for conversations in which you coach.", fields=("partnership_id",))
    if not agreed:
        raise InvalidInput(why="Please ask your partner first, and record only if she agrees.", fields=("agreed",))
    clips = select(ClipShare.id).join(Clip, Clip.id == ClipShare.clip_id).where(Clip.lesson_id == lesson.id)
    shared = session.scalar(clips.where(ClipShare.taken_back_at.is_(None)).limit(1)) is not None
    if shared or open_shares(session, coach, [lesson.id]):
        raise InvalidInput(why="This recording is shared. Please take it back first.", fields=("lesson_id",))
    lesson.conversation_id = partnership.id
    return lesson


def call_lesson(session: Session, coach: Person, lesson_id: str) -> None:
    """Say that it is a lesson after all."""
    get_own_lesson(session, coach, lesson_id).conversation_id = None


def conversations_of(session: Session, coach: Person) -> list[tuple[Lesson, str]]:
    """Return a coach's recorded conversations, newest first, with the partner's name."""
    rows = (
        select(Lesson, Person.name)
        .join(Partnership, Partnership.id == Lesson.conversation_id)
        .join(Person, Person.id == Partnership.coachee_id)
        .where(Lesson.owner_id == coach.id, Lesson.deleted_at.is_(None))
        .order_by(Lesson.created_at.desc(), Lesson.id)
    )
    return [(row[0], row[1]) for row in session.execute(rows)]


def recorded_with(session: Session, coachee: Person, partnership_id: str) -> list[Lesson]:
    """Return the conversations with this coachee that her coach has recorded: that they exist, nothing of them."""
    rows = (
        select(Lesson)
        .join(Partnership, Partnership.id == Lesson.conversation_id)
        .where(Partnership.id == partnership_id, partnerships_of(coachee), Partnership.coachee_id == coachee.id)
        .where(Lesson.deleted_at.is_(None))
    )
    return list(session.scalars(rows.order_by(Lesson.created_at.desc())))


def recorded_with_anybody(session: Session, coachee: Person) -> list[tuple[Lesson, str]]:
    """Return every conversation with this person that somebody has recorded, newest first, with the coach's name."""
    rows = (
        select(Lesson, Person.name)
        .join(Partnership, Partnership.id == Lesson.conversation_id)
        .join(Person, Person.id == Lesson.owner_id)
        .where(Partnership.coachee_id == coachee.id, Lesson.deleted_at.is_(None))
    )
    return [(row[0], row[1]) for row in session.execute(rows.order_by(Lesson.created_at.desc(), Lesson.id))]


def forget_conversation(session: Session, coachee: Person, lesson_id: str) -> list[str]:
    """Have a recorded conversation with oneself deleted for good; return storage keys to delete after the commit."""
    lesson = session.get(Lesson, lesson_id)
    partnership = session.get(Partnership, lesson.conversation_id or "") if lesson is not None else None
    if lesson is None or partnership is None or not is_coachee(partnership, coachee):
        raise NotFound
    lesson.deleted_at = utc_now()
    return delete_for_good(session, lesson.id)
