"""Guesses: a teacher may estimate her share of the talk before the measures of a lesson are shown."""

from __future__ import annotations

from sqlalchemy.orm import Session

from annotation.lessons.lessons import get_own_lesson
from core.clock import utc_now
from core.database.insert import insert_or_find
from core.errors import InvalidInput
from core.models import Guess, Lesson, Person


def find_guess(session: Session, person: Person, lesson_id: str) -> Guess | None:
    """Return what she guessed, or that she did not want to; None: she was not asked yet."""
    return session.get(Guess, (lesson_id, person.id))


def save_guess(session: Session, person: Person, lesson_id: str, share: float | None) -> Guess:
    """Keep a guess (0..1) or that she skips it (None); asked once a lesson, so the first answer stays."""
    if share is not None and not 0 <= share <= 1:
        raise InvalidInput(why="Please guess a number from 0 to 100.")
    lesson: Lesson = get_own_lesson(session, person, lesson_id)
    made = Guess(lesson_id=lesson.id, person_id=person.id, share=share, made_at=utc_now())
    return insert_or_find(session, made, lambda: find_guess(session, person, lesson.id))[0]
