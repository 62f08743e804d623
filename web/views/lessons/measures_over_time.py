"""Charts of measures over lessons, drawn by the server, and what the owner guessed."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import is_coachee, is_owner
from annotation.lessons.guesses import find_guess
from annotation.lessons.measures_over_time import (
    TITLES,
    Figure,
    Measured,
    figure_of,
    lessons_measured,
    owners_shown_by,
    seen_lessons,
)
from core.models import Goal, Lesson, Partnership, Person
from core.school_day import SchoolDay
from core.text.recording_time import clock_time
from web.views.base import View


class NewGuess(BaseModel):
    """A share of the talk (0..1), or that she does not want to guess."""

    share: float | None = None


class GuessView(View):
    """What the owner guessed; `wanted`: she can guess now, and the measures wait for it."""

    wanted: bool
    share: float | None


def guess_view(session: Session, me: Person, lesson: Lesson, measures: dict[str, Any] | None) -> GuessView:
    """Return whether the owner can guess; a lesson without talk or without measures has nothing to guess."""
    made = find_guess(session, me, lesson.id) if is_owner(lesson, me) else None
    asks = is_owner(lesson, me) and made is None and measures is not None and measures["speech_ms"] > 0
    return GuessView(wanted=asks, share=None if made is None else made.share)


WIDTH, HEIGHT, EDGE = 640, 120, 12
"""The size of a chart and its margin, in units of its viewBox."""


@dataclass(frozen=True, slots=True)
class Point:
    """A lesson in a chart: where it is drawn, and what it says. `low_y` and `high_y` end its range."""

    lesson_id: str
    title: str
    day: date
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
    found = [(one, figure) for one in lessons if (figure := figure_of(name, one.figures)) is not None]
    top = max((figure.high or figure.value for _, figure in found), default=0)
    if "share" in name:
        top = 1
    step = (WIDTH - 2 * EDGE) / max(len(found) - 1, 1)

    def height(value: float) -> float:
        return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / (top or 1), 1)

    return [
        Point(
            one.lesson_id,
            one.title,
            one.day,
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


def goal_charts(session: Session, person: Person, goals: Sequence[Goal]) -> dict[str, dict[str, Any] | None]:
    """Return the line of each of some goals, by its id; goals of one person with the same measure have the same."""
    owners = owners_of_lines(session, person, goals)
    measured = lessons_measured(session, set(owners.values())) if owners else {}
    every = [lesson for lessons in measured.values() for lesson in lessons]
    seen = seen_lessons(session, person, every) if every else set()
    its_line = {
        one.id: (owners[one.partnership_id], one.measure)
        for one in goals
        if one.measure and one.partnership_id in owners
    }
    lines = {key: chart_of(key[1], measured.get(key[0], []), seen) for key in set(its_line.values())}
    return {one.id: lines[its_line[one.id]] if one.id in its_line else None for one in goals}


def owners_of_lines(session: Session, person: Person, goals: Sequence[Goal]) -> dict[str, str]:
    """Return whose lessons make the lines of each partnership: the coachee's, for her and where she shows them."""
    wanted = {goal.partnership_id for goal in goals if goal.measure}
    pairs = session.scalars(select(Partnership).where(Partnership.id.in_(wanted))).all() if wanted else []
    owners = {one.id: person.id for one in pairs if is_coachee(one, person)}
    if others := wanted - set(owners):
        owners |= owners_shown_by(session, person, others)
    return owners


def goal_line(session: Session, person: Person, goal: Goal) -> tuple[dict[str, Any] | None, str]:
    """Return the line of a goal's measure across the coachee's lessons, and how it changed, in words.

    For her, and for a coach if she shows it; None and nothing where there is no line.
    """
    shown = owners_of_lines(session, person, [goal])
    if goal.partnership_id not in shown:
        return None, ""
    coachee = shown[goal.partnership_id]
    lessons = lessons_measured(session, {coachee}).get(coachee, [])
    return chart_of(goal.measure, lessons, seen_lessons(session, person, lessons)), _change(goal, lessons)


def _change(goal: Goal, lessons: Sequence[Measured]) -> str:
    """Say how a goal's measure was before the goal was set and since, each as the middle of its lessons; or nothing."""
    figures = [(one.day, found.value) for one in lessons if (found := figure_of(goal.measure, one.figures)) is not None]
    set_on = SchoolDay.of(goal.created_at)
    before = [value for day, value in figures if day < set_on]
    since = [value for day, value in figures if day >= set_on]
    if not before or not since:
        return ""
    then, now = in_words(goal.measure, median(before)), in_words(goal.measure, median(since))
    count = f"{len(since)} lesson{'s' if len(since) > 1 else ''}"
    return f"Before this goal: {then}. In {count} since: {now}."
