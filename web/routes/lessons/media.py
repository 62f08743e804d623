"""Media routes: films, pictures and captions with byte ranges; access is checked on every request."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from annotation.lessons.lessons import file_of, get_lesson
from core.database.db import get_database
from transcription.public import find_turns
from web.security.auth import CurrentPerson
from web.transfer.media_response import KEPT, serve
from web.transfer.openings import note_opening
from web.transfer.while_allowed import in_pieces, right_to
from web.views.lessons.captions import captions

router = APIRouter(tags=["media"])


@router.get("/media/lessons/{lesson_id}/captions.vtt", response_class=Response)
def read_captions(request: Request, lesson_id: str, person: CurrentPerson) -> Response:
    """Return what was said as WebVTT."""
    with get_database().read() as session:
        lesson = get_lesson(session, person, lesson_id)
        turns = find_turns(session, lesson.id)
    note_opening(person, lesson, kind="words")
    words = Response(captions(turns), media_type="text/vtt; charset=utf-8", headers=KEPT)
    return in_pieces(words, right_to(request, person, lambda session, me: get_lesson(session, me, lesson_id)))


@router.head("/media/lessons/{lesson_id}/{kind}", response_class=FileResponse, include_in_schema=False)
@router.get("/media/lessons/{lesson_id}/{kind}", response_class=FileResponse)
def read_file(
    request: Request, lesson_id: str, kind: Literal["rendition", "poster", "filmstrip"], person: CurrentPerson
) -> Response:
    """Return a file of a lesson, whole or the range that is asked for."""
    with get_database().read() as session:
        lesson = get_lesson(session, person, lesson_id)
        file = file_of(session, lesson_id, kind)
    note_opening(person, lesson, kind="listed" if kind == "poster" else "film")
    return serve(request, person, file, lambda session, me: get_lesson(session, me, lesson_id))
