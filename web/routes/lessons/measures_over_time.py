"""Page of a teacher's measures over time: charts drawn on the server, and tables."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from annotation.coaching.partnerships import coached_in
from annotation.lessons.guesses import save_guess
from annotation.lessons.measures_over_time import (
    PAGE,
    lessons_to_guess,
    own_lessons_measured,
    seen_lessons,
    show_to,
    showings_of,
    shown_by,
    withdraw_showing,
)
from annotation.lessons.openings import LISTED, measures_openings
from core.database.db import get_database
from web.forms.sent_once import SentForm, answer_once
from web.rendering import go, page
from web.security.auth import CurrentPerson
from web.security.whole_text import PlainJsonRoute
from web.transfer.openings import note_measures
from web.views.coaching.partnerships import partnership_lines
from web.views.lessons.measures_over_time import GuessView, NewGuess, chart_of

router = APIRouter(route_class=PlainJsonRoute, include_in_schema=False)


@router.get("/measures", response_class=HTMLResponse)
def show_measures(request: Request, person: CurrentPerson) -> HTMLResponse:
    """Show a teacher her own measures, and to whom she shows them."""
    with get_database().read() as session:
        lessons = own_lessons_measured(session, person)
        shown = showings_of(session, person)
        there = {row.partnership_id for row, _ in shown}
        others = [one for one in coached_in(session, person) if one.id not in there]
        lines = partnership_lines(session, person, others)
        to_guess = lessons_to_guess(session, person)
        opened = measures_openings(session, person)
    charts = [chart for name in PAGE if (chart := chart_of(name, lessons))]
    context: dict[str, Any] = {"charts": charts, "lessons": len(lessons), "to_guess": to_guess, "coaches": lines}
    context["shown"] = [
        {
            "id": row.id,
            "name": coach.name,
            "since": row.shown_at,
            "openings": [one.opened_at for one, _ in opened if one.showing_id == row.id and one.kind != LISTED],
        }
        for row, coach in shown
    ]
    return page(request, "lessons/measures.html", person, page_title="Measures", owner=None, **context)


@router.get("/measures/of/{partnership_id}", response_class=HTMLResponse)
def show_coachees_measures(request: Request, partnership_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show a coach what his coachee shows him; a lesson that is not shared with him is a day and a figure."""
    with get_database().read() as session:
        owner = shown_by(session, person, partnership_id)
        lessons = own_lessons_measured(session, owner)
        seen = seen_lessons(session, person, lessons)
    note_measures(person, [partnership_id])
    charts = [chart for name in PAGE if (chart := chart_of(name, lessons, seen))]
    context: dict[str, Any] = {"charts": charts, "lessons": len(lessons), "to_guess": [], "coaches": [], "shown": []}
    title = f"Measures of {owner.name}"
    return page(request, "lessons/measures.html", person, page_title=title, owner=owner.name, **context)


@router.post("/measures/shown")
def show_to_partnership(partnership_id: Annotated[str, Form()], person: CurrentPerson, sent: SentForm) -> Response:
    """Show one's measures to a partnership; the same form that arrives again, late, opens nothing again."""
    with get_database().write() as session:

        def act() -> Response:
            show_to(session, person, partnership_id)
            return go("/measures", "measures-shown")

        return answer_once(session, person, sent, act)


@router.post("/measures/shown/{showing_id}/take-back")
def hide_from_partnership(showing_id: str, person: CurrentPerson) -> Response:
    """Close it at once."""
    with get_database().write() as session:
        withdraw_showing(session, person, showing_id)
    return go("/measures", "share-closed")


@router.post("/api/lessons/{lesson_id}/guess", include_in_schema=True)
def guess(lesson_id: str, made: NewGuess, person: CurrentPerson) -> GuessView:
    """Save what she guesses, or that she skips it; the first answer stays."""
    with get_database().write() as session:
        share = save_guess(session, person, lesson_id, made.share).share
    return GuessView(wanted=False, share=share)
