"""Clip routes: the API, and the page of one clip."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

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
from annotation.lessons.sharing import pill_text, with_last_day
from annotation.people.names import short_name
from core.database.db import get_database
from core.database.receipts import do_once
from core.models import Lesson, Person
from web.live.hub import newest_number
from web.rendering import page
from web.security.auth import CurrentPerson
from web.security.whole_text import PlainJsonRoute
from web.transfer.media_response import KEPT, serve
from web.transfer.openings import note_opening
from web.transfer.while_allowed import in_pieces, right_to
from web.views.lessons.captions import captions
from web.views.lessons.clips import (
    ClipPageView,
    ClipSharing,
    ClipView,
    NewClip,
    clip_file,
    clip_page_view,
    own_clip_views,
    turns_within,
)

router = APIRouter(route_class=PlainJsonRoute, tags=["clips"])


def read_clips(person: Person, lesson_id: str = "", clip_id: str = "") -> list[ClipView]:
    """Return the clips of one's own lesson, after a change of one of them."""
    with get_database().read() as session:
        return own_clip_views(session, person, lesson_id or get_own_clip(session, person, clip_id).lesson_id)


@router.post("/api/lessons/{lesson_id}/clips", status_code=201)
def name_clip(lesson_id: str, new: NewClip, person: CurrentPerson) -> list[ClipView]:
    """Name a range of one's own lesson; its file is cut by a worker."""
    sent = f"clip of {lesson_id}: {new.model_dump_json()}" if new.draft_id else ""
    with get_database().write() as session:
        do_once(
            session,
            person.id,
            sent,
            lambda: make_clip(session, person, lesson_id, new.title, new.start_ms, new.end_ms).id,
        )
    return read_clips(person, lesson_id)


@router.delete("/api/clips/{clip_id}")
def remove_clip(clip_id: str, person: CurrentPerson) -> list[ClipView]:
    """Take a clip away from everybody; it can be restored."""
    with get_database().write() as session:
        delete_clip(session, person, clip_id)
    return read_clips(person, clip_id=clip_id)


@router.post("/api/clips/{clip_id}/restore")
def undo_clip_deletion(clip_id: str, person: CurrentPerson) -> list[ClipView]:
    """Undo a deletion."""
    with get_database().write() as session:
        restore_clip(session, person, clip_id)
    return read_clips(person, clip_id=clip_id)


@router.post("/api/clips/{clip_id}/shares", status_code=201)
def open_clip(clip_id: str, to: ClipSharing, person: CurrentPerson) -> list[ClipView]:
    """Open a clip to a partnership; the lesson stays closed. What comes twice opens nothing that was taken back."""
    sent = f"share of clip {clip_id}: {to.model_dump_json()}" if to.draft_id else ""

    def share() -> str:
        share_clip(session, person, clip_id, to.partnership_id, to.until)
        return clip_id

    with get_database().write() as session:
        do_once(session, person.id, sent, share)
    return read_clips(person, clip_id=clip_id)


@router.delete("/api/clips/{clip_id}/shares/{partnership_id}")
def close_clip(clip_id: str, partnership_id: str, person: CurrentPerson) -> list[ClipView]:
    """Take a clip back at once."""
    with get_database().write() as session:
        withdraw_clip(session, person, clip_id, partnership_id)
    return read_clips(person, clip_id=clip_id)


@router.post("/api/clips/{clip_id}/blur", status_code=202)
def blur_clip(clip_id: str, person: CurrentPerson) -> list[ClipView]:
    """Have a clip's faces blurred in a file of its own."""
    with get_database().write() as session:
        ask_for_blur(session, person, clip_id)
    return read_clips(person, clip_id=clip_id)


@router.get("/clips/{clip_id}", response_class=HTMLResponse, include_in_schema=False)
def show_clip(request: Request, clip_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show a clip and nothing else of its lesson."""
    follows_from = newest_number()
    with get_database().read() as session:
        clip, lesson = get_clip(session, person, clip_id)
        view = clip_page_view(session, person, clip, lesson)
        shares = open_clip_shares(session, person, [clip.id]).get(clip.id, [])
        coached = coached_in(session, person) if view.is_owner else []
        names = names_of(session, {one.coach_id for one in coached})
        owner = short_name(session.get_one(Person, lesson.owner_id))
    note_opening(person, lesson, clip)
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
        clip, lesson = get_clip(session, person, clip_id)
        view = clip_page_view(session, person, clip, lesson)
    note_opening(person, lesson, clip)
    return view


@router.get("/media/clips/{clip_id}/captions.vtt", response_class=Response)
def read_clip_captions(request: Request, clip_id: str, person: CurrentPerson) -> Response:
    """Return what was said in a clip as WebVTT."""
    with get_database().read() as session:
        clip, lesson = get_clip(session, person, clip_id)
        text = captions(turns_within(session, [clip])[clip.id])
    note_opening(person, lesson, clip, "words")
    words = Response(text, media_type="text/vtt; charset=utf-8", headers=KEPT)
    return in_pieces(words, right_to(request, person, lambda session, me: get_clip(session, me, clip_id)))


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
    note_opening(person, lesson, clip, "film")
    name = f"{clip.title}{', faces blurred' if blurred else ''}" if download else None
    ask = get_own_clip if download else get_clip
    return serve(request, person, file, lambda session, me: ask(session, me, clip_id), name)
