"""Spoken comment API: upload sound, read the transcribed words."""

from __future__ import annotations

from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from annotation.lessons.lessons import get_lesson
from annotation.lessons.spoken_comments import read_spoken_comment, start_spoken_comment
from core.database.db import get_database
from core.errors import EmptyFile, HindsightError, saying_disk_full
from core.models import Person
from core.settings import get_settings
from core.storage.configured import get_storage
from ingest.upload.errors import TooLarge
from ingest.upload.partial_file import require_room
from web.auth import CurrentPerson
from web.views.api import SaidView

router = APIRouter(tags=["comments"])

MOST_BYTES = 5 * 1024**2  # some five minutes of speech


@router.post("/api/lessons/{lesson_id}/said", status_code=202)
async def take_sound(lesson_id: str, request: Request, person: CurrentPerson) -> SaidView:
    """Take what somebody said at a lesson, as the browser recorded it; the words come with `/api/said/{id}`."""
    sound = bytearray()
    async for piece in request.stream():
        sound += piece
        if len(sound) > MOST_BYTES:
            raise TooLarge
    if not sound:
        raise EmptyFile
    mime = request.headers.get("content-type", "").partition(";")[0][:80]
    return await run_in_threadpool(keep_sound, lesson_id, person, bytes(sound), mime)


def keep_sound(lesson_id: str, person: Person, sound: bytes, mime: str) -> SaidView:
    """Keep a sound and have it heard; nothing is left of it when that is refused.

    When anything else goes wrong its row may have been written: the sweeper looks, and takes it if there is none.
    """
    settings, storage = get_settings(), get_storage()
    with get_database().read() as session:
        get_lesson(session, person, lesson_id)
    require_room(settings.uploads_dir, len(sound), settings.disk_reserve_bytes)
    name = f"said-{uuid4().hex}"
    key = f"lessons/{lesson_id}/{name}"
    source = settings.uploads_dir / name
    try:
        with saying_disk_full():
            source.write_bytes(sound)
        storage.keep(source, key)
        with get_database().write() as session:
            lesson = get_lesson(session, person, lesson_id)
            said = start_spoken_comment(session, person, lesson, key, len(sound), mime)
            return SaidView(id=said.id, state="working", text="")
    except HindsightError:
        storage.delete(key)
        raise
    finally:
        source.unlink(missing_ok=True)


@router.get("/api/said/{said_id}")
def read_said(said_id: str, person: CurrentPerson) -> SaidView:
    """Return the words of what one said, once they are heard."""
    with get_database().read() as session:
        state, text = read_spoken_comment(session, person, said_id)
    return SaidView.model_validate({"id": said_id, "state": state, "text": text})
