"""Comments over the API, on a lesson or on a clip of it.

Times are the lesson's; for whoever sees a clip alone, and at the addresses of a clip, they are the clip's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from annotation.lessons.clips import get_clip
from annotation.lessons.comments import (
    CommentText,
    add_comment,
    beginning_for,
    delete_comment,
    edit_comment,
    get_own_comment,
    restore_comment,
    versions_of,
)
from annotation.lessons.lessons import get_lesson
from core.database.db import get_database
from core.models import Clip, Comment, Lesson, Person
from web.security.auth import CurrentPerson
from web.security.whole_text import PlainJsonRoute
from web.transfer.openings import note_opening
from web.views.lessons.comments import (
    CommentChange,
    CommentVersionView,
    CommentView,
    NewComment,
    clip_comment_views,
    comment_views,
    one_comment_view,
)

router = APIRouter(route_class=PlainJsonRoute, tags=["comments"])
KEPT_BEFORE: dict[int | str, dict[str, Any]] = {
    200: {"model": CommentView, "description": "The draft was kept before."}
}


@router.get("/api/lessons/{lesson_id}/comments")
def read_comments(lesson_id: str, person: CurrentPerson) -> list[CommentView]:
    """Return the comments that the viewer may read."""
    with get_database().read() as session:
        lesson = get_lesson(session, person, lesson_id)
        views = comment_views(session, person, lesson_id)
    note_opening(person, lesson, kind="comments")
    return views


@router.get("/api/clips/{clip_id}/comments")
def read_clip_comments(clip_id: str, person: CurrentPerson) -> list[CommentView]:
    """Return the comments on a clip that the viewer may read."""
    with get_database().read() as session:
        clip, lesson = get_clip(session, person, clip_id)
        views = clip_comment_views(session, person, clip)
    note_opening(person, lesson, clip, "comments")
    return views


@router.post("/api/lessons/{lesson_id}/comments", status_code=201, responses=KEPT_BEFORE)
def write_comment(lesson_id: str, new: NewComment, person: CurrentPerson, response: Response) -> CommentView:
    """Write a comment; the same draft sent twice is kept once, and answered with 200."""
    with get_database().write() as session:
        lesson = get_lesson(session, person, lesson_id)
        comment, is_new = _write(session, person, lesson, None, new)
    return _written(person, comment.id, response, is_new=is_new)


@router.post("/api/clips/{clip_id}/comments", status_code=201, responses=KEPT_BEFORE)
def write_clip_comment(clip_id: str, new: NewComment, person: CurrentPerson, response: Response) -> CommentView:
    """Write a comment on a clip; the same draft sent twice is kept once, and answered with 200."""
    with get_database().write() as session:
        clip, lesson = get_clip(session, person, clip_id)
        comment, is_new = _write(session, person, lesson, clip, new)
    return _written(person, comment.id, response, is_new=is_new)


def _write(
    session: Session, person: Person, lesson: Lesson, clip: Clip | None, new: NewComment
) -> tuple[Comment, bool]:
    begin_ms = 0 if clip is None else clip.start_ms
    end_ms = None if new.end_ms is None else new.end_ms + begin_ms
    said = CommentText(new.text, new.start_ms + begin_ms, end_ms, new.kind, new.stage, new.goal_id)
    to = {"partnership_id": new.partnership_id, "parent_id": new.parent_id}
    return add_comment(session, person, lesson, said, clip=clip, draft_id=new.draft_id, **to)


def _written(person: Person, comment_id: str, response: Response | None = None, *, is_new: bool = True) -> CommentView:
    """Return a comment of one's own as it reads now; a draft that was kept before is answered with 200."""
    with get_database().read() as session:
        view = one_comment_view(session, person, get_own_comment(session, person, comment_id))
    if response is not None and not is_new:
        response.status_code = 200
    return view


@router.get("/api/comments/{comment_id}/versions")
def read_versions(comment_id: str, person: CurrentPerson) -> list[CommentVersionView]:
    """Return what a comment said before."""
    with get_database().read() as session:
        return [CommentVersionView.model_validate(one) for one in versions_of(session, person, comment_id)]


@router.patch("/api/comments/{comment_id}")
def change_comment(comment_id: str, change: CommentChange, person: CurrentPerson) -> CommentView:
    """Change what is sent of one's own comment."""
    sent = change.model_dump(exclude_unset=True)
    seen = sent.pop("seen", [])
    for name in ("text", "kind", "stage", "start_ms"):  # these cannot be taken away
        if sent.get(name, "") is None:
            del sent[name]
    with get_database().write() as session:
        comment = get_own_comment(session, person, comment_id)
        begin_ms = beginning_for(session, person, comment)
        sent |= {name: sent[name] + begin_ms for name in ("start_ms", "end_ms") if sent.get(name) is not None}
        now = CommentText(comment.text, comment.start_ms, comment.end_ms, comment.kind, comment.stage, comment.goal_id)
        edit_comment(session, person, comment, replace(now, **sent), seen)
    return _written(person, comment_id)


@router.delete("/api/comments/{comment_id}", status_code=204)
def remove_comment(comment_id: str, person: CurrentPerson) -> None:
    """Delete one's own comment; it can be restored."""
    with get_database().write() as session:
        delete_comment(session, person, get_own_comment(session, person, comment_id))


@router.post("/api/comments/{comment_id}/restore")
def undo_comment_deletion(comment_id: str, person: CurrentPerson) -> CommentView:
    """Undo a deletion."""
    with get_database().write() as session:
        comment = get_own_comment(session, person, comment_id)
        restore_comment(session, person, comment)
    return _written(person, comment_id)
