"""Page of a teacher's measures over time: charts drawn on the server, and tables."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from annotation.coaching.partnerships import list_partnerships
from annotation.lessons.guesses import keep_guess
from annotation.lessons.measures_over_time import (
    PAGE,
    TITLES,
    Figure,
    Measured,
    figure_of,
    lessons_to_guess,
    own_lessons_measured,
    seen_lessons,
    show_to,
    showings_of,
    shown_by,
    withdraw_showing,
)
from annotation.lessons.openings import measures_openings, record_measures_opening
from core.clock import utc_now
from core.database.db import get_database
from core.errors import NotFound
from core.models import Goal, Partnership, Person
from core.school_day import SchoolDay, day_in_words
from web.auth import CurrentPerson
from web.rendering import clock_time, go, page
from web.routes.coaching.partnerships import partnership_lines
from web.views.api import GuessView, NewGuess

router = APIRouter(include_in_schema=False)

WIDTH, HEIGHT, EDGE = 640, 120, 12
"""The size of a chart and its margin, in units of its viewBox."""


@dataclass(frozen=True, slots=True)
class Point:
    """A lesson in a chart: where it is drawn, and what it says. `low_y` and `high_y` end its range."""

    lesson_id: str
    title: str
    day: str
    figure: str
    range: str
    x: float
    y: float
    low_y: float
    high_y: float


def in_words(name: str, value: float) -> str:
    """Write a figure as people say it: "61 %", "2.4 s", "7:30", "12"."""
    if "share" in name:
        return f"{value:.0%}".replace("%", " %")
    if name.startswith("wait"):
        return f"{value / 1000:.1f} s"
    return clock_time(round(value)) if name.endswith("_ms") else f"{value:.0f}"


def points_of(name: str, lessons: Sequence[Measured]) -> list[Point]:
    """Place the lessons that have this figure, in their order; the scale begins at zero."""
    found = [(one, figure) for one in lessons if (figure := figure_of(name, one.measures)) is not None]
    top = max((figure.high or figure.value for _, figure in found), default=0)
    if "share" in name:
        top = 1
    step = (WIDTH - 2 * EDGE) / max(len(found) - 1, 1)
    today = SchoolDay.of(utc_now())

    def height(value: float) -> float:
        return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / (top or 1), 1)

    return [
        Point(
            one.lesson_id,
            one.title,
            day_in_words(one.day, today),
            in_words(name, figure.value),
            _range_in_words(name, figure),
            round(EDGE + k * step, 1),
            height(figure.value),
            height(figure.value if figure.low is None else figure.low),
            height(figure.value if figure.high is None else figure.high),
        )
        for k, (one, figure) in enumerate(found)
    ]


def _range_in_words(name: str, figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return figure.note
    low, high = in_words(name, figure.low), in_words(name, figure.high)
    return "" if low == high else f"{low} to {high}"


def chart_of(name: str, lessons: Sequence[Measured], seen: Container[str] | None = None) -> dict[str, Any] | None:
    """Return what the template draws, or None without a point; only lessons in `seen` (None: all) can be opened."""
    points = points_of(name, lessons)
    opened = [one.lesson_id if seen is None or one.lesson_id in seen else None for one in points]
    size = {"width": WIDTH, "height": HEIGHT}
    return (
        {"name": name, "title": TITLES[name], "points": list(zip(points, opened, strict=True)), **size}
        if points
        else None
    )


def goal_chart(session: Session, person: Person, goal: Goal) -> dict[str, Any] | None:
    """Return the line of a goal's measure across the coachee's lessons: for her, and for a coach if she shows it."""
    lessons = goal_lessons(session, person, goal)
    return chart_of(goal.measure, lessons, seen_lessons(session, person, lessons)) if lessons else None


def goal_lessons(session: Session, person: Person, goal: Goal) -> list[Measured]:
    """Return the coachee's measured lessons for a goal's line: for her, and for a coach if she shows them."""
    if not goal.measure:
        return []
    partnership = session.get_one(Partnership, goal.partnership_id)
    if person.id == partnership.coachee_id:
        return own_lessons_measured(session, person)
    try:
        return own_lessons_measured(session, shown_by(session, person, partnership.id))
    except NotFound:
        return []


def goal_change(session: Session, person: Person, goal: Goal) -> str:
    """Say how a goal's measure was before the goal was set and since, each as the middle of its lessons; or nothing."""
    lessons = goal_lessons(session, person, goal)
    figures = [
        (one.day, found.value) for one in lessons if (found := figure_of(goal.measure, one.measures)) is not None
    ]
    set_on = SchoolDay.of(goal.created_at)
    before = [value for day, value in figures if day < set_on]
    since = [value for day, value in figures if day >= set_on]
    if not before or not since:
        return ""
    then, now = in_words(goal.measure, median(before)), in_words(goal.measure, median(since))
    count = f"{len(since)} lesson{'s' if len(since) > 1 else ''}"
    return f"Before this goal: {then}. In {count} since: {now}."


@router.get("/measures", response_class=HTMLResponse)
def show_measures(request: Request, person: CurrentPerson) -> HTMLResponse:
    """Show a teacher her own measures, and to whom she shows them."""
    with get_database().read() as session:
        lessons = own_lessons_measured(session, person)
        shown = showings_of(session, person)
        coached = [one for one in list_partnerships(session, person) if one.coachee_id == person.id]
        there = {row.partnership_id for row, _ in shown}
        others = [one for one in coached if one.state == "active" and one.id not in there]
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
            "openings": [one.opened_at for one, _ in opened if one.showing_id == row.id],
        }
        for row, coach in shown
    ]
    return page(request, "lessons/measures.html", person, page_title="Measures", owner=None, **context)


@router.get("/measures/of/{partnership_id}", response_class=HTMLResponse)
def show_coachees_measures(request: Request, partnership_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show a coach what his coachee shows him; a lesson that is not shared with him is a day and a figure."""
    with get_database().write() as session:
        owner = shown_by(session, person, partnership_id)
        record_measures_opening(session, person, partnership_id)
        lessons = own_lessons_measured(session, owner)
        seen = seen_lessons(session, person, lessons)
    charts = [chart for name in PAGE if (chart := chart_of(name, lessons, seen))]
    context: dict[str, Any] = {"charts": charts, "lessons": len(lessons), "to_guess": [], "coaches": [], "shown": []}
    title = f"Measures of {owner.name}"
    return page(request, "lessons/measures.html", person, page_title=title, owner=owner.name, **context)


@router.post("/measures/shown")
def show_to_partnership(partnership_id: Annotated[str, Form()], person: CurrentPerson) -> Response:
    """Show one's measures to a partnership."""
    with get_database().write() as session:
        show_to(session, person, partnership_id)
    return go("/measures", "measures-shown")


@router.post("/measures/shown/{showing_id}/take-back")
def take_back(showing_id: str, person: CurrentPerson) -> Response:
    """Close it at once."""
    with get_database().write() as session:
        withdraw_showing(session, person, showing_id)
    return go("/measures", "share-closed")


@router.post("/api/lessons/{lesson_id}/guess", include_in_schema=True)
def guess(lesson_id: str, made: NewGuess, person: CurrentPerson) -> GuessView:
    """Keep what she guesses, or that she skips it; the first answer stays."""
    with get_database().write() as session:
        kept = keep_guess(session, person, lesson_id, made.share)
        return GuessView(wanted=False, share=kept.share)
