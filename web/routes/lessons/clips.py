"""Clip routes: the API, and the page of one clip."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from sqlalchemy.orm import Session

from annotation.coaching.partnerships import coached_in, names_of
from annotation.lessons.clips import (
    ask_for_blur,
    delete_clip,
    get_clip,
    get_own_clip,
    make_clip,
    open_clip_shares,
    restore_clip,
    share_clip,
    withdraw_clip,
)
from annotation.lessons.lessons import file_of, files_of, get_own_lesson
from annotation.lessons.openings import opening_is_due, record_opening
from annotation.lessons.sharing import pill_text, with_last_day
from annotation.people.names import short_name
from core.database.db import get_database
from core.models import Clip, Lesson, Person, StoredFile, TurnRow
from transcription.public import find_turns
from web.auth import CurrentPerson
from web.live import newest_number
from web.rendering import page
from web.routes.lessons.media import KEPT, captions, serve
from web.views.api import ClipPageView, ClipSharing, ClipView, MediaView, NamedView, NewClip, TurnView
from web.views.lessons.lesson import audience_views, clip_comment_views, clip_share_views, clip_views

router = APIRouter(tags=["clips"])


def clip_file(session: Session, clip: Clip, kind: str = "clip") -> StoredFile | None:
    """Return a clip's own file, once it is cut; `blurred` is the one with blurred faces."""
    return file_of(session, clip.lesson_id, f"{kind}-{clip.number}")


def turns_within(session: Session, clip: Clip) -> list[TurnRow]:
    """Return the words that lie in a clip, on the clip's own clock; not a word of the rest."""
    kept = []
    for turn in find_turns(session, clip.lesson_id):
        if turn.end_ms <= clip.start_ms or turn.start_ms >= clip.end_ms:
            continue
        words = [word for word in turn.words if word[0] >= clip.start_ms and word[1] <= clip.end_ms]
        text = " ".join(word[2] for word in words)
        kept.append(
            TurnRow(
                lesson_id=turn.lesson_id,
                number=turn.number,
                start_ms=max(0, turn.start_ms - clip.start_ms),
                end_ms=min(clip.end_ms, turn.end_ms) - clip.start_ms,
                speaker=turn.speaker,
                role=turn.role,
                text=text,
                words=[[word[0] - clip.start_ms, word[1] - clip.start_ms, *word[2:]] for word in words],
            )
        )
    return kept


def clip_media(session: Session, clip: Clip) -> MediaView | None:
    """Return what the player plays, once the clip's file is there."""
    file = clip_file(session, clip)
    if file is None:
        return None
    size = {name: int(file.info.get(name) or 0) for name in ("width", "height")}
    return MediaView(url=f"/media/clips/{clip.id}", mime=file.mime, fps=float(file.info.get("fps") or 0), **size)


def clip_page_view(session: Session, me: Person, clip: Clip, lesson: Lesson) -> ClipPageView:
    """Return everything of a clip's page."""
    shares = open_clip_shares(session, me, [clip.id]).get(clip.id, [])
    return ClipPageView(
        id=clip.id,
        title=clip.title,
        owner=NamedView(id=lesson.owner_id, name=names_of(session, {lesson.owner_id})[lesson.owner_id]),
        is_owner=lesson.owner_id == me.id,
        duration_ms=clip.end_ms - clip.start_ms,
        media=clip_media(session, clip),
        captions_url=f"/media/clips/{clip.id}/captions.vtt",
        turns=[TurnView.model_validate(row) for row in turns_within(session, clip)],
        with_=[NamedView(id=one.other.id, name=one.other.name) for one in shares],
        comments=clip_comment_views(session, me, clip),
        audiences=audience_views(session, me, shares),
        shares=clip_share_views(session, me, clip) if lesson.owner_id == me.id else [],
    )


def views_of(session: Session, person: Person, lesson_id: str) -> list[ClipView]:
    """Return the clips of one's own lesson."""
    lesson = get_own_lesson(session, person, lesson_id)
    return clip_views(session, person, lesson, files_of(session, [lesson_id]).get(lesson_id, {}))


@router.post("/api/lessons/{lesson_id}/clips", status_code=201)
def name_clip(lesson_id: str, new: NewClip, person: CurrentPerson) -> list[ClipView]:
    """Name a range of one's own lesson; its file is cut by a worker."""
    with get_database().write() as session:
        make_clip(session, person, lesson_id, new.title, new.start_ms, new.end_ms)
        return views_of(session, person, lesson_id)


