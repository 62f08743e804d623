"""Recorded conversations: whoever was recorded has one deleted; both together turn one into a lesson."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from annotation.access.leavers import LeaverAct
from annotation.coaching.conversations import ask_for_lesson, forget_conversation, keep_conversation
from core.database.db import get_database
from core.models import Person
from web.forms.sent_once import SentForm, answer_once
from web.rendering import go
from web.security.auth import CurrentPerson, open_to_leavers

router = APIRouter(include_in_schema=False)
Answer = Annotated[str, Form()]
MayDelete = Annotated[Person, open_to_leavers(LeaverAct.DELETE_CONVERSATION)]


@router.post("/conversations/{lesson_id}/forget")
def forget(lesson_id: str, person: MayDelete, sent: SentForm) -> Response:
    """Have a recording of a conversation with oneself deleted for good."""
    with get_database().write() as session:

        def act() -> Response:
            return go(f"/deletions/{forget_conversation(session, person, lesson_id).id}")

        return answer_once(session, person, sent, act)


@router.post("/conversations/{lesson_id}/lesson")
def answer_whoever_recorded(lesson_id: str, person: CurrentPerson, answer: Answer = "yes") -> Response:
    """Say, as whoever was recorded, that it is a lesson after all, or that it stays a conversation."""
    return go("/partnerships", settle(lesson_id, person, answer))


@router.post("/coaches/mirror/{lesson_id}/lesson")
def answer_whoever_was_recorded(lesson_id: str, person: CurrentPerson, answer: Answer = "yes") -> Response:
    """Say, as whoever recorded it, that it is a lesson after all, or that it stays a conversation."""
    notice = settle(lesson_id, person, answer)
    return go(f"/lessons/{lesson_id}" if notice == "lesson-after-all" else f"/coaches/mirror/{lesson_id}", notice)


def settle(lesson_id: str, person: CurrentPerson, answer: str) -> str:
    """Keep what one of the two says; return the notice that tells what has become of it."""
    with get_database().write() as session:
        if answer != "yes":
            keep_conversation(session, person, lesson_id)
            return "conversation-kept"
        return "lesson-after-all" if ask_for_lesson(session, person, lesson_id) else "lesson-asked"
