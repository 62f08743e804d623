"""Notes openings: once something of somebody else is read, a short write tells its owner who opened what.

A note that cannot be written is logged, and the reading goes on: a full disk must not close what may be read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from annotation.coaching.sessions import film_is_open
from annotation.lessons.clips import get_clip
from annotation.lessons.lessons import get_lesson
from annotation.lessons.openings import (
    LISTED,
    Kind,
    due_measures_openings,
    opening_is_due,
    record_measures_openings,
    record_opening,
)
from core.database.db import get_database
from core.errors import DiskFull, DoneAtOnce
from core.models import Clip, CoachingSession, Lesson, Person

log = logging.getLogger("hindsight.web")


def note_opening(person: Person, lesson: Lesson, clip: Clip | None = None, kind: Kind = "page") -> None:
    """Note that somebody else opens a lesson, or a clip of it; raises NotFound when it is withdrawn meanwhile."""
    with get_database().read() as session:
        if not opening_is_due(session, person, lesson, clip, kind):
            return
    try:
        with get_database().write() as session:
            if clip is None:
                record_opening(session, person, get_lesson(session, person, lesson.id), None, kind)
            else:
                its_clip, its_lesson = get_clip(session, person, clip.id)
                record_opening(session, person, its_lesson, its_clip, kind)
    except (SQLAlchemyError, DiskFull, DoneAtOnce):
        log.exception("an opening could not be noted", extra={"lesson": lesson.id})


def note_listing(person: Person, lessons: Iterable[Lesson], clips: Iterable[Clip]) -> None:
    """Note that lessons and clips of others stood in a list that this person was shown."""
    for lesson in lessons:
        note_opening(person, lesson, None, LISTED)
    note_clips(person, clips, LISTED)


def note_measures(person: Person, partnership_ids: Sequence[str], kind: Kind = "page") -> None:
    """Note that this person opens measures that coachees show her, or that a line of them stood in a list."""
    with get_database().read() as session:
        if not due_measures_openings(session, person, partnership_ids, kind):
            return
    try:
        with get_database().write() as session:
            record_measures_openings(session, person, partnership_ids, kind)
    except (SQLAlchemyError, DiskFull, DoneAtOnce):
        log.exception("an opening of measures could not be noted")


def note_clips(person: Person, clips: Iterable[Clip], kind: Kind) -> None:
    """Note that this person opens clips of others, or that they stood in a list."""
    for clip in clips:
        with get_database().read() as session:
            lesson = session.get_one(Lesson, clip.lesson_id)
        note_opening(person, lesson, clip, kind)


def note_film(person: Person, meeting: CoachingSession, kind: Kind = "page") -> None:
    """Note that somebody opens what a session is about, with what was said of it, while she may see it."""
    with get_database().read() as session:
        if not film_is_open(session, person, meeting):
            return
        lesson = session.get_one(Lesson, meeting.lesson_id)
        clip = None if meeting.clip_id is None else session.get_one(Clip, meeting.clip_id)
    note_opening(person, lesson, clip, kind)
