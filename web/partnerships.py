"""Partnership pages: who one works with, their goals, how to end it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from annotation.clips import clips_with
from annotation.goals import MEASURES, GoalText, goals_of, set_by_the_coach
from annotation.lessons import list_own, list_shared
from annotation.partnerships import end_partnership, get_partnership, list_partnerships, names_of
from annotation.sharing import open_shares
from core.db import get_database
from core.models import Partnership, Person
from web.auth import CurrentPerson
from web.rendering import go, page
from web.sessions import session_lines

router = APIRouter(include_in_schema=False)


def partnership_lines(session: Session, me: Person, rows: Sequence[Partnership]) -> list[dict[str, Any]]:
    """Return partnerships as one of the two sees them."""
    names = names_of(session, {one.coach_id for one in rows} | {one.coachee_id for one in rows})
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "focus": one.focus,
            "state": one.state,
            "coach_id": one.coach_id,
            "coachee_id": one.coachee_id,
            "coach": names[one.coach_id],
            "coachee": names[one.coachee_id],
            "other": names[one.coachee_id if one.coach_id == me.id else one.coach_id],
            "i_coach": one.coach_id == me.id,
            "url": f"/partnerships/{one.id}",
        }
        for one in rows
    ]


@router.get("/partnerships", response_class=HTMLResponse)
def show_partnerships(request: Request, person: CurrentPerson) -> HTMLResponse:
    """Show who one works with."""
    with get_database().read() as session:
        lines = partnership_lines(session, person, list_partnerships(session, person))
    return page(request, "partnerships.html", person, page_title="Partnerships", partnerships=lines)


def partnership_context(session: Session, person: Person, partnership_id: str) -> dict[str, Any]:
    """Return what the page of one partnership shows."""
    row = get_partnership(session, person, partnership_id)
    goals = goals_of(session, person, [row.id])
    names = names_of(session, {goal.set_by_id for goal in goals})
    mine = list(list_own(session, person)) + [lesson for lesson, _ in list_shared(session, person)]
    shared = open_shares(session, person, [lesson.id for lesson in mine])
    return {
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
        "lessons": [
            lesson for lesson in mine if any(one.partnership.id == row.id for one in shared.get(lesson.id, []))
        ],
        "clips": clips_with(session, person, row.id),
        "meetings": session_lines(session, person, row.id),
        "measure_names": MEASURES,
        "draft": GoalText(""),
    }


@router.get("/partnerships/{partnership_id}", response_class=HTMLResponse)
def show_partnership(request: Request, partnership_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show one partnership to one of its two."""
    with get_database().read() as session:
        context = partnership_context(session, person, partnership_id)
    return page(request, "partnership.html", person, page_title=context["partnership"]["other"], **context)


@router.post("/partnerships/{partnership_id}/end")
def end(partnership_id: str, person: CurrentPerson) -> Response:
    """End a partnership; either of the two may."""
    with get_database().write() as session:
        end_partnership(session, person, partnership_id)
    return go(f"/partnerships/{partnership_id}", "partnership-ended")
