"""Goal pages and their forms."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from annotation.coaching.actions import actions_of
from annotation.coaching.goals import (
    MEASURES,
    GoalText,
    close_goal,
    edit_goal,
    get_goal,
    reopen_goal,
    set_by_the_coach,
    set_goal,
    versions_of_goal,
)
from annotation.coaching.partnerships import get_partnership, names_of
from annotation.lessons.comments import comments_on_goal
from annotation.lessons.openings import record_measures_opening
from core.database.db import get_database
from core.models import Person
from web.auth import CurrentPerson
from web.rendering import go, page
from web.routes.coaching.partnerships import partnership_lines
from web.routes.lessons.measures_over_time import goal_change, goal_chart
from web.views.lessons.lesson import comment_url

router = APIRouter(include_in_schema=False)

GROW = (("G", "Goal"), ("R", "Reality"), ("O", "Options"), ("W", "Will"), ("", "Without a stage"))


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
def set_new(partnership_id: str, person: CurrentPerson, text: GoalForm) -> Response:
    """Set a goal."""
    with get_database().write() as session:
        goal_id = set_goal(session, person, partnership_id, text).id
    return go(f"/goals/{goal_id}", "goal-set")


def goal_context(session: Session, person: Person, goal_id: str) -> dict[str, Any]:
    """Return what a goal's page shows."""
    goal = get_goal(session, person, goal_id)
    partnership = get_partnership(session, person, goal.partnership_id)
    return {
        "chart": goal_chart(session, person, goal),
        "goal": goal,
        "set_by": names_of(session, {goal.set_by_id})[goal.set_by_id],
        "set_by_coach": set_by_the_coach(goal, partnership),
        "partnership": partnership_lines(session, person, [partnership])[0],
        "actions": actions_of(session, person, goal_id=goal_id),
        "versions": versions_of_goal(session, person, goal_id),
        "change": goal_change(session, person, goal),
        "stages": GROW,
        "comments": [
            {
                "author": one.author.name,
                "where": "a lesson that is not shared now" if one.place is None else one.place.title,
                "url": comment_url(one),
                "stage": one.comment.stage,
                "text": one.comment.text,
                "start_ms": one.at_ms,
            }
            for one in comments_on_goal(session, person, goal_id)
        ],
        "measure_names": MEASURES,
    }


@router.get("/goals/{goal_id}", response_class=HTMLResponse)
def show_goal(request: Request, goal_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show a goal to the two of its partnership."""
    with get_database().write() as session:
        context = goal_context(session, person, goal_id)
        if context["chart"] is not None:
            record_measures_opening(session, person, context["goal"].partnership_id)
    return page(request, "coaching/goal.html", person, page_title=context["goal"].title, **context)


@router.post("/goals/{goal_id}")
def change_goal(goal_id: str, person: CurrentPerson, text: GoalForm) -> Response:
    """Rewrite a goal; either of the two may."""
    with get_database().write() as session:
        edit_goal(session, person, goal_id, text)
    return go(f"/goals/{goal_id}", "saved")


@router.post("/goals/{goal_id}/close")
def put_aside(goal_id: str, person: CurrentPerson, outcome: Annotated[str, Form()] = "") -> Response:
    """Put a goal aside, with what changed."""
    with get_database().write() as session:
        close_goal(session, person, goal_id, outcome)
    return go(f"/goals/{goal_id}", "goal-closed")


@router.post("/goals/{goal_id}/reopen")
def take_up(goal_id: str, person: CurrentPerson) -> Response:
    """Take a goal up again."""
    with get_database().write() as session:
        reopen_goal(session, person, goal_id)
    return go(f"/goals/{goal_id}", "goal-open")
