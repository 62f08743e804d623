"""Export and import routes: lessons in other programs' formats, and transcripts from them."""

from __future__ import annotations

from functools import partial
from typing import Literal

from fastapi import APIRouter, Request, UploadFile
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from annotation.lessons.lessons import get_lesson, get_own_lesson
from core.allowances import count_use
from core.database.db import get_database
from core.models import Person
from transcription.public import (
    MAX_BYTES,
    Transcript,
    decode_transcript,
    forget_transcript,
    take_transcript,
)
from web.child_process import compute_in_child
from web.lesson_changes import change_own_lesson
from web.rendering import go
from web.security.auth import CurrentPerson
from web.security.bodies import FORM_BYTES, takes
from web.transfer.file_names import save_as
from web.transfer.openings import note_opening
from web.transfer.while_allowed import in_pieces, right_to
from web.views.lessons.exports import exported

router = APIRouter(tags=["interchange"])

Format = Literal["vtt", "srt", "txt", "eaf", "csv", "json"]
MIMES = {
    "vtt": "text/vtt; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "eaf": "application/xml",
    "csv": "text/csv; charset=utf-8",
    "json": 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
}


@router.get("/api/lessons/{lesson_id}/export/{ending}", response_class=Response)
def export(request: Request, lesson_id: str, ending: Format, person: CurrentPerson) -> Response:
    """Return the transcript (vtt, srt, txt), everything (eaf), both for the owner, or the comments (csv, json)."""
    with get_database().read() as session:
        of_comments = ending in ("csv", "json")
        get = get_lesson if of_comments else get_own_lesson
        lesson = get(session, person, lesson_id)
        text = exported(session, person, lesson, ending)
        name = f"{lesson.title}{', comments' if of_comments else ''}.{ending}"
    note_opening(person, lesson, kind="export")
    whole = Response(text, media_type=MIMES[ending], headers=save_as(name))
    return in_pieces(whole, right_to(request, person, lambda session, me: get(session, me, lesson_id)))


@router.post("/lessons/{lesson_id}/transcript", include_in_schema=False)
@takes(MAX_BYTES + FORM_BYTES, get_own_lesson)
async def import_transcript(lesson_id: str, file: UploadFile, person: CurrentPerson) -> Response:
    """Let a transcript made elsewhere take the place of the recognised words of one's own lesson."""
    data = await file.read(MAX_BYTES + 1)  # one more than is taken: a longer file is refused, not cut
    transcript = await compute_in_child(person.id, decode_transcript, data)
    await run_in_threadpool(_save, lesson_id, person, transcript)
    return go(f"/lessons/{lesson_id}", "words-taken")


def _save(lesson_id: str, person: Person, transcript: Transcript) -> None:
    with get_database().write() as session:
        get_own_lesson(session, person, lesson_id)
        count_use(session, person.id, "transcript")
    change_own_lesson(person, lesson_id, partial(take_transcript, person.id, transcript), in_child=True)


@router.post("/lessons/{lesson_id}/transcript/forget", include_in_schema=False)
def forget_import(lesson_id: str, person: CurrentPerson) -> Response:
    """Go back to the recognised words."""
    change_own_lesson(person, lesson_id, forget_transcript, recognised=True)
    return go(f"/lessons/{lesson_id}", "words-back")
