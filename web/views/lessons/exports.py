"""A lesson, or what is said about it, written in the formats of other programs."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy.orm import Session

from annotation.coaching.reminders import site
from annotation.lessons.comment_export import Row, comments_csv, eaf_marks, web_annotations
from annotation.lessons.comments import list_comments
from annotation.lessons.lessons import file_of
from core.models import Lesson, Person
from transcription.public import (
    named_turns,
    read_activities,
    read_questions,
    write_eaf,
    write_srt,
    write_text,
    write_vtt,
)


def said_about(session: Session, person: Person, lesson_id: str) -> list[Row]:
    """Return the comments that a person may read, without those she took away."""
    return [row for row in list_comments(session, person, lesson_id) if row[0].deleted_at is None]


def exported(session: Session, person: Person, lesson: Lesson, ending: str) -> str:
    """Return a lesson, or what is said about it, in one of the formats; who may is decided before."""
    writers: dict[str, Callable[[], str]] = {
        "vtt": lambda: write_vtt(named_turns(session, lesson.id)),
        "srt": lambda: write_srt(named_turns(session, lesson.id)),
        "txt": lambda: write_text(named_turns(session, lesson.id)),
        "eaf": lambda: _elan(session, person, lesson),
        "csv": lambda: comments_csv(said_about(session, person, lesson.id)),
        "json": lambda: json.dumps(_annotations(session, person, lesson), ensure_ascii=False, indent=1),
    }
    return writers[ending]()


def _annotations(session: Session, person: Person, lesson: Lesson) -> dict[str, object]:
    return web_annotations(said_about(session, person, lesson.id), f"{site()}/media/lessons/{lesson.id}/rendition")


def _elan(session: Session, person: Person, lesson: Lesson) -> str:
    original = file_of(session, lesson.id, "original")
    return write_eaf(
        named_turns(session, lesson.id),
        read_questions(session, lesson.id),
        read_activities(session, lesson.id),
        original.name if original is not None and original.name else f"{lesson.title}.mp4",
        mime=original.mime if original is not None and original.mime else "video/mp4",
        comments=eaf_marks(said_about(session, person, lesson.id)),
    )
