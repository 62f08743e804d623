"""Makers of what two people have together: a partnership, and what is open to it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.models import Lesson, Partnership, Person, Share
from tests.support.factories.people import START


def make_partnership(session: Session, coach: Person, coachee: Person, **values: object) -> Partnership:
    """Add an active coaching partnership."""
    row = {"kind": "coaching", "created_at": START, **values}
    partnership = Partnership(coach_id=coach.id, coachee_id=coachee.id, **row)
    session.add(partnership)
    session.flush()
    return partnership


def make_share(session: Session, lesson: Lesson, partnership: Partnership, **values: object) -> Share:
    """Open a lesson to a partnership."""
    share = Share(lesson_id=lesson.id, partnership_id=partnership.id, **{"created_at": START, **values})
    session.add(share)
    session.flush()
    return share
