"""Export and import routes: lessons in other programs' formats, and transcripts from them."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, UploadFile
from fastapi.responses import Response

from annotation.lessons.lessons import get_lesson, get_own_lesson
from core.database.db import get_database
from core.text_decoding import NotText, decode_text
from transcription.public import (
    Transcript,
    TranscriptUnreadable,
    parse_transcript,
    read_eaf,
    remove_import,
    save_import,
)
from web.rendering import go
from web.security.auth import CurrentPerson
from web.transfer.file_names import save_as
from web.transfer.openings import note_opening
from web.transfer.while_allowed import in_pieces, right_to
from web.views.lessons.exports import exported

router = APIRouter(tags=["interchange"])

MOST_BYTES = 20_000_000
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


def read_any(data: bytes) -> Transcript:
    """Read VTT, SRT, CSV or ELAN, by what it holds; raises TranscriptUnreadable."""
    try:
        text = decode_text(data)
    except NotText as error:
        raise TranscriptUnreadable(**error.places) from error
    return read_eaf(text) if text.lstrip("\ufeff \n").startswith("<") else parse_transcript(text)


@router.post("/lessons/{lesson_id}/transcript", include_in_schema=False)
def import_transcript(lesson_id: str, file: UploadFile, person: CurrentPerson) -> Response:
    """Let a transcript made elsewhere take the place of the recognised words of one's own lesson."""
    transcript = read_any(file.file.read(MOST_BYTES))
    with get_database().write() as session:
        save_import(session, get_own_lesson(session, person, lesson_id), person.id, transcript)
    return go(f"/lessons/{lesson_id}", "words-taken")


@router.post("/lessons/{lesson_id}/transcript/forget", include_in_schema=False)
def forget_transcript(lesson_id: str, person: CurrentPerson) -> Response:
    """Go back to the recognised words."""
    with get_database().write() as session:
        remove_import(session, get_own_lesson(session, person, lesson_id))
    return go(f"/lessons/{lesson_id}", "words-back")
