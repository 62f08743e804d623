"""Notes openings: once something of somebody else is read, a short write tells its owner who opened what.

A note that cannot be written is logged, and the reading goes on: a full disk must not close what may be read.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from annotation.coaching.sessions import film_is_open
from annotation.lessons.openings import (
    Kind,
    due_measures_openings,
    due_openings,
    record_measures_openings,
    record_openings,
)
from core.database.db import get_database
from core.errors import DiskFull, DoneAtOnce
from core.models import Clip, CoachingSession, Lesson, Person

log = logging.getLogger("hindsight.web")


def note_opening(person: Person, lesson: Lesson, clip: Clip | None = None, kind: Kind = "page") -> None:
    """Note that somebody else opens a lesson, or a clip of it; raises NotFound when it is withdrawn meanwhile."""
    if clip is None:
        note_openings(person, [lesson], [], kind)
    else:
        note_openings(person, [], [clip], kind)


def note_openings(person: Person, lessons: Sequence[Lesson], clips: Sequence[Clip], kind: Kind) -> None:
    """Note that somebody else opens lessons and clips, or has them in a list, in as many statements as one of them.

    Raises NotFound when one is withdrawn meanwhile.
    """
    with get_database().read() as session:
        if not any(due_openings(session, person, lessons, clips, kind)):
            return
    try:
        with get_database().write() as session:
            record_openings(session, person, lessons, clips, kind)
    except (SQLAlchemyError, DiskFull, DoneAtOnce):
        log.exception(
            "an opening could not be noted", extra={"lesson": lessons[0].id if lessons else clips[0].lesson_id}
        )


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


def note_film(person: Person, meeting: CoachingSession, kind: Kind = "page") -> None:
    """Note that somebody opens what a session is about, with what was said of it, while she may see it."""
    with get_database().read() as session:
        if not film_is_open(session, person, meeting):
            return
        lesson = session.get_one(Lesson, meeting.lesson_id)
        clip = None if meeting.clip_id is None else session.get_one(Clip, meeting.clip_id)
    note_opening(person, lesson, clip, kind)
