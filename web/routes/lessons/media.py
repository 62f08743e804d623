"""Media routes: films, pictures and captions with byte ranges; access is checked on every request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response, StreamingResponse

from annotation.lessons.lessons import file_of, get_lesson
from annotation.lessons.openings import opening_is_due, record_opening
from core.database.db import get_database
from core.errors import NotFound
from core.models import Person, StoredFile, TurnRow
from core.settings import get_settings
from core.storage.configured import get_storage
from transcription.public import find_turns
from web.auth import CurrentPerson
from web.file_names import save_as

router = APIRouter(tags=["media"])

KEPT = {"cache-control": "private, no-cache"}  # by the browser alone, and asked for again each time
CAPTION_MS = 6000


@router.get("/media/lessons/{lesson_id}/captions.vtt", response_class=Response)
def read_captions(lesson_id: str, person: CurrentPerson) -> Response:
    """Return what was said as WebVTT."""
    with get_database().read() as session:
        turns = find_turns(session, get_lesson(session, person, lesson_id).id)
    return Response(captions(turns), media_type="text/vtt; charset=utf-8", headers=KEPT)


@router.head("/media/lessons/{lesson_id}/{kind}", response_class=FileResponse, include_in_schema=False)
@router.get("/media/lessons/{lesson_id}/{kind}", response_class=FileResponse)
def read_file(
    request: Request, lesson_id: str, kind: Literal["rendition", "poster", "filmstrip"], person: CurrentPerson
) -> Response:
    """Return a file of a lesson, whole or the range that is asked for."""
    with get_database().read() as session:
        lesson = get_lesson(session, person, lesson_id)
        file = file_of(session, lesson_id, kind)
        is_opening = kind == "rendition" and opening_is_due(session, person, lesson)
    if is_opening:
        _note_opening(person, lesson_id)
    return serve(request, file)


class FilmResponse(FileResponse):
    """A file sent in larger pieces: each costs a way to a thread and back."""

    chunk_size = 256 * 1024


def serve(request: Request, file: StoredFile | None, save_as_name: str | None = None) -> Response:
    """Return a stored file, whole or the range that is asked for, to play or to save under a name; raises NotFound.

    From a folder the proxy sends it if it can, else the server does by itself (range, conditions); from a bucket it
    passes through here.
    """
    if file is None:
        raise NotFound
    storage = get_storage()
    name = save_as_name + PurePosixPath(file.key).suffix if save_as_name else None
    path = storage.path_of(file.key)
    if path is not None:
        if not path.is_file():
            raise NotFound
        if get_settings().proxy_sends_files:
            headers = KEPT | {"x-accel-redirect": f"/{quote(file.key)}"} | (save_as(name) if name else {})
            return Response(media_type=file.mime, headers=headers)
        return FilmResponse(path, media_type=file.mime, headers=KEPT | (save_as(name) if name else {}))
    try:
        size = storage.size(file.key)
    except FileNotFoundError:
        raise NotFound from None
    headers = KEPT | {"accept-ranges": "bytes"} | (save_as(name) if name else {})
    wanted = request.headers.get("range")
    span = None if wanted is None else range_of(wanted, size)
    if wanted is not None and span is None:
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    start, end = span or (0, size)
    headers["content-length"] = str(end - start)
    if span is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    body = iter(()) if request.method == "HEAD" else storage.read(file.key, start, end)
    return StreamingResponse(body, 200 if span is None else 206, headers=headers, media_type=file.mime)


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """Return (start, end without) of the one range that players ask for (RFC 9110, 14.2); None: it cannot be had."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        return (max(0, size - int(last)), size) if int(last) and size else None
    start, end = int(first), min(int(last) + 1, size) if last else size
    return (start, end) if start < end else None


def _note_opening(person: Person, lesson_id: str) -> None:
    with get_database().write() as session:
        record_opening(session, person, get_lesson(session, person, lesson_id))


def captions(turns: Iterable[TurnRow]) -> str:
    """Write turns as WebVTT, a few seconds a caption; a voice is named by its role."""
    cues = ["WEBVTT\n"]
    for turn in turns:
        for start, end, text in _pieces(turn):
            cues.append(f"{_vtt_time(start)} --> {_vtt_time(end)}\n<v {turn.role}>{_escaped(text)}\n")
    return "\n".join(cues)


def _pieces(turn: TurnRow) -> list[tuple[int, int, str]]:
    if not turn.words:
        return [(turn.start_ms, max(turn.end_ms, turn.start_ms + 1), turn.text)] if turn.text.strip() else []
    pieces: list[tuple[int, int, list[str]]] = []
    for start, end, text, *_rest in turn.words:
        if pieces and end - pieces[-1][0] <= CAPTION_MS:
            pieces[-1] = (pieces[-1][0], max(pieces[-1][1], end), [*pieces[-1][2], text])
        else:
            pieces.append((start, max(end, start + 1), [text]))
    return [(start, end, " ".join(words)) for start, end, words in pieces]


def _escaped(text: str) -> str:
    flat = " ".join(text.split())
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _vtt_time(ms: int) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
