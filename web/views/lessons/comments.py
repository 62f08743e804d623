"""Comments as their readers see them, on the clock that each reader has."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from annotation.access.reading import is_author
from annotation.lessons.comments import Placed, beginning_for, list_comments
from core.models import Clip, Comment, Lesson, Person
from web.views.base import MAX_MS, NamedView, View


class GoalTitleView(View):
    """A goal by its title."""

    id: str
    title: str


class CommentVersionView(View):
    """What a comment said before."""

    text: str
    written_at: datetime


class CommentView(View):
    """A comment as its reader sees it."""

    id: str
    author: NamedView
    partnership_id: str | None
    parent_id: str | None
    on_clip: bool
    kind: str
    start_ms: int
    end_ms: int | None
    goal: GoalTitleView | None
    stage: str
    text: str
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    mine: bool
    draft_id: str  # of one's own: as the page called it when it was sent


Kind = Literal["noticed", "question", "suggestion"]


StageLetter = Literal["", "G", "R", "O", "W"]


class NewComment(BaseModel):
    """What the page sends to write a comment."""

    partnership_id: str | None = None
    parent_id: str | None = None
    kind: Kind = "noticed"
    start_ms: int = Field(ge=0, le=MAX_MS)
    end_ms: int | None = Field(None, ge=0, le=MAX_MS)
    goal_id: str | None = None
    stage: StageLetter = ""
    text: str
    draft_id: str = ""


class CommentChange(BaseModel):
    """What is changed of a comment; what is not sent stays. `seen`: what it may have said before the change."""

    text: str | None = None
    kind: Kind | None = None
    goal_id: str | None = None
    stage: StageLetter | None = None
    start_ms: int | None = Field(None, ge=0, le=MAX_MS)
    end_ms: int | None = Field(None, ge=0, le=MAX_MS)
    seen: list[str] = Field([], max_length=20)


def comment_view(
    comment: Comment, author_name: str, goal_title: str | None, me: Person, begin_ms: int = 0
) -> CommentView:
    """Return a comment as its reader sees it; `begin_ms` is where the clock begins that she sees."""
    goal = None
    if comment.goal_id is not None and goal_title is not None:
        goal = GoalTitleView(id=comment.goal_id, title=goal_title)
    return CommentView(
        id=comment.id,
        author=NamedView(id=comment.author_id, name=author_name),
        partnership_id=comment.partnership_id,
        parent_id=comment.parent_id,
        on_clip=comment.clip_id is not None,
        kind=comment.kind,
        start_ms=comment.start_ms - begin_ms,
        end_ms=None if comment.end_ms is None else comment.end_ms - begin_ms,
        goal=goal,
        stage=comment.stage,
        text=comment.text,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        deleted=comment.deleted_at is not None,
        mine=is_author(comment, me),
        draft_id=(comment.draft_id or "").partition(":")[2] if is_author(comment, me) else "",
    )


def comment_views(session: Session, person: Person, lesson_id: str) -> list[CommentView]:
    """Return the comments that a person may read."""
    return [comment_view(*row, person) for row in list_comments(session, person, lesson_id)]


def clip_comment_views(session: Session, person: Person, clip: Clip) -> list[CommentView]:
    """Return the comments on a clip that a person may read, on the clip's own clock."""
    rows = list_comments(session, person, clip.lesson_id, clip)
    return [comment_view(*row, person, clip.start_ms) for row in rows]


def one_comment_view(session: Session, person: Person, comment: Comment) -> CommentView:
    """Return a comment that a person may read or wrote herself, on the clock that she sees it on."""
    begin_ms = beginning_for(session, person, comment)
    rows = list_comments(session, person, comment.lesson_id, kept=True)
    return next(comment_view(*row, person, begin_ms) for row in rows if row[0].id == comment.id)


def comment_url(one: Placed) -> str:
    """Return the address at which a comment is read, or nothing when its place is not open any more."""
    where = {Lesson: "lessons", Clip: "clips"}
    return f"/{where[type(one.place)]}/{one.place.id}#comment-{one.comment.id}" if one.place is not None else ""
