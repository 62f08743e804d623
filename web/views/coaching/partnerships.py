"""Partnerships as one of the two sees them, and the page of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from annotation.access.reading import asked_for, is_coach, other_person, written_open
from annotation.access.states import states_of
from annotation.coaching.actions import actions_of
from annotation.coaching.conversations import recorded_with
from annotation.coaching.goals import MEASURES, GoalText, goals_of, set_by_the_coach
from annotation.coaching.partnerships import get_partnership, names_of
from annotation.lessons.clips import clips_with
from annotation.lessons.lessons import lessons_with
from annotation.people.names import both_names_of
from core.models import Partnership, Person
from web.views.coaching.sessions import session_lines


def partnership_lines(session: Session, me: Person, rows: Sequence[Partnership]) -> list[dict[str, Any]]:
    """Return partnerships as one of the two sees them, or the lead; the focus where what they wrote is open."""
    states, is_open = states_of(session, rows), written_open(session, me, rows)
    sides = {one.coach_id for one in rows} | {one.coachee_id for one in rows}
    people = both_names_of(session, sides)
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "verb": "coach" if one.kind == "coaching" else "mentor",
            "focus": one.focus if one.id in is_open or one.state == "asked" or asked_for(one, me) else "",
            "state": states[one.id],
            "is_open": one.id in is_open,
            "coach_id": one.coach_id,
            "coachee_id": one.coachee_id,
            "coach": people[one.coach_id][0],
            "coachee": people[one.coachee_id][0],
            "other": people[other_person(one, me)][0],
            "other_called": people[other_person(one, me)][1],
            "i_coach": is_coach(one, me),
            "asks_me": one.state == "asked" and not asked_for(one, me),
            "url": f"/partnerships/{one.id}",
        }
        for one in rows
    ]


def partnership_context(session: Session, person: Person, partnership_id: str) -> dict[str, Any]:
    """Return what the page of one partnership shows."""
    row = get_partnership(session, person, partnership_id)
    goals = goals_of(session, person, [row.id])
    names = names_of(session, {goal.set_by_id for goal in goals})
    meetings = session_lines(session, person, row.id)
    return {
        "actions": actions_of(session, person, row.id),
        "planned": next((one for one in meetings if one["planned_at"] and not one["over"]), None),
        "recorded": recorded_with(session, person, row.id),
        "partnership": partnership_lines(session, person, [row])[0],
        "goals": [
            {
                "id": goal.id,
                "title": goal.title,
                "will": goal.will,
                "closed_at": goal.closed_at,
                "set_by": names[goal.set_by_id],
                "set_by_coach": set_by_the_coach(goal, row),
            }
            for goal in goals
        ],
        "lessons": lessons_with(session, person, row.id),
        "clips": clips_with(session, person, row.id),
        "meetings": [one for one in meetings if one["over"] or not one["planned_at"]],
        "measure_names": MEASURES,
        "draft": GoalText(""),
    }
