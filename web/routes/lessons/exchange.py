"""Export and import routes: lessons in other programs' formats, and transcripts from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, UploadFile
from fastapi.responses import Response
from sqlalchemy.orm import Session

from annotation.coaching.reminders import site
from annotation.lessons.comment_export import Row, comments_csv, eaf_marks, web_annotations
from annotation.lessons.comments import list_comments
from annotation.lessons.lessons import file_of, get_lesson, get_own_lesson
from core.database.db import get_database
from core.models import Lesson, Person
from core.text_decoding import NotText, decode_text
from transcription.public import (
    Transcript,
    TranscriptUnreadable,
    named_turns,
    parse_transcript,
    read_activities,
    read_eaf,
    read_questions,
    remove_import,
    save_import,
    write_eaf,
    write_srt,
    write_text,
    write_vtt,
)
from web.auth import CurrentPerson
from web.file_names import save_as
from web.rendering import go

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


@router.get("/api/lessons/{lesson_id}/export/{ending}", response_class=Response)
def export(lesson_id: str, ending: Format, person: CurrentPerson) -> Response:
    """Return the transcript (vtt, srt, txt), everything (eaf), both for the owner, or the comments (csv, json)."""
    with get_database().read() as session:
        of_comments = ending in ("csv", "json")
        lesson = (get_lesson if of_comments else get_own_lesson)(session, person, lesson_id)
        text = exported(session, person, lesson, ending)
        name = f"{lesson.title}{', comments' if of_comments else ''}.{ending}"
    return Response(text, media_type=MIMES[ending], headers=save_as(name))


def read_any(data: bytes) -> Transcript:
    """Read VTT, SRT, CSV or ELAN, by what it holds; raises TranscriptUnreadable."""
    try:
        text = decode_text(data)
    except NotText as error:
        raise TranscriptUnreadable(**error.places) from error
    return read_eaf(text) if text.lstrip("\ufeff \n").startswith("<") else parse_transcript(text)


@router.post("/lessons/{lesson_id}/transcript", include_in_schema=False)
def take_transcript(lesson_id: str, file: UploadFile, person: CurrentPerson) -> Response:
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
