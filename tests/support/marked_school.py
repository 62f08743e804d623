"""A school whose words say who wrote them, and the ways in which a partnership comes to stand."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from annotation.coaching.partnerships import end_partnership, resume_partnership, suspend_refused
from annotation.coaching.portfolio_words import fingerprints, source_lines
from annotation.people.account_deletion import delete_account
from annotation.school.staff import mark_left
from core.clock import utc_now
from core.models import (
    Action,
    Clip,
    CoachingSession,
    Comment,
    Goal,
    GoalVersion,
    Lesson,
    Partnership,
    Person,
    PortfolioItem,
    SessionNote,
    Walk,
    WalkNote,
)
from tests.support.web_school import School

HERS, HIS, BOTH = "Quartz", "Cobalt", "Amber"
"""Words of the coachee alone, of the coach alone, and of what the two wrote together."""

Change = Callable[[Session, School], None]


def mark_words(school: School) -> None:
    """Write who wrote it into everything that the owner and her coach wrote."""
    ids = school.ids
    pair = ids["partnership_coach"]
    with school.database.write() as session:
        session.execute(update(Lesson).where(Lesson.id == ids["lesson"]).values(title=f"{HERS} lesson"))
        session.execute(update(Clip).values(title=f"{HERS} clip"))
        session.execute(update(Comment).where(Comment.id == ids["comment"]).values(text=f"{HIS} comment"))
        hers = {"text": f"{HERS} comment", "start_ms": 2000, "created_at": utc_now(), "goal_id": ids["goal"]}
        session.add(
            Comment(lesson_id=ids["lesson"], author_id=ids["person_owner"], partnership_id=pair, stage="R", **hers)
        )
        words = {name: f"{BOTH} {name}" for name in ("title", "reality", "options", "will", "outcome")}
        session.execute(update(Goal).values(**words))
        before = {"before": {"title": f"{BOTH} before"}, "changed_at": utc_now()}
        session.add(GoalVersion(goal_id=ids["goal"], changed_by_id=ids["person_owner"], **before))
        session.execute(update(Action).values(what=f"{BOTH} action"))
        session.execute(update(Partnership).where(Partnership.id == pair).values(focus=f"{BOTH} focus"))
        said = Comment(lesson_id=ids["lesson"], author_id=ids["person_owner"], partnership_id=pair)
        said.text, said.start_ms, said.created_at = f"{BOTH} card", 9, utc_now()
        session.add(said)
        session.flush()
        for meeting in session.scalars(select(CoachingSession)):
            meeting.moments = [{"start_ms": 9, "comment_id": said.id, "by": ids["person_owner"]}]
            for stage, writer, mark in (("R", None, BOTH), ("O", "owner", HERS), ("W", "coach", HIS)):
                note = SessionNote(session_id=meeting.id, stage=stage, text=f"{mark} item", written_at=utc_now())
                note.author_id = ids[f"person_{writer}"] if writer else None
                session.add(note)
        answer = {"answer": f"{HERS} answer", "answered_at": utc_now(), "title": f"{HIS} walk"}
        session.execute(update(Walk).values(**answer))
        session.execute(update(WalkNote).values(text=f"{HIS} sighting"))
        session.flush()
        coach = session.get_one(Person, ids["person_coach"])
        for item in session.scalars(select(PortfolioItem)):
            item.consent, item.decided_at = "given", utc_now()
            item.agreed = fingerprints(item, source_lines(session, coach, item))


def put_coach_in_line(session: Session, school: School) -> None:
    """Make the coach the manager of the coachee's manager, in the staff list alone: no state is set."""
    session.get_one(Person, school.ids["person_manager"]).manager_id = school.ids["person_coach"]
    session.flush()


def take_coach_out_of_line(session: Session, school: School) -> None:
    """Undo that."""
    session.get_one(Person, school.ids["person_manager"]).manager_id = None
    session.flush()


def suspend(session: Session, school: School) -> None:
    """Suspend as the lead's change of the staff list does."""
    put_coach_in_line(session, school)
    assert suspend_refused(session) == 1


def resume(session: Session, school: School) -> None:
    """Suspend, take the line away, and let the coachee go on."""
    suspend(session, school)
    take_coach_out_of_line(session, school)
    owner = session.get_one(Person, school.ids["person_owner"])
    resume_partnership(session, owner, school.ids["partnership_coach"])


def end(session: Session, school: School) -> None:
    """End the partnership as one of the two does."""
    end_partnership(session, session.get_one(Person, school.ids["person_owner"]), school.ids["partnership_coach"])


def end_suspended(session: Session, school: School) -> None:
    """Let the coach end a suspended partnership, and leave the line of management afterwards."""
    put_coach_in_line(session, school)
    coach = session.get_one(Person, school.ids["person_coach"])
    end_partnership(session, coach, school.ids["partnership_coach"])
    take_coach_out_of_line(session, school)


def end_then_line(session: Session, school: School) -> None:
    """End the partnership, and make the former coach her manager afterwards."""
    end(session, school)
    put_coach_in_line(session, school)


def ask(session: Session, school: School) -> None:
    """Put the partnership back to the day on which it was asked for."""
    row = session.get_one(Partnership, school.ids["partnership_coach"])
    row.state, row.asked_by_id = "asked", school.ids["person_coach"]


def leave(session: Session, school: School) -> None:
    """Let the coach leave the school."""
    mark_left(session, session.get_one(Person, school.ids["person_lead"]), school.ids["person_coach"])


def delete(session: Session, school: School) -> None:
    """Let the coach delete his account."""
    delete_account(session, session.get_one(Person, school.ids["person_coach"]), None)


def nothing(session: Session, school: School) -> None:
    """Leave the partnership active."""


WHEN: dict[str, Change] = {
    "before joining": ask,
    "active": nothing,
    "suspended by the list": suspend,
    "suspended, row not yet": put_coach_in_line,
    "suspended and resumed": resume,
    "ended": end,
    "ended while suspended": end_suspended,
    "ended, then in line": end_then_line,
    "coach left": leave,
    "coach deleted": delete,
}
