"""Sharing API: list, open and withdraw shares of a lesson."""

from __future__ import annotations

from fastapi import APIRouter

from annotation.lessons.lessons import get_own_lesson
from annotation.lessons.sharing import share_lesson, withdraw_share
from core.database.db import get_database
from core.database.receipts import do_once
from core.errors import NotFound
from web.security.auth import CurrentPerson
from web.security.whole_text import PlainJsonRoute
from web.views.lessons.sharing import NewShare, ShareView, share_views

router = APIRouter(route_class=PlainJsonRoute, tags=["shares"])


@router.get("/api/lessons/{lesson_id}/shares")
def read_shares(lesson_id: str, person: CurrentPerson) -> list[ShareView]:
    """Return who can see one's own lesson, and who opened it."""
    with get_database().read() as session:
        get_own_lesson(session, person, lesson_id)
        return share_views(session, person, lesson_id)


@router.post("/api/lessons/{lesson_id}/shares", status_code=201)
def open_share(lesson_id: str, new: NewShare, person: CurrentPerson) -> ShareView:
    """Open a lesson to a partnership. What comes twice opens nothing that was taken back: then it is not found."""
    sent = f"share of {lesson_id}: {new.model_dump_json()}" if new.draft_id else ""
    with get_database().write() as session:
        lesson = get_own_lesson(session, person, lesson_id)
        share_id, _ = do_once(
            session,
            person.id,
            sent,
            lambda: share_lesson(session, person, lesson, new.partnership_id, new.until).id,
        )
    found = next((view for view in read_shares(lesson_id, person) if view.id == share_id), None)
    if found is None:
        raise NotFound
    return found


@router.delete("/api/shares/{share_id}", status_code=204)
def close_share(share_id: str, person: CurrentPerson) -> None:
    """Take a lesson back at once."""
    with get_database().write() as session:
        withdraw_share(session, person, share_id)
