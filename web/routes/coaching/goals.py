"""Goal pages and their forms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from annotation.coaching.goals import (
    GoalText,
    close_goal,
    edit_goal,
    reopen_goal,
    set_goal,
)
from core.database.db import get_database
from web.forms.sent_once import SentForm, answer_once
from web.rendering import go, page
from web.security.auth import CurrentPerson
from web.transfer.openings import note_measures
from web.views.coaching.goals import goal_context

router = APIRouter(include_in_schema=False)


def goal_form(
    title: Annotated[str, Form()] = "",
    reality: Annotated[str, Form()] = "",
    options: Annotated[str, Form()] = "",
    will: Annotated[str, Form()] = "",
    measure: Annotated[str, Form()] = "",
    direction: Annotated[str, Form()] = "",
) -> GoalText:
    """Read the form of a goal."""
    return GoalText(title, reality, options, will, measure, direction if measure else "")


GoalForm = Annotated[GoalText, Depends(goal_form)]


@router.post("/partnerships/{partnership_id}/goals")
def set_new(partnership_id: str, person: CurrentPerson, text: GoalForm, sent: SentForm) -> Response:
    """Set a goal."""
    with get_database().write() as session:

        def act() -> Response:
            return go(f"/goals/{set_goal(session, person, partnership_id, text).id}", "goal-set")

        return answer_once(session, person, sent, act)


@router.get("/goals/{goal_id}", response_class=HTMLResponse)
def show_goal(request: Request, goal_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show a goal to the two of its partnership."""
    with get_database().read() as session:
        context = goal_context(session, person, goal_id)
    if context["chart"] is not None:
        note_measures(person, [context["goal"].partnership_id])
    return page(request, "coaching/goal.html", person, page_title=context["goal"].title, **context)


@router.post("/goals/{goal_id}")
def change_goal(goal_id: str, person: CurrentPerson, text: GoalForm, version: Annotated[str, Form()] = "") -> Response:
    """Rewrite a goal; either of the two may. `version` is that of the text in the form when it was shown."""
    with get_database().write() as session:
        edit_goal(session, person, goal_id, text, version)
    return go(f"/goals/{goal_id}", "saved")


@router.post("/goals/{goal_id}/close")
def close(goal_id: str, person: CurrentPerson, sent: SentForm, outcome: Annotated[str, Form()] = "") -> Response:
    """Put a goal aside, with what changed."""
    with get_database().write() as session:

        def act() -> Response:
            close_goal(session, person, goal_id, outcome)
            return go(f"/goals/{goal_id}", "goal-closed")

        return answer_once(session, person, sent, act)


@router.post("/goals/{goal_id}/reopen")
def reopen(goal_id: str, person: CurrentPerson) -> Response:
    """Take a goal up again."""
    with get_database().write() as session:
        reopen_goal(session, person, goal_id)
    return go(f"/goals/{goal_id}", "goal-open")
