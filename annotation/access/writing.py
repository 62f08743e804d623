"""Who may change what: an owner her lesson, clips and shares; an author her comment; both of a pair their goals."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import (
    T,
    Thing,
    holds,
    is_author,
    is_member,
    is_observer,
    is_owner,
    may_see,
    partnerships_of,
)
from annotation.access.states import active_now
from core.errors import NotFound
from core.models import Clip, Comment, Goal, Lesson, Partnership, Person, Share, Walk


def may_change(session: Session, person: Person, thing: Thing) -> bool:
    """Tell whether a person may change a thing.

    A comment and a goal are changed while their partnership is active, a goal by both of its people; a partnership is
    ended by either; a learning walk is its observer's until it is saved, and stands as it is from then on.
    """
    if isinstance(thing, Lesson):
        return is_owner(thing, person)
    if isinstance(thing, Clip):
        its = select(Clip.id).join(Lesson, Lesson.id == Clip.lesson_id).where(Clip.id == thing.id)
        return holds(session, its.where(Lesson.owner_id == person.id, Lesson.deleted_at.is_(None)).exists())
    if isinstance(thing, Comment):
        its = select(Partnership.id).where(Partnership.id == thing.partnership_id, active_now())
        is_open = thing.partnership_id is None or holds(session, its.exists())
        return is_author(thing, person) and is_open and may_see(session, person, thing)
    if isinstance(thing, Share):
        return may_see(session, person, thing)
    if isinstance(thing, Goal):
        its = select(Partnership.id).where(Partnership.id == thing.partnership_id, partnerships_of(person))
        return holds(session, its.where(active_now()).exists())
    if isinstance(thing, Walk):
        return is_observer(thing, person) and thing.saved_at is None
    return is_member(thing, person)


def require_delete(session: Session, person: Person, comment: Comment | None) -> Comment:
    """Return a comment that the person wrote; raises NotFound.

    She may delete it, and undo that, wherever she keeps it: also where its place is not open to her any more.
    """
    if comment is None or not is_author(comment, person) or session.get_one(Lesson, comment.lesson_id).deleted_at:
        raise NotFound
    return comment


def require_change(session: Session, person: Person, thing: T | None) -> T:
    """Return a thing that the person may change; raises NotFound: what is not hers looks as if it were not there."""
    if thing is None or not may_change(session, person, thing):
        raise NotFound
    return thing
