"""Recorded coaching conversations: such a recording reaches nobody but its two people, whatever is shared."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from annotation.errors import ConversationClosed
from core.errors import NotFound
from core.models import Lesson, Partnership, Person


def is_no_conversation() -> ColumnElement[bool]:
    """Condition, in a query that has its `Lesson`: it is no conversation, so that others may see it when it is shared.

    Every condition that opens a lesson, a clip or a comment to others has this one in it: a share that exists all the
    same opens nothing.
    """
    return Lesson.conversation_id.is_(None)


def require_no_conversation(lesson: Lesson) -> None:
    """Raise ConversationClosed for a recorded conversation: every road that would open a recording asks this."""
    if lesson.conversation_id is not None:
        raise ConversationClosed


def recorded_of(person: Person) -> ColumnElement[bool]:
    """Condition, in a query with `Lesson` and `Partnership`: a conversation that a coach recorded with this person."""
    return and_(Lesson.conversation_id == Partnership.id, Partnership.coachee_id == person.id)


def require_conversation(session: Session, person: Person, lesson: Lesson | None) -> Partnership:
    """Return whose conversation a recording is, to one of the two who are in it; raises NotFound."""
    found = None if lesson is None else session.get(Partnership, lesson.conversation_id or "")
    if lesson is None or found is None or person.id not in (lesson.owner_id, found.coachee_id):
        raise NotFound
    return found
