"""Makers of what two people have together: a partnership, and what is open to it."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.clock import utc_now
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


def share_anew(session: Session, lesson_id: str, partnership_id: str) -> str:
    """Open a lesson to a partnership from now on, whatever was open before; return the share's id."""
    there = update(Share).where(Share.lesson_id == lesson_id, Share.partnership_id == partnership_id)
    session.execute(there.where(Share.taken_back_at.is_(None)).values(taken_back_at=utc_now()))
    share = Share(lesson_id=lesson_id, partnership_id=partnership_id, created_at=utc_now())
    session.add(share)
    session.flush()
    return share.id
