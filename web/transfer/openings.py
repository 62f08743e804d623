"""Notes openings: once a page or a film is read, a short write tells its owner who opened it."""

from __future__ import annotations

from annotation.lessons.clips import get_clip
from annotation.lessons.lessons import get_lesson
from annotation.lessons.openings import opening_is_due, record_opening
from core.database.db import get_database
from core.models import Clip, Lesson, Person


def note_opening(person: Person, lesson: Lesson, clip: Clip | None = None) -> None:
    """Note that somebody else opens a lesson, or a clip of it; raises NotFound when it is withdrawn meanwhile."""
    with get_database().read() as session:
        if not opening_is_due(session, person, lesson, clip):
            return
    with get_database().write() as session:
        if clip is None:
            record_opening(session, person, get_lesson(session, person, lesson.id))
        else:
            its_clip, its_lesson = get_clip(session, person, clip.id)
            record_opening(session, person, its_lesson, its_clip)
