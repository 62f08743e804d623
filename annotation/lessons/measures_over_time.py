"""A teacher's measures across her lessons, each with its uncertainty, and whom she shows them to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import is_owner, lessons_seen_by, live_showing
from annotation.lessons.sharing import require_coached_in
from core.clock import utc_now
from core.database.insert import insert_or_find
from core.errors import NotFound
from core.models import Guess, Lesson, MeasuresRow, Partnership, Person, ShownMeasures
from core.school_day import SchoolDay

FEW_WAITS = 5
"""Below this many waits a median or a share says little, and the page says so in words."""

TITLES = {
    "teacher_share_of_talk": "Your share of the talk",
    "wait_1_median_ms": "Wait after a question",
    "open_questions": "Open and probing questions",
    "pupil_ms": "Pupil talk",
    "wait_1_share_3s": "Waits of three seconds or more",
    "longest_teacher_stretch_ms": "Longest stretch of your talk",
    "turn_changes": "Changes of who speaks",
    "wait_2_median_ms": "Wait after an answer",
}
PAGE = tuple(TITLES)[:6]
"""What the page shows; a goal may name any of the titles."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one lesson: `low` and `high` bound it where that is known, `note` says what makes it unsure."""

    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A lesson of hers that has been measured; `figures` are those of `MeasuresRow`."""

    lesson_id: str
    title: str
    day: date
    figures: Mapping[str, Any]


def own_lessons_measured(session: Session, person: Person) -> list[Measured]:
    """Return her own measured lessons, oldest first.

    One that is deleted or still worked on is not among them, nor one before she guessed (or skipped it) on its page.
    """
    return lessons_measured(session, {person.id}).get(person.id, [])


def lessons_measured(session: Session, owner_ids: Collection[str]) -> dict[str, list[Measured]]:
    """Return the measured lessons of each of some owners, as `own_lessons_measured` does."""
    rows = session.execute(
        select(Lesson.id, Lesson.owner_id, Lesson.title, Lesson.taught_on, Lesson.created_at, MeasuresRow.figures)
        .join(MeasuresRow, MeasuresRow.lesson_id == Lesson.id)
        .join(Guess, (Guess.lesson_id == Lesson.id) & (Guess.person_id == Lesson.owner_id))
        .where(Lesson.owner_id.in_(owner_ids), Lesson.deleted_at.is_(None), Lesson.conversation_id.is_(None))
        .order_by(Lesson.created_at, Lesson.id)
    )
    found: dict[str, list[Measured]] = {}
    for one in rows:
        measured = Measured(one.id, one.title, SchoolDay.of(one.taught_on or one.created_at), one.figures)
        found.setdefault(one.owner_id, []).append(measured)
    return {owner_id: sorted(lessons, key=lambda one: one.day) for owner_id, lessons in found.items()}


def lessons_to_guess(session: Session, person: Person) -> list[tuple[str, str]]:
    """Return id and title of her measured lessons whose page has not asked her yet."""
    rows = session.execute(
        select(Lesson.id, Lesson.title)
        .join(MeasuresRow, MeasuresRow.lesson_id == Lesson.id)
        .outerjoin(Guess, (Guess.lesson_id == Lesson.id) & (Guess.person_id == Lesson.owner_id))
        .where(Lesson.owner_id == person.id, Lesson.deleted_at.is_(None), Guess.lesson_id.is_(None))
        .where(Lesson.conversation_id.is_(None))
        .order_by(Lesson.created_at)
    )
    return [(row.id, row.title) for row in rows]


def show_to(session: Session, person: Person, partnership_id: str) -> None:
    """Show one's measures over time to a partnership in which one is coached; twice is once. Raises NotFound."""
    require_coached_in(session, person, partnership_id, "Measures can be shown to somebody who coaches you.")
    made = ShownMeasures(owner_id=person.id, partnership_id=partnership_id, shown_at=utc_now())
    there = select(ShownMeasures).filter_by(owner_id=person.id, partnership_id=partnership_id, taken_back_at=None)
    insert_or_find(session, made, lambda: session.scalar(there))


def withdraw_showing(session: Session, person: Person, showing_id: str) -> None:
    """Close it at once; raises NotFound unless it is one's own."""
    row = session.get(ShownMeasures, showing_id)
    if row is None or not is_owner(row, person):
        raise NotFound
    row.taken_back_at = row.taken_back_at or utc_now()


def showings_of(session: Session, person: Person) -> list[tuple[ShownMeasures, Person]]:
    """Return to whom one's measures are shown now."""
    rows = select(ShownMeasures, Person).join(Partnership, Partnership.id == ShownMeasures.partnership_id)
    rows = rows.join(Person, Person.id == Partnership.coach_id)
    mine = rows.where(live_showing(), ShownMeasures.owner_id == person.id).order_by(ShownMeasures.shown_at)
    return [(row[0], row[1]) for row in session.execute(mine)]


def shown_by(session: Session, coach: Person, partnership_id: str) -> Person:
    """Return who shows this coach her measures in a partnership now; raises NotFound."""
    owner_id = owners_shown_by(session, coach, {partnership_id}).get(partnership_id)
    if owner_id is None:
        raise NotFound
    return session.get_one(Person, owner_id)


def owners_shown_by(session: Session, coach: Person, partnership_ids: Collection[str]) -> dict[str, str]:
    """Return the id of who shows this coach her measures now in each of some partnerships in which somebody does."""
    rows = select(Partnership.id, ShownMeasures.owner_id)
    rows = rows.join(ShownMeasures, ShownMeasures.partnership_id == Partnership.id)
    his = rows.where(live_showing(), Partnership.id.in_(partnership_ids), Partnership.coach_id == coach.id)
    return {row.id: row.owner_id for row in session.execute(his)}


def seen_lessons(session: Session, person: Person, lessons: Sequence[Measured]) -> set[str]:
    """Return the ids of those lessons that a person may open."""
    ids = [one.lesson_id for one in lessons]
    return set(session.scalars(select(Lesson.id).where(Lesson.id.in_(ids), lessons_seen_by(person))))


def figure_of(name: str, figures: Mapping[str, Any]) -> Figure | None:
    """Return one measure of a lesson with its uncertainty; None where the lesson has no such figure."""
    if not figures["speech_ms"]:
        return None
    if name == "teacher_share_of_talk":
        return _part(figures["teacher_ms"], figures, figures["speech_ms"])
    if name == "pupil_ms":
        return _part(figures["pupil_ms"], figures, 1)
    if name in ("wait_1_median_ms", "wait_2_median_ms", "wait_1_share_3s"):
        return _wait(name, figures)
    if name == "open_questions":
        kinds = figures["questions_by_kind"]
        return Figure(kinds.get("open", 0) + kinds.get("probing", 0))
    return Figure(figures[name])


def _part(part_ms: int, figures: Mapping[str, Any], whole: int) -> Figure:
    """Bound a part of the talk: all talk of an unsure voice may belong to it, or none."""
    return Figure(part_ms / whole, part_ms / whole, (part_ms + figures["unsure_ms"]) / whole)


def _wait(name: str, figures: Mapping[str, Any]) -> Figure | None:
    """Bound a median wait by the middle half of the waits, and say so when they are few."""
    middle = figures[name]
    if middle is None:
        return None
    count, low, high = figures["waits"]["wait_2_median_ms" if name == "wait_2_median_ms" else "wait_1_median_ms"]
    if count < FEW_WAITS:
        return Figure(middle, note=f"few waits: {count}" if count else "few waits")
    if name == "wait_1_share_3s":
        return Figure(middle)
    return Figure(middle, min(low, middle), max(high, middle))
