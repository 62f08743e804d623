"""Deletion page: whether what somebody deleted for good is gone yet."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from core.database.db import get_database
from core.database.erasures import get_erasure
from web.rendering import page
from web.security.auth import MaybePerson

router = APIRouter(include_in_schema=False)

AGAIN_SECONDS = 3


@router.get("/deletions/{erasure_id}", response_class=HTMLResponse)
def show_deletion(request: Request, erasure_id: str, person: MaybePerson) -> HTMLResponse:
    """Show how far a deletion is, to whoever has its address: it names nobody, and an account may be what is gone."""
    with get_database().read() as session:
        erasure = get_erasure(session, erasure_id)
    gone = erasure.done_at is not None
    title = "Gone" if gone else "Being deleted"
    answer = page(request, "people/deletion.html", person, page_title=title, erasure=erasure, gone=gone)
    if not gone:
        answer.headers["refresh"] = str(AGAIN_SECONDS)
    return answer
