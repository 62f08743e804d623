"""A teacher's own measures across her lessons, each with how sure it is; never a target, never a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from statistics import quantiles
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Lesson, MeasuresRow, Person

FEW_WAITS = 5
"""Below this many waits a median or a share says little, and the page says so in words."""

TITLES = {
    "teacher_share_of_talk": "Your share of the talk",
    "wait_1_median_ms": "Wait after a question",
    "open_questions": "Open and probing questions",
    "pupil_ms": "Pupil talk",
    "longest_teacher_stretch_ms": "Longest stretch of your talk",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one lesson: `low` and `high` bound it where that is known, `note` says what makes it unsure."""

    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A lesson of hers that has been measured."""

    lesson_id: str
    title: str
    day: date
    measures: Mapping[str, Any]


def own_lessons_measured(session: Session, person: Person) -> list[Measured]:
    """Return her own measured lessons, oldest first; one that is deleted or still worked on is not among them."""
    rows = session.execute(
        select(Lesson, MeasuresRow.document)
        .join(MeasuresRow, MeasuresRow.lesson_id == Lesson.id)
        .where(Lesson.owner_id == person.id, Lesson.deleted_at.is_(None))
        .order_by(Lesson.created_at, Lesson.id)
    )
    found = [Measured(one.id, one.title, one.taught_on or one.created_at.date(), document) for one, document in rows]
    return sorted(found, key=lambda one: one.day)


def figure_of(name: str, measures: Mapping[str, Any]) -> Figure | None:
    """Return one measure of a lesson with its uncertainty; None where the lesson has no such figure."""
    if not measures["speech_ms"]:
        return None
    if name == "teacher_share_of_talk":
        return _part(measures["teacher_ms"], measures, measures["speech_ms"])
    if name == "pupil_ms":
        return _part(measures["pupil_ms"], measures, 1)
    if name == "wait_1_median_ms":
        return _wait(measures)
    if name == "open_questions":
        kinds = measures["questions_by_kind"]
        return Figure(kinds.get("open", 0) + kinds.get("probing", 0))
    return Figure(measures[name])


def _part(part_ms: int, measures: Mapping[str, Any], whole: int) -> Figure:
    """Bound a part of the talk: all talk of an unsure voice may belong to it, or none."""
    return Figure(part_ms / whole, part_ms / whole, (part_ms + measures["unsure_ms"]) / whole)


def _wait(measures: Mapping[str, Any]) -> Figure | None:
    """Bound the median wait by the middle half of the waits, and say so when they are few."""
    middle = measures["wait_1_median_ms"]
    if middle is None:
        return None
    waits = [end - start for start, end in measures["heard_in"].get("wait_1_median_ms", ())]
    if len(waits) < FEW_WAITS:
        return Figure(middle, note=f"few waits: {len(waits)}" if waits else "few waits")
    low, _, high = quantiles(waits, n=4, method="inclusive")
    return Figure(middle, min(low, middle), max(high, middle))
