"""Who may read what was measured of a lesson: measures, waits, and whatever is counted from them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import holds, is_owner, live_share, live_showing
from core.models import Guess, Lesson, Partnership, Person, Share, ShownMeasures


def may_see_measures(session: Session, person: Person, lesson: Lesson) -> bool:
    """Tell whether a person who may see a lesson may read its measures too.

    Its owner may (her page asks for a guess first). A coach may once the owner has guessed, or said that she does not
    want to, and shows her measures to a partnership of theirs with which the lesson is shared.
    """
    if is_owner(lesson, person):
        return True
    shown = (
        select(ShownMeasures.id)
        .join(Partnership, Partnership.id == ShownMeasures.partnership_id)
        .join(Share, Share.partnership_id == Partnership.id)
        .join(Lesson, Lesson.id == Share.lesson_id)
        .join(Guess, (Guess.lesson_id == Lesson.id) & (Guess.person_id == Lesson.owner_id))
        .where(Lesson.id == lesson.id, Partnership.coach_id == person.id, live_showing(), live_share())
    )
    return holds(session, shown.exists())
