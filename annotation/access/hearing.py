"""Who is told of what: the right to hear of an event, asked for each listener at the moment of telling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from annotation.access.reading import comments_seen_by, holds, is_member, is_owner, is_person, may_see
from core.database.events import Happened
from core.models import ClipShare, Comment, Lesson, Partnership, Person, Share, SignIn


@dataclass(frozen=True, slots=True)
class Topic:
    """What a page follows: a lesson; a clip of it; or a session, with the lesson and the clip that it looks at."""

    lesson_id: str = ""
    clip_id: str | None = None
    session_id: str | None = None


def may_hear(session: Session, person: Person, topic: Topic, event: Happened) -> bool:
    """Tell whether somebody who may follow a topic is told of an event on it now."""
    about = event.about
    if about.session_id is not None:
        to_her = about.person_id is None or is_person(person, about.person_id)
        return to_her and topic.session_id == about.session_id
    if event.lesson_id != topic.lesson_id or (lesson := session.get(Lesson, event.lesson_id)) is None:
        return False
    if about.comment_id is not None:
        return _may_hear_of_comment(session, person, event)
    if about.person_id is not None:
        return is_person(person, about.person_id)
    if is_owner(lesson, person):
        return True
    its_clip = about.clip_id is None or about.clip_id == topic.clip_id
    if about.partnership_id is not None:
        partnership = session.get(Partnership, about.partnership_id)
        return its_clip and partnership is not None and is_member(partnership, person)
    if about.clip_id is None:
        return topic.clip_id is None and may_see(session, person, lesson)
    return its_clip


def _may_hear_of_comment(session: Session, person: Person, event: Happened) -> bool:
    """Whoever may read a comment, or could until it was deleted a moment ago, hears of it."""
    read = select(Comment.id).join(Lesson, Lesson.id == Comment.lesson_id)
    seen = read.where(Comment.id == event.about.comment_id, comments_seen_by(person, also_deleted=True))
    return holds(session, seen.exists())


def ended_by_time(session: Session, after: datetime, until: datetime) -> bool:
    """Tell whether a right ended by its date, without anybody's doing, after a moment and until another."""

    columns = (Share.until, ClipShare.until, SignIn.expires_at)
    return holds(session, or_(*(exists().where(column > after, column <= until) for column in columns)))
