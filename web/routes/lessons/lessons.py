"""Lesson API: read, rename, delete, restore."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from annotation.access.leavers import LeaverAct
from annotation.lessons.lessons import (
    delete_lesson,
    delete_now,
    get_lesson,
    let_coaches_meet,
    remember_place,
    rename_lesson,
    restart_work,
    restore_lesson,
    stop_work,
)
from core.database.db import get_database
from core.models import Person
from web.forms.sent_once import SentForm, answer_once
from web.rendering import go
from web.security.auth import CurrentPerson, open_to_leavers
from web.security.whole_text import PlainJsonRoute
from web.transfer.openings import note_opening
from web.views.lessons.lesson import (
    CoachesMeet,
    LessonChange,
    LessonDeletion,
    LessonPageView,
    NewPlace,
    StepsView,
    lesson_page_view,
    steps_view,
)

router = APIRouter(route_class=PlainJsonRoute, tags=["lessons"])
MayDelete = Annotated[Person, open_to_leavers(LeaverAct.DELETE_LESSON)]


@router.get("/api/lessons/{lesson_id}")
def read_lesson(lesson_id: str, person: CurrentPerson) -> LessonPageView:
    """Return everything of the lesson page."""
    with get_database().read() as session:
        lesson = get_lesson(session, person, lesson_id)
        view = lesson_page_view(session, person, lesson)
    note_opening(person, lesson)
    return view


@router.get("/api/lessons/{lesson_id}/steps")
def read_steps(lesson_id: str, person: CurrentPerson) -> StepsView:
    """Return how far the work is."""
    with get_database().read() as session:
        return steps_view(session, person, get_lesson(session, person, lesson_id))


@router.put("/api/lessons/{lesson_id}/place", status_code=204)
def save_place(lesson_id: str, place: NewPlace, person: CurrentPerson) -> None:
    """Save where the viewer is, for herself on any device."""
    with get_database().write() as session:
        remember_place(session, person, get_lesson(session, person, lesson_id), place.at_ms)


@router.patch("/api/lessons/{lesson_id}")
def change_lesson(lesson_id: str, change: LessonChange, person: CurrentPerson) -> StepsView:
    """Change what is sent of a lesson's title, class and date."""
    with get_database().write() as session:
        rename_lesson(session, person, lesson_id, **change.model_dump(exclude_unset=True))
    return read_steps(lesson_id, person)


@router.post("/api/lessons/{lesson_id}/retry", status_code=202)
def retry(lesson_id: str, person: CurrentPerson) -> StepsView:
    """Start what failed or was stopped again."""
    with get_database().write() as session:
        restart_work(session, person, lesson_id)
    return read_steps(lesson_id, person)


@router.post("/api/lessons/{lesson_id}/stop", status_code=202)
def stop(lesson_id: str, person: CurrentPerson) -> StepsView:
    """Stop the work; what is done stays."""
    with get_database().write() as session:
        stop_work(session, person, lesson_id)
    return read_steps(lesson_id, person)


@router.delete("/api/lessons/{lesson_id}", status_code=204)
def remove_lesson(lesson_id: str, deletion: LessonDeletion, person: CurrentPerson) -> None:
    """Delete one's own lesson; its title is asked for."""
    with get_database().write() as session:
        delete_lesson(session, person, lesson_id, deletion.title)


@router.post("/lessons/{lesson_id}/delete-for-good", include_in_schema=False)
def remove_for_good(lesson_id: str, person: MayDelete, sent: SentForm, title: Annotated[str, Form()] = "") -> Response:
    """Delete one's own lesson for good, at once and everywhere; its title is asked for."""
    with get_database().write() as session:

        def act() -> Response:
            return go(f"/deletions/{delete_now(session, person, lesson_id, title).id}")

        return answer_once(session, person, sent, act)


@router.put("/api/lessons/{lesson_id}/coaches-meet", status_code=204)
def set_coaches_meet(lesson_id: str, change: CoachesMeet, person: CurrentPerson) -> None:
    """Let the coaches of one's own lesson read each other's comments on it, or end that."""
    with get_database().write() as session:
        let_coaches_meet(session, person, lesson_id, change.allowed)


@router.post("/api/lessons/{lesson_id}/restore", status_code=204)
def undo_deletion(lesson_id: str, person: CurrentPerson) -> None:
    """Undo a deletion."""
    with get_database().write() as session:
        restore_lesson(session, person, lesson_id)
