"""Tables of partnerships, goals, actions, shares, comments and sessions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, new_id, only_one


class Partnership(Base):
    """A coach and a coachee. `kind` is coaching or mentoring; `state` is asked, active, suspended or ended."""

    __tablename__ = "partnership"
    __table_args__ = (only_one("uq_partnership_going", "coach_id", "coachee_id", "kind", where="state <> 'ended'"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    coach_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    coachee_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    focus: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(12), default="active")
    asked_by_id: Mapped[str | None] = mapped_column(Id, ForeignKey("person.id"))  # None: the lead made it
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]  # stays when it ends suspended: the end opens nothing to the coach
    ended_at: Mapped[datetime | None]


class Goal(Base):
    """A goal of a partnership with its GROW fields; `set_by_id` says who wrote it."""

    __tablename__ = "goal"
    __table_args__ = (  # at most three are active: each of them has one of the slots 1 to 3
        only_one("uq_goal_slot", "partnership_id", "slot", where="closed_at IS NULL"),
        CheckConstraint("slot BETWEEN 1 AND 3", name="slot"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    partnership_id: Mapped[str] = mapped_column(Id, ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    set_by_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(String(300))  # G
    reality: Mapped[str] = mapped_column(default="")  # R
    options: Mapped[str] = mapped_column(default="")  # O
    will: Mapped[str] = mapped_column(default="")  # W
    measure: Mapped[str] = mapped_column(String(40), default="")  # a field of core.types.Measures
    direction: Mapped[str] = mapped_column(String(4), default="")  # up or down
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]  # None: active
    slot: Mapped[int | None]  # of an active one: 1 to 3
    outcome: Mapped[str] = mapped_column(default="")  # what changed, in the words of the two


class GoalVersion(Base):
    """What a goal said before somebody changed it: its fields by name."""

    __tablename__ = "goal_version"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    goal_id: Mapped[str] = mapped_column(Id, ForeignKey("goal.id", ondelete="CASCADE"), index=True)
    changed_by_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"))
    changed_at: Mapped[datetime]
    before: Mapped[dict[str, Any]]


class Action(Base):
    """One thing to do: what, by when, done or not. A session leaves one; a goal may have several."""

    __tablename__ = "action"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    partnership_id: Mapped[str] = mapped_column(Id, ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("coaching_session.id", ondelete="CASCADE"), unique=True
    )
    goal_id: Mapped[str | None] = mapped_column(Id, ForeignKey("goal.id", ondelete="SET NULL"), index=True)
    what: Mapped[str] = mapped_column(String(500))
    by: Mapped[date | None]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Share(Base):
    """A lesson opened to one partnership, until a date or until it is taken back."""

    __tablename__ = "share"
    __table_args__ = (only_one("uq_share_open", "lesson_id", "partnership_id", where="taken_back_at IS NULL"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    partnership_id: Mapped[str] = mapped_column(Id, ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
    taken_back_at: Mapped[datetime | None]


class Comment(Base):
    """A person's words at a moment or over a range; a reply has a parent.

    It is seen by the two people of its partnership while they may see the lesson, or the clip that it was
    written on; without a partnership it is a private note that only its author ever sees.
    """

    __tablename__ = "comment"
    __table_args__ = (Index("ix_comment_partnership_id_created_at", "partnership_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(Id, ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    clip_id: Mapped[str | None] = mapped_column(Id, ForeignKey("clip.id"), index=True)  # written on it, inside it
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    partnership_id: Mapped[str | None] = mapped_column(Id, ForeignKey("partnership.id"))
    parent_id: Mapped[str | None] = mapped_column(Id, ForeignKey("comment.id"), index=True)
    draft_id: Mapped[str | None] = mapped_column(String(64), unique=True)  # made by the page: sent twice, kept once
    kind: Mapped[str] = mapped_column(String(12), default="noticed")  # noticed, question, suggestion
    start_ms: Mapped[int]
    end_ms: Mapped[int | None]  # None: a moment
    goal_id: Mapped[str | None] = mapped_column(Id, ForeignKey("goal.id"), index=True)
    stage: Mapped[str] = mapped_column(String(1), default="")  # G, R, O, W or none
    text: Mapped[str]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]  # can be undone


class CommentVersion(Base):
    """What a comment said before it was edited."""

    __tablename__ = "comment_version"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    comment_id: Mapped[str] = mapped_column(Id, ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    written_at: Mapped[datetime]


class CoachingSession(Base):
    """One meeting of a partnership, over a lesson, a clip of it or nothing: what both see at once, and its log.

    `room` is what the players follow; `moments` are at most three (time, author, comment; no words). Its notes are
    `SessionNote`s, its one action is an `Action`.
    """

    __tablename__ = "coaching_session"
    __table_args__ = (
        only_one(
            "uq_coaching_session_planned",
            "partnership_id",
            where="planned_at IS NOT NULL AND began_at IS NULL AND ended_at IS NULL",
        ),
        only_one("uq_coaching_session_film", "partnership_id", "film", where="ended_at IS NULL"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    partnership_id: Mapped[str] = mapped_column(Id, ForeignKey("partnership.id", ondelete="CASCADE"), index=True)
    lesson_id: Mapped[str | None] = mapped_column(Id, ForeignKey("lesson.id", ondelete="SET NULL"), index=True)
    clip_id: Mapped[str | None] = mapped_column(Id, ForeignKey("clip.id", ondelete="SET NULL"), index=True)
    film: Mapped[str | None] = mapped_column(String(24))  # lesson:ID or clip:ID: one open room for each
    created_at: Mapped[datetime]
    planned_at: Mapped[datetime | None] = mapped_column(index=True)
    repeats: Mapped[bool] = mapped_column(default=False)  # the next one is planned a week later
    minutes: Mapped[int] = mapped_column(default=12)
    began_at: Mapped[datetime | None]  # the timer runs
    ended_at: Mapped[datetime | None]
    room: Mapped[dict[str, Any]] = mapped_column(default=dict)
    moments: Mapped[list[Any]] = mapped_column(JSON, default=list)
    coach_seen_at: Mapped[datetime | None]
    coachee_seen_at: Mapped[datetime | None]


class SessionNote(Base):
    """A line of a coaching session's notes at a stage (G, R, O, W), by one of the two.

    `author_id` is None in lines that were written before lines had an author, in one field for both.
    """

    __tablename__ = "session_note"
    __table_args__ = (UniqueConstraint("session_id", "stage", "author_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    session_id: Mapped[str] = mapped_column(Id, ForeignKey("coaching_session.id", ondelete="CASCADE"), index=True)
    stage: Mapped[str] = mapped_column(String(1))
    author_id: Mapped[str | None] = mapped_column(Id, ForeignKey("person.id"))
    text: Mapped[str]
    written_at: Mapped[datetime]
