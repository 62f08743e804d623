"""The programme lead's page: people, pairs and weeks; never what is said or recorded."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from annotation.access.states import states_of
from annotation.coaching.partnerships import list_all_partnerships
from annotation.people.people import leaver_until, list_people
from annotation.school.programme import sessions_by_week
from annotation.school.staff import list_leavers
from annotation.school.suggestions import suggestions_for
from core.models import Person
from web.views.coaching.partnerships import partnership_lines


def programme_context(session: Session, lead: Person) -> dict[str, Any]:
    """Return what the page of the programme shows its lead."""
    people = list_people(session)
    rows = list_all_partnerships(session, lead)
    rows = [one for one in rows if one.state != "asked"]  # a question between two people is theirs
    states = states_of(session, rows)
    partnered = {side for row in rows if states[row.id] == "active" for side in (row.coach_id, row.coachee_id)}
    alone = [one for one in people if one.id not in partnered]
    fitting = suggestions_for(session, alone)
    return {
        "people": [
            {
                "id": one.id,
                "name": one.name,
                "email": one.email,
                "department": one.department,
                "is_lead": one.is_lead,
                "joined": one.joined_at is not None,
            }
            for one in people
        ],
        "leavers": [(one, leaver_until(one)) for one in list_leavers(session)],
        "weeks": sessions_by_week(session, lead),
        "partnerships": partnership_lines(session, lead, rows),
        "without_partner": [
            {"name": one.name, "fitting": [found.name for found in fitting[one.id][:2]]} for one in alone
        ],
        "links": [],
        "plan": None,
    }
