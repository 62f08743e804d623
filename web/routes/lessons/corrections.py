"""Correction routes: change speakers, words, questions and activities that the analysis found."""

from __future__ import annotations

from fastapi import APIRouter

from annotation.lessons.lessons import get_own_lesson
from core.database.db import get_database
from transcription.public import (
    add_correction,
    read_turns,
    set_undone,
)
from web.correction_changes import Change, Undoing, correction_of
from web.security.auth import CurrentPerson
from web.views.lessons.corrections import CorrectionView, correction_views

router = APIRouter(tags=["corrections"])


@router.get("/api/lessons/{lesson_id}/corrections")
def read_corrections(lesson_id: str, person: CurrentPerson) -> list[CorrectionView]:
    """Return what the owner put right, undone ones too, oldest first."""
    with get_database().read() as session:
        return correction_views(session, get_own_lesson(session, person, lesson_id))


@router.post("/api/lessons/{lesson_id}/corrections", status_code=201)
def put_lesson_right(lesson_id: str, change: Change, person: CurrentPerson) -> list[CorrectionView]:
    """Lay one more correction over the lesson; all measures follow in the same transaction."""
    with get_database().write() as session:
        lesson = get_own_lesson(session, person, lesson_id)
        correction = correction_of(change, read_turns(session, lesson_id), lesson.duration_ms or 0)
        if correction is not None:
            add_correction(session, lesson, person.id, change.kind, correction)
    return read_corrections(lesson_id, person)


@router.put("/api/lessons/{lesson_id}/corrections/{correction_id}")
def undo_correction(
    lesson_id: str, correction_id: str, undoing: Undoing, person: CurrentPerson
) -> list[CorrectionView]:
    """Take a correction back, or lay it over the lesson again."""
    with get_database().write() as session:
        lesson = get_own_lesson(session, person, lesson_id)
        set_undone(session, lesson, correction_id, undoing.undone)
    return read_corrections(lesson_id, person)
