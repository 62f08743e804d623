"""Makers of what two people have together: a partnership, and what is open to it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import Lesson, Partnership, Person, Share
from tests.support.factories.lessons import make_lesson
from tests.support.factories.people import START, make_person


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


@dataclass(frozen=True)
class Pair:
    """Priya coaches Ada, who has a lesson that is not shared; Otto is a colleague who has nothing to do with them."""

    session: Session
    ada: Person
    priya: Person
    otto: Person
    partnership: Partnership
    lesson: Lesson

    def share(self, **values: object) -> Share:
        """Open the lesson to Priya."""
        return make_share(self.session, self.lesson, self.partnership, **values)

    def put_in_line(self) -> None:
        """Make Priya Ada's line manager in the staff list; no row of theirs says so yet."""
        self.ada.manager_id = self.priya.id
        self.session.flush()

    def end(self, state: str = "ended") -> None:
        """Put their partnership into another state, as its row says it."""
        self.partnership.state = state
        self.session.flush()


def make_pair(session: Session) -> Pair:
    """Add the people of a `Pair`, their partnership and the lesson."""
    ada, priya, otto = (make_person(session, name) for name in ("Ada Teacher", "Priya Coach", "Otto Other"))
    lesson = make_lesson(session, ada, duration_ms=600_000)
    return Pair(session, ada, priya, otto, make_partnership(session, priya, ada), lesson)
