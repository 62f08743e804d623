"""Session reminders: one email to each person a day before, unless switched off."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.states import active_now
from annotation.mail_queue import Reminder, mail_is_on, write_reminders
from core.clock import utc_now
from core.models import CoachingSession, Partnership, Person
from core.school_day import day_and_time
from core.settings import get_settings

BEFORE = timedelta(hours=24)


def remind_of_sessions(session: Session) -> int:
    """Write the reminders that are due; a plan that is moved is told anew. Return how many."""
    now = utc_now()
    due = (
        select(CoachingSession.id, CoachingSession.planned_at, Partnership.coach_id, Partnership.coachee_id)
        .join(Partnership, Partnership.id == CoachingSession.partnership_id)
        .where(
            active_now(),
            CoachingSession.planned_at > now,
            CoachingSession.planned_at <= now + BEFORE,
            CoachingSession.began_at.is_(None),
            CoachingSession.ended_at.is_(None),
        )
    )
    meetings = session.execute(due).all() if mail_is_on() else []
    ids = {one.coach_id for one in meetings} | {one.coachee_id for one in meetings}
    people = {one.id: one for one in session.scalars(select(Person).where(Person.id.in_(ids)))} if ids else {}
    reminders = []
    for meeting in meetings:
        when = day_and_time(meeting.planned_at)
        for one, its_other in ((meeting.coach_id, meeting.coachee_id), (meeting.coachee_id, meeting.coach_id)):
            about = f"session:{meeting.id}:{meeting.planned_at:%Y%m%d%H%M}:{one}"  # calendar rule: a key
            name = people[its_other].name
            text = f"You and {name} meet on {when}, for ten to fifteen minutes.\n\n"
            text += f"{site()}/sessions/{meeting.id}\n"
            reminders.append(Reminder(people[one], f"Your session with {name}", text, about))
    return write_reminders(session, reminders)


def site() -> str:
    """Return the address that people type, for links in mails."""
    settings = get_settings()
    return settings.public_url or f"http://{settings.host}:{settings.port}"