@router.delete("/api/clips/{clip_id}")
def remove_clip(clip_id: str, person: CurrentPerson) -> list[ClipView]:
    """Take a clip away from everybody; it can be restored."""
    with get_database().write() as session:
        delete_clip(session, person, clip_id)
        return views_of(session, person, get_own_clip(session, person, clip_id).lesson_id)


@router.post("/api/clips/{clip_id}/restore")
def bring_clip_back(clip_id: str, person: CurrentPerson) -> list[ClipView]:
    """Undo a deletion."""
    with get_database().write() as session:
        return views_of(session, person, restore_clip(session, person, clip_id).lesson_id)


@router.post("/api/clips/{clip_id}/shares", status_code=201)
def open_clip(clip_id: str, to: ClipSharing, person: CurrentPerson) -> list[ClipView]:
    """Open a clip to a partnership; the whole lesson stays closed."""
    with get_database().write() as session:
        share_clip(session, person, clip_id, to.partnership_id, to.until)
        return views_of(session, person, get_own_clip(session, person, clip_id).lesson_id)


@router.delete("/api/clips/{clip_id}/shares/{partnership_id}")
def close_clip(clip_id: str, partnership_id: str, person: CurrentPerson) -> list[ClipView]:
    """Take a clip back at once."""
    with get_database().write() as session:
        withdraw_clip(session, person, clip_id, partnership_id)
        return views_of(session, person, get_own_clip(session, person, clip_id).lesson_id)


@router.post("/api/clips/{clip_id}/blur", status_code=202)
def blur_clip(clip_id: str, person: CurrentPerson) -> list[ClipView]:
    """Have a clip's faces blurred in a file of its own."""
    with get_database().write() as session:
        return views_of(session, person, ask_for_blur(session, person, clip_id).lesson_id)


@router.get("/clips/{clip_id}", response_class=HTMLResponse, include_in_schema=False)
def show_clip(request: Request, clip_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show a clip and nothing else of its lesson."""
    follows_from = newest_number()
    with get_database().write() as session:
        clip, lesson = get_clip(session, person, clip_id)
        view = clip_page_view(session, person, clip, lesson)
        shares = open_clip_shares(session, person, [clip.id]).get(clip.id, [])
        record_opening(session, person, lesson, clip)
        coached = coached_in(session, person) if view.is_owner else []
        names = names_of(session, {one.coach_id for one in coached})
        owner = short_name(session.get_one(Person, lesson.owner_id))
    coachs = with_last_day(f"{owner} and you", [one.share.until for one in shares])
    pill = pill_text(shares) if view.is_owner else coachs
    data = view.model_dump(mode="json", by_alias=True)
    together = [{"id": one.partnership.id, "name": short_name(one.other)} for one in shares]
    context: dict[str, Any] = {
        "follows_from": follows_from,
        "clip": data,
        "pill": pill,
        "together": together,
        "data": data,
    }
    context["partnerships"] = [{"id": one.id, "other": names[one.coach_id]} for one in coached]
    return page(request, "lessons/clip.html", person, page_title=view.title, **context)


@router.get("/api/clips/{clip_id}")
def read_clip(clip_id: str, person: CurrentPerson) -> ClipPageView:
    """Return everything of a clip's page."""
    with get_database().read() as session:
        return clip_page_view(session, person, *get_clip(session, person, clip_id))


@router.get("/media/clips/{clip_id}/captions.vtt", response_class=Response)
def read_clip_captions(clip_id: str, person: CurrentPerson) -> Response:
    """Return what was said in a clip as WebVTT."""
    with get_database().read() as session:
        clip, _ = get_clip(session, person, clip_id)
        text = captions(turns_within(session, clip))
    return Response(text, media_type="text/vtt; charset=utf-8", headers=KEPT)


@router.head("/media/clips/{clip_id}", response_class=FileResponse, include_in_schema=False)
@router.get("/media/clips/{clip_id}", response_class=FileResponse)
def read_clip_file(
    request: Request, clip_id: str, person: CurrentPerson, download: bool = False, blurred: bool = False
) -> Response:
    """Return a clip's file, whole or the range that is asked for; only its owner can save it as a file."""
    download = download or blurred
    with get_database().read() as session:
        clip = get_own_clip(session, person, clip_id) if download else get_clip(session, person, clip_id)[0]
        file = None if clip.deleted_at else clip_file(session, clip, "blurred" if blurred else "clip")
        lesson = session.get_one(Lesson, clip.lesson_id)
        is_opening = opening_is_due(session, person, lesson, clip)
    if is_opening:
        with get_database().write() as session:
            record_opening(session, person, session.get_one(Lesson, clip.lesson_id), clip)
    return serve(request, file, f"{clip.title}{', faces blurred' if blurred else ''}" if download else None)
