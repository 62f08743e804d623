"""Correction routes: change speakers, words, questions and activities that the analysis found."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter

from annotation.lessons.lessons import get_own_lesson
from core.database.db import get_database
from transcription.public import correct, undo
from web.correction_changes import Change, Undoing, correction_in
from web.lesson_changes import change_own_lesson
from web.security.auth import CurrentPerson
from web.security.whole_text import PlainJsonRoute
from web.views.lessons.corrections import CorrectionView, correction_views

router = APIRouter(route_class=PlainJsonRoute, tags=["corrections"])


@router.get("/api/lessons/{lesson_id}/corrections")
def read_corrections(lesson_id: str, person: CurrentPerson) -> list[CorrectionView]:
    """Return what the owner put right, undone ones too, oldest first."""
    with get_database().read() as session:
        return correction_views(session, get_own_lesson(session, person, lesson_id))


@router.post("/api/lessons/{lesson_id}/corrections", status_code=201)
def put_lesson_right(lesson_id: str, change: Change, person: CurrentPerson) -> list[CorrectionView]:
    """Lay one more correction over the lesson; all measures follow in the same transaction."""
    change_own_lesson(person, lesson_id, partial(correct, person.id, change.kind, partial(correction_in, change)))
    return read_corrections(lesson_id, person)


@router.put("/api/lessons/{lesson_id}/corrections/{correction_id}")
def undo_correction(
    lesson_id: str, correction_id: str, undoing: Undoing, person: CurrentPerson
) -> list[CorrectionView]:
    """Take a correction back, or lay it over the lesson again."""
    change_own_lesson(person, lesson_id, partial(undo, correction_id, undoing.undone))
    return read_corrections(lesson_id, person)
