"""Spoken comment API: upload sound, read the transcribed words."""

from __future__ import annotations

from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotation.lessons.lessons import get_lesson
from annotation.lessons.spoken_comments import read_spoken_comment, start_spoken_comment
from core.database.db import get_database
from core.models import Person
from web.security.auth import CurrentPerson
from web.security.bodies import takes
from web.transfer.sound import Sound, received_sound, stored_sound
from web.views.lessons.spoken_comments import SaidView

router = APIRouter(tags=["comments"])

MOST_BYTES = 5 * 1024**2  # some five minutes of speech


@router.post("/api/lessons/{lesson_id}/said", status_code=202)
@takes(MOST_BYTES, get_lesson)
async def receive_spoken_comment(lesson_id: str, request: Request, person: CurrentPerson) -> SaidView:
    """Receive what somebody said at a lesson, as the browser recorded it; the words come with `/api/said/{id}`."""
    async with received_sound(request) as sound:
        return await run_in_threadpool(save_spoken_comment, lesson_id, person, sound)


def save_spoken_comment(lesson_id: str, person: Person, sound: Sound) -> SaidView:
    """Store a spoken comment and have it transcribed; nothing is left of it when that is refused."""
    key = f"lessons/{lesson_id}/said-{uuid4().hex}"
    with stored_sound(sound, key), get_database().write() as session:
        lesson = get_lesson(session, person, lesson_id)
        comment_id = start_spoken_comment(session, person, lesson, key, sound.size, sound.mime).id
    return SaidView(id=comment_id, state="working", text="")


@router.get("/api/said/{said_id}")
def read_transcribed_comment(said_id: str, person: CurrentPerson) -> SaidView:
    """Return the words of what one said, once they are transcribed."""
    with get_database().read() as session:
        state, text = read_spoken_comment(session, person, said_id)
    return SaidView.model_validate({"id": said_id, "state": state, "text": text})
