"""Partnership routes: overview, goals, requests, ending."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from annotation.coaching.actions import add_action, set_done
from annotation.coaching.conversations import recorded_with
from annotation.coaching.partnerships import (
    answer_request,
    ask_for_partnership,
    end_partnership,
    list_partnerships,
    resume_partnership,
)
from annotation.school.suggestions import suggestions_for
from core.database.db import get_database
from core.errors import InvalidInput
from core.school_day import FIRST_YEAR, LAST_YEAR
from web.forms.sent_once import SentForm, answer_once
from web.rendering import go, page
from web.security.auth import CurrentPerson
from web.views.coaching.partnerships import partnership_context, partnership_lines

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


@router.get("/partnerships", response_class=HTMLResponse)
def show_partnerships(request: Request, person: CurrentPerson) -> HTMLResponse:
    """Show who one works with."""
    with get_database().read() as session:
        context: dict[str, Any] = {
            "partnerships": partnership_lines(session, person, list_partnerships(session, person)),
            "suggestions": suggestions_for(session, [person])[person.id],
            "department": person.department,
            "recorded": recorded_with(session, person),
        }
    return page(request, "coaching/partnerships.html", person, page_title="Partnerships", **context)


@router.post("/partnerships")
def ask(
    person: CurrentPerson, sent: SentForm, other_id: Text = "", part: Text = "", kind: Text = "", focus: Text = ""
) -> Response:
    """Ask a colleague to be partners; `part` says whether the asker is the `coach` or the `coachee`."""
    with get_database().write() as session:

        def act() -> Response:
            i_coach = part == "coach"
            asked = ask_for_partnership(session, person, other_id, i_coach=i_coach, kind=kind, focus=focus)
            return go(f"/partnerships/{asked.id}", "asked")

        return answer_once(session, person, sent, act)


@router.post("/partnerships/{partnership_id}/answer")
def reply_to_request(partnership_id: str, person: CurrentPerson, answer: Text = "") -> Response:
    """Say yes or no to a colleague who asked."""
    with get_database().write() as session:
        answer_request(session, person, partnership_id, yes=answer == "yes")
    if answer == "yes":
        return go(f"/partnerships/{partnership_id}", "partners-now")
    return go("/partnerships", "declined")


@router.post("/partnerships/{partnership_id}/resume")
def resume(partnership_id: str, person: CurrentPerson) -> Response:
    """Go on with a suspended partnership once the staff list allows it."""
    with get_database().write() as session:
        resume_partnership(session, person, partnership_id)
    return go(f"/partnerships/{partnership_id}", "resumed")


@router.post("/partnerships/{partnership_id}/actions")
def note_action(
    partnership_id: str,
    person: CurrentPerson,
    sent: SentForm,
    what: Text = "",
    by: Text = "",
    goal_id: Text = "",
) -> Response:
    """Write down one thing to do."""
    with get_database().write() as session:

        def act() -> Response:
            add_action(session, person, partnership_id, what, day_of(by), goal_id=goal_id or None)
            return go(f"/goals/{goal_id}" if goal_id else f"/partnerships/{partnership_id}", "action-kept")

        return answer_once(session, person, sent, act)


@router.post("/actions/{action_id}/done")
def tick(action_id: str, person: CurrentPerson, done: Annotated[bool, Form()] = True) -> Response:
    """Tick an action, or undo that."""
    with get_database().write() as session:
        action = set_done(session, person, action_id, done=done)
        address = f"/goals/{action.goal_id}" if action.goal_id else f"/partnerships/{action.partnership_id}"
    return go(address, "saved")


def day_of(written: str) -> date | None:
    """Read a day from a form; nothing written is no day. Raises InvalidInput."""
    try:
        day = date.fromisoformat(written) if written else None
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(written)
        return day
    except ValueError:
        raise InvalidInput(why="Please choose a day.", fields=("by",)) from None


@router.get("/partnerships/{partnership_id}", response_class=HTMLResponse)
def show_partnership(request: Request, partnership_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show one partnership to one of its two."""
    with get_database().read() as session:
        context = partnership_context(session, person, partnership_id)
    return page(request, "coaching/partnership.html", person, page_title=context["partnership"]["other"], **context)


@router.post("/partnerships/{partnership_id}/end")
def end(partnership_id: str, person: CurrentPerson) -> Response:
    """End a partnership; either of the two may."""
    with get_database().write() as session:
        end_partnership(session, person, partnership_id)
    return go(f"/partnerships/{partnership_id}", "partnership-ended")
