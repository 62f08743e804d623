"""Session reminders: one email to each person a day before, unless switched off."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.states import active_now
from annotation.mail_queue import remind
from core.clock import utc_now
from core.models import CoachingSession, Partnership, Person
from core.school_day import day_and_time
from core.settings import get_settings

BEFORE = timedelta(hours=24)


def remind_of_sessions(session: Session) -> int:
    """Write the reminders that are due; a plan that is moved is told anew. Return how many."""
    now = utc_now()
    due = (
        select(CoachingSession, Partnership)
        .join(Partnership, Partnership.id == CoachingSession.partnership_id)
        .where(
            active_now(),
            CoachingSession.planned_at > now,
            CoachingSession.planned_at <= now + BEFORE,
            CoachingSession.began_at.is_(None),
            CoachingSession.ended_at.is_(None),
        )
    )
    count = 0
    for meeting, partnership in session.execute(due).all():
        coach = session.get_one(Person, partnership.coach_id)
        coachee = session.get_one(Person, partnership.coachee_id)
        assert meeting.planned_at is not None
        for person, other in ((coach, coachee), (coachee, coach)):
            about = f"session:{meeting.id}:{meeting.planned_at:%Y%m%d%H%M}:{person.id}"  # calendar rule: a key
            text = (
                f"You and {other.name} meet on {day_and_time(meeting.planned_at)}, for ten to fifteen"
                f" minutes.\n\n{site()}/sessions/{meeting.id}\n"
            )
            count += remind(session, person, f"Your session with {other.name}", text, about)
    return count


def site() -> str:
    """Return the address that people type, for links in mails."""
    settings = get_settings()
    return settings.public_url or f"http://{settings.host}:{settings.port}"
