"""Comments over the API."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Response

from annotation.comments import (
    CommentText,
    add_comment,
    delete_comment,
    edit_comment,
    get_own_comment,
    restore_comment,
    versions_of,
)
from annotation.lessons import get_lesson
from core.db import get_database
from web.auth import CurrentPerson
from web.lesson_views import comment_views
from web.views import CommentChange, CommentVersionView, CommentView, NewComment

router = APIRouter(tags=["comments"])


@router.get("/api/lessons/{lesson_id}/comments")
def read_comments(lesson_id: str, person: CurrentPerson) -> list[CommentView]:
    """Return the comments that the viewer may read."""
    with get_database().read() as session:
        get_lesson(session, person, lesson_id)
        return comment_views(session, person, lesson_id)


@router.post(
    "/api/lessons/{lesson_id}/comments",
    status_code=201,
    responses={200: {"model": CommentView, "description": "The draft was kept before."}},
)
def write_comment(lesson_id: str, new: NewComment, person: CurrentPerson, response: Response) -> CommentView:
    """Write a comment; the same draft sent twice is kept once, and answered with 200."""
    said = CommentText(new.text, new.start_ms, new.end_ms, new.kind, new.stage, new.goal_id)
    with get_database().write() as session:
        lesson = get_lesson(session, person, lesson_id)
        to = {"partnership_id": new.partnership_id, "parent_id": new.parent_id}
        comment, is_new = add_comment(session, person, lesson, said, draft_id=new.draft_id, **to)
        views = comment_views(session, person, comment.lesson_id)
    if not is_new:
        response.status_code = 200
    return next(view for view in views if view.id == comment.id)


@router.get("/api/comments/{comment_id}/versions")
def read_versions(comment_id: str, person: CurrentPerson) -> list[CommentVersionView]:
    """Return what a comment said before."""
    with get_database().read() as session:
        return [CommentVersionView.model_validate(one) for one in versions_of(session, person, comment_id)]


@router.patch("/api/comments/{comment_id}")
def change_comment(comment_id: str, change: CommentChange, person: CurrentPerson) -> CommentView:
    """Change what is sent of one's own comment."""
    sent = change.model_dump(exclude_unset=True)
    for name in ("text", "kind", "stage", "start_ms"):  # these cannot be taken away
        if sent.get(name, "") is None:
            del sent[name]
    with get_database().write() as session:
        comment = get_own_comment(session, person, comment_id)
        now = CommentText(comment.text, comment.start_ms, comment.end_ms, comment.kind, comment.stage, comment.goal_id)
        edit_comment(session, person, comment, replace(now, **sent))
        session.flush()
        views = comment_views(session, person, comment.lesson_id)
    return next(view for view in views if view.id == comment_id)


@router.delete("/api/comments/{comment_id}", status_code=204)
def remove_comment(comment_id: str, person: CurrentPerson) -> None:
    """Delete one's own comment; it can be restored."""
    with get_database().write() as session:
        delete_comment(session, person, get_own_comment(session, person, comment_id))


@router.post("/api/comments/{comment_id}/restore")
def bring_comment_back(comment_id: str, person: CurrentPerson) -> CommentView:
    """Undo a deletion."""
    with get_database().write() as session:
        comment = get_own_comment(session, person, comment_id)
        restore_comment(session, person, comment)
        session.flush()
        views = comment_views(session, person, comment.lesson_id)
    return next(view for view in views if view.id == comment_id)
