"""The page of a teacher's own measures over time: small charts drawn on the server, and the same as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from annotation.own_measures import TITLES, Figure, Measured, figure_of, own_lessons_measured
from annotation.sharing import day_in_words
from core.clock import utc_now
from core.db import get_database
from web.auth import CurrentPerson
from web.rendering import clock_time, page

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
    if name == "teacher_share_of_talk":
        return f"{value:.0%}".replace("%", " %")
    if name == "wait_1_median_ms":
        return f"{value / 1000:.1f} s"
    return clock_time(round(value)) if name.endswith("_ms") else f"{value:.0f}"


def points_of(name: str, lessons: Sequence[Measured]) -> list[Point]:
    """Place the lessons that have this figure, in their order; the scale begins at zero."""
    found = [(one, figure) for one in lessons if (figure := figure_of(name, one.measures)) is not None]
    top = max((figure.high or figure.value for _, figure in found), default=0)
    if name == "teacher_share_of_talk":
        top = 1
    step = (WIDTH - 2 * EDGE) / max(len(found) - 1, 1)
    today = utc_now().date()

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


@router.get("/measures", response_class=HTMLResponse)
def show_measures(request: Request, person: CurrentPerson) -> HTMLResponse:
    """Show a teacher her own measures; there is no address at which anybody else sees them."""
    with get_database().read() as session:
        lessons = own_lessons_measured(session, person)
    charts = [
        {"name": name, "title": title, "points": points}
        for name, title in TITLES.items()
        if (points := points_of(name, lessons))
    ]
    size = {"width": WIDTH, "height": HEIGHT}
    return page(request, "measures.html", person, page_title="Measures", charts=charts, lessons=len(lessons), size=size)
